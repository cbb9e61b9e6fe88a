"""The reconciler: finds out what became of messages whose call never came back.

Twilio has no idempotency key, so an uncertain message is looked for among the recipient's messages. Found: it
was sent. Absent twice, with time between for Twilio's lists to catch up: it was not, and it is free to be sent.
Twilio out of reach: look again later, and give up after a day, as failed for a reason that says "unknown".
"""

import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, connections

from campaigns.models import SMSLog
from core import logs
from workers.engine import locks
from workers.gateway.base import Gateway
from workers.gateway.factory import get_gateway
from workers.gateway.lookup import LookupFailedError, Message
from workers.metrics import measures

logger = logging.getLogger(__name__)

BATCH = 200
THREADS = 8
# After this many seconds no more rows are begun: when Twilio hangs, two hundred of them would take ten minutes.
RUN_S = 30.0
# Twilio's clock against ours, and the time between a claim and its call.
SKEW = timedelta(minutes=5)
UNKNOWN = "desconocido"
REFUSED = "no_aceptado"
REFUSED_TEXT = "Twilio no aceptó el mensaje en ninguno de los intentos."
UNKNOWN_TEXT = "No fue posible saber si el mensaje salió: Twilio no respondió a tiempo a la consulta."

DUE_SQL = """
SELECT id, telefono, mensaje, token, reclamado_en, ausencias, actualizado FROM campaigns_smslog
WHERE estado = 'incierto' AND (revisar_desde IS NULL OR revisar_desde <= now())
ORDER BY revisar_desde NULLS FIRST, id LIMIT %s
"""

SENT_SQL = """
UPDATE campaigns_smslog SET estado = 'enviado', twilio_sid = %s, codigo = '', error = '', actualizado = now(),
    entrega = CASE WHEN entrega = '' THEN %s ELSE entrega END,
    entrega_codigo = CASE WHEN entrega = '' THEN %s ELSE entrega_codigo END, revisar_desde = NULL
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
    WHERE id = %s AND token = %s AND estado = 'incierto' AND intentos < %s RETURNING lote_id
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
    doubts.sort(key=lambda doubt: doubt.telefono)
    groups = deque(list(rows) for _, rows in groupby(doubts, key=lambda doubt: doubt.telefono))
    until = time.monotonic() + RUN_S
    with ThreadPoolExecutor(THREADS) as pool:
        running = {pool.submit(_work, gateway, groups, until) for _ in range(THREADS)}
        while running:
            locks.still_here()
            _, running = wait(running, timeout=locks.SILENCE_S / 4)
    return len(doubts) - sum(map(len, groups))


def _work(gateway: Gateway, groups: deque[list[Doubt]], until: float) -> None:
    """Settle group after group, in a thread of its own with its own connection."""
    try:
        while groups and time.monotonic() < until:
            try:
                group = groups.popleft()
            except IndexError:  # another thread took the last one
                return
            for doubt in group:
                _settle_or_put_off(gateway, doubt)
    except DatabaseError:
        logger.exception("doubts could not be settled; they will be looked at again")
    finally:
        connections.close_all()  # this thread's own


def _settle_or_put_off(gateway: Gateway, doubt: Doubt) -> None:
    with logs.about(sms=doubt.log_id):
        try:
            settle(gateway, doubt)
        except DatabaseError:
            raise
        except Exception:
            # It would come first in the next run too, and a batch of such rows would keep the others out.
            logger.exception("sms %s could not be settled", doubt.log_id)
            _put_off(doubt, doubt.absences)


def settle(gateway: Gateway, doubt: Doubt) -> None:
    """Ask Twilio about one row and write what follows."""
    try:
        messages = gateway.messages_to(doubt.telefono, since=doubt.claimed_at - SKEW)
    except LookupFailedError as error:
        _unreachable(doubt, error)
        return
    same = [message for message in messages if _words(message.body) == _words(doubt.mensaje)]
    # Before asking whose they are: a call that ends in between has written its sid by then.
    rival = bool(same) and _is_being_said(doubt)
    unclaimed = _unclaimed(same)
    if unclaimed and rival:
        _put_off(doubt, doubt.absences)
    elif unclaimed:
        match = unclaimed[0]
        entrega = match.status if match.status in SMSLog.Entrega.values else ""
        n = _execute(SENT_SQL, match.sid, entrega, match.error_code if entrega else "", doubt.log_id, doubt.token)
        measures.SETTLED.labels("sent").inc(n)
        logger.info("sms %s was sent after all: %s", doubt.log_id, match.sid)
    elif doubt.absences == 0:
        _put_off(doubt, 1)
    elif _execute(FREE_SQL, doubt.log_id, doubt.token, settings.SEND_ATTEMPTS):
        measures.SETTLED.labels("free").inc()
        logger.warning("sms %s was never accepted: it is sent again", doubt.log_id)
    else:
        # Certainly not sent, and as often as it may be tried; whoever settled it meanwhile has the last word.
        measures.SETTLED.labels("refused").inc(_execute(GIVE_UP_SQL, REFUSED, REFUSED_TEXT, doubt.log_id, doubt.token))


def _is_being_said(doubt: Doubt) -> bool:
    """Whether another campaign is in the middle of sending the same words to the same phone.

    A message that nobody accounts for may be that one, and taking it would lose ours.
    """
    others = SMSLog.objects.filter(estado=SMSLog.Estado.ENVIANDO, telefono=doubt.telefono).exclude(pk=doubt.log_id)
    return any(_words(mensaje) == _words(doubt.mensaje) for mensaje in others.values_list("mensaje", flat=True))


def _unclaimed(messages: list[Message]) -> list[Message]:
    """Those that no row of ours accounts for."""
    known = set(
        SMSLog.objects.filter(twilio_sid__in=[message.sid for message in messages]).values_list("twilio_sid", flat=True)
    )
    return [message for message in messages if message.sid not in known]


def _words(text: str) -> str:
    # Twilio trims a body, and a carrier's rules may fold its spaces.
    return " ".join(text.split())


def _unreachable(doubt: Doubt, error: LookupFailedError) -> None:
    now = datetime.now(tz=doubt.since.tzinfo)
    if now - doubt.since > timedelta(hours=settings.RECONCILE_GIVE_UP_H):
        measures.SETTLED.labels("unknown").inc(_execute(GIVE_UP_SQL, UNKNOWN, UNKNOWN_TEXT, doubt.log_id, doubt.token))
        logger.error("sms %s stays unknown: %s", doubt.log_id, error)
        return
    _put_off(doubt, doubt.absences)


def _put_off(doubt: Doubt, absences: int) -> None:
    _execute(LATER_SQL, absences, settings.RECONCILE_INTERVAL_S, doubt.log_id, doubt.token)


def _execute(sql: str, *params: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))  # type: ignore[arg-type]
        return int(cursor.rowcount)
