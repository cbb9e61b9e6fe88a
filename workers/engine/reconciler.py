"""The reconciler: finds out what became of messages whose call never came back.

Twilio has no idempotency key, so an uncertain message is looked for among the recipient's messages. Found: it
was sent. Absent twice, with time between for Twilio's lists to catch up: it was not, and it is free to be sent.
Twilio out of reach: look again later, and give up after a day, as failed for a reason that says "unknown".
"""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import connection, connections

from campaigns.models import SMSLog
from workers.engine import locks
from workers.gateway.base import Gateway
from workers.gateway.factory import get_gateway
from workers.gateway.lookup import LookupFailedError, Message

logger = logging.getLogger(__name__)

BATCH = 200
THREADS = 8
# Twilio's clock against ours, and the time between a claim and its call.
SKEW = timedelta(minutes=5)
UNKNOWN = "desconocido"
UNKNOWN_TEXT = "No fue posible saber si el mensaje salió: Twilio no respondió a tiempo a la consulta."

DUE_SQL = """
SELECT id, telefono, mensaje, token, reclamado_en, ausencias, actualizado FROM campaigns_smslog
WHERE estado = 'incierto' AND (revisar_desde IS NULL OR revisar_desde <= now())
ORDER BY telefono, id LIMIT %s
"""

SENT_SQL = """
UPDATE campaigns_smslog SET estado = 'enviado', twilio_sid = %s, codigo = '', error = '', actualizado = now(),
    entrega = CASE WHEN entrega = '' THEN %s ELSE entrega END, revisar_desde = NULL
WHERE id = %s AND token = %s AND estado = 'incierto'
"""

LATER_SQL = """
UPDATE campaigns_smslog SET ausencias = %s, revisar_desde = now() + %s * interval '1 second'
WHERE id = %s AND token = %s AND estado = 'incierto'
"""

# Its Lote opens again, so that the row is published; a cancelled campaign's rows are failed by the sweeper.
FREE_SQL = """
WITH libre AS (
    UPDATE campaigns_smslog SET estado = 'pendiente', revisar_desde = NULL, actualizado = now()
    WHERE id = %s AND token = %s AND estado = 'incierto' RETURNING lote_id
)
UPDATE campaigns_lote SET estado = 'abierto', publicar_desde = coalesce(publicar_desde, now())
WHERE id IN (SELECT lote_id FROM libre)
"""

GIVE_UP_SQL = """
UPDATE campaigns_smslog SET estado = 'fallido', codigo = %s, error = %s, actualizado = now(), revisar_desde = NULL
WHERE id = %s AND token = %s AND estado = 'incierto'
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """An uncertain row.

    Args:
        token, claimed_at: of the claim whose outcome is not known.
        absences: how often Twilio was seen not to have it.
        since: when it became uncertain.
    """

    log_id: int
    telefono: str
    mensaje: str
    token: UUID
    claimed_at: datetime
    absences: int
    since: datetime


def reconcile() -> int:
    """Look at the rows that are due; return how many, 0 also while another process is at it."""
    with locks.alone(locks.RECONCILE) as held:
        return _reconcile(get_gateway()) if held else 0


def _reconcile(gateway: Gateway) -> int:
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, [BATCH])
        doubts = [Doubt(*row) for row in cursor.fetchall()]
    if not doubts:
        return 0
    # One recipient's rows are settled one after the other: two campaigns may have said the same words to them.
    groups = [list(rows) for _, rows in groupby(doubts, key=lambda doubt: doubt.telefono)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda rows: _settle_group(gateway, rows), groups))
    return len(doubts)


def _settle_group(gateway: Gateway, doubts: Iterable[Doubt]) -> None:
    try:
        for doubt in doubts:
            settle(gateway, doubt)
    except Exception:
        logger.exception("a recipient's doubts could not be settled; they will be looked at again")
    finally:
        connections.close_all()  # this thread's own


def settle(gateway: Gateway, doubt: Doubt) -> None:
    """Ask Twilio about one row and write what follows."""
    try:
        messages = gateway.messages_to(doubt.telefono, since=doubt.claimed_at - SKEW)
    except LookupFailedError as error:
        _unreachable(doubt, error)
        return
    match = _find(doubt, messages)
    if match is not None:
        entrega = match.status if match.status in SMSLog.Entrega.values else ""
        _execute(SENT_SQL, match.sid, entrega, doubt.log_id, doubt.token)
        logger.info("sms %s was sent after all: %s", doubt.log_id, match.sid)
    elif doubt.absences == 0:
        _execute(LATER_SQL, 1, settings.RECONCILE_INTERVAL_S, doubt.log_id, doubt.token)
    else:
        _execute(FREE_SQL, doubt.log_id, doubt.token)
        logger.warning("sms %s was never accepted: it is sent again", doubt.log_id)


def _find(doubt: Doubt, messages: list[Message]) -> Message | None:
    """The message with this text that no other row of ours accounts for."""
    same = [message for message in messages if _words(message.body) == _words(doubt.mensaje)]
    known = set(
        SMSLog.objects.filter(twilio_sid__in=[message.sid for message in same]).values_list("twilio_sid", flat=True)
    )
    return next((message for message in same if message.sid not in known), None)


def _words(text: str) -> str:
    # Twilio trims a body, and a carrier's rules may fold its spaces.
    return " ".join(text.split())


def _unreachable(doubt: Doubt, error: LookupFailedError) -> None:
    now = datetime.now(tz=doubt.since.tzinfo)
    if now - doubt.since > timedelta(hours=settings.RECONCILE_GIVE_UP_H):
        _execute(GIVE_UP_SQL, UNKNOWN, UNKNOWN_TEXT, doubt.log_id, doubt.token)
        logger.error("sms %s stays unknown: %s", doubt.log_id, error)
        return
    _execute(LATER_SQL, doubt.absences, settings.RECONCILE_INTERVAL_S, doubt.log_id, doubt.token)


def _execute(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))  # type: ignore[arg-type]
