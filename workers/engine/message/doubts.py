"""An uncertain message: what follows from what Twilio has of it, or from Twilio's silence.

Found among the recipient's messages: it was sent. Absent twice, with time between for Twilio's lists to catch up: it
was not, and it is free to be sent. Twilio out of reach: another look later, and later each time, until the campaign's
deadline (see `workers.engine.campaign.plazo`). One statement settles a row, in all but rare cases.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection

from campaigns.models import SMSLog
from workers.gateway.lookup import Message
from workers.metrics import measures

logger = logging.getLogger(__name__)

# The longest pause between two looks while Twilio is out of reach, in seconds.
LONGEST_PAUSE_S = 900.0
REFUSED = "no_aceptado"
REFUSED_TEXT = "Twilio no aceptó el mensaje en ninguno de los intentos."

# The first of the messages that no row of ours accounts for. A message may also be one that another campaign is sending
# to the same phone at this moment, whose sid is in no row yet: taking it would lose ours, so then nothing is taken. Who
# writes the same sid at the same moment meets the unique index.
SENT_SQL = """
UPDATE campaigns_smslog s SET estado = 'enviado', twilio_sid = m.sid, codigo = '', error = '', actualizado = now(),
    entrega = CASE WHEN s.entrega = '' THEN m.entrega ELSE s.entrega END,
    entrega_codigo = CASE WHEN s.entrega = '' THEN m.entrega_codigo ELSE s.entrega_codigo END, revisar_desde = NULL
FROM (SELECT sid, entrega, entrega_codigo
      FROM unnest(%(sids)s::text[], %(entregas)s::text[], %(codigos)s::text[])
        WITH ORDINALITY AS u(sid, entrega, entrega_codigo, n)
      WHERE NOT EXISTS (SELECT FROM campaigns_smslog k WHERE k.twilio_sid = u.sid AND k.twilio_sid <> '')
      ORDER BY n LIMIT 1) m
WHERE s.id = %(id)s AND s.token = %(token)s AND s.estado = 'incierto'
    AND NOT EXISTS (SELECT FROM campaigns_smslog r
        WHERE r.estado = 'enviando' AND r.telefono = s.telefono AND r.id <> s.id)
RETURNING s.twilio_sid
"""

UNCLAIMED_SQL = """
SELECT EXISTS (SELECT FROM unnest(%(sids)s::text[]) AS u(sid)
    WHERE NOT EXISTS (SELECT FROM campaigns_smslog k WHERE k.twilio_sid = u.sid AND k.twilio_sid <> ''))
"""

# The last look before the deadline is just after it, while there is still time for what it says.
LATER_SQL = """
UPDATE campaigns_smslog s SET ausencias = %(absences)s, revisar_desde = greatest(
    least(now() + %(pause)s * interval '1 second', c.vence_en), now() + %(least)s * interval '1 second')
FROM campaigns_campanasms c
WHERE c.id = s.campana_id AND s.id = %(id)s AND s.token = %(token)s AND s.estado = 'incierto'
"""

# Its Lote opens again, so that the row is published; a cancelled or overdue campaign's rows are failed by the sweeper.
FREE_SQL = """
WITH libre AS (
    UPDATE campaigns_smslog SET estado = 'pendiente', revisar_desde = NULL, actualizado = now()
    WHERE id = %(id)s AND token = %(token)s AND estado = 'incierto' AND ausencias = %(absences)s
        AND intentos < %(most)s
    RETURNING lote_id
)
UPDATE campaigns_lote SET estado = 'abierto', publicar_desde = coalesce(publicar_desde, now())
WHERE id IN (SELECT lote_id FROM libre)
"""

REFUSED_SQL = """
UPDATE campaigns_smslog SET estado = 'fallido', codigo = %(codigo)s, error = %(texto)s, actualizado = now(),
    revisar_desde = NULL
WHERE id = %(id)s AND token = %(token)s AND estado = 'incierto' AND ausencias = %(absences)s AND intentos >= %(most)s
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """An uncertain row.

    Args:
        token, claimed_at: of the claim whose outcome is not known.
        absences: how often Twilio was seen not to have it.
        age_s: seconds since it became uncertain.
    """

    log_id: int
    telefono: str
    mensaje: str
    token: UUID
    claimed_at: datetime
    absences: int
    age_s: float


def settle(doubt: Doubt, messages: Sequence[Message]) -> None:
    """Write what follows from what Twilio has.

    Args:
        messages: those to the recipient since the claim, read before this call.
    """
    same = [message for message in messages if _words(message.body) == _words(doubt.mensaje)]
    if same and (sid := _take(doubt, same)):
        measures.SETTLED.labels("sent").inc()
        logger.info("sms %s was sent after all: %s", doubt.log_id, sid)
    elif same and _one_is_unclaimed(same):
        _put_off(doubt, doubt.absences, settings.RECONCILE_INTERVAL_S)
    elif doubt.absences == 0:
        _put_off(doubt, 1, settings.RECONCILE_INTERVAL_S)
    elif _execute(FREE_SQL, doubt, absences=doubt.absences, most=settings.SEND_ATTEMPTS):
        measures.SETTLED.labels("free").inc()
        logger.warning("sms %s was never accepted: it is sent again", doubt.log_id)
    else:
        # Certainly not sent, and as often as it may be tried; whoever settled it meanwhile has the last word.
        refused = _execute(
            REFUSED_SQL,
            doubt,
            absences=doubt.absences,
            most=settings.SEND_ATTEMPTS,
            codigo=REFUSED,
            texto=REFUSED_TEXT,
        )
        measures.SETTLED.labels("refused").inc(refused)


def put_off(doubt: Doubt) -> None:
    """Twilio could not be asked: look again after a while, which doubles from look to look."""
    _put_off(doubt, doubt.absences, pause_s(doubt.age_s))


def pause_s(age_s: float) -> float:
    """How long a row waits for its next look while Twilio is out of reach, in seconds.

    As long as it has been in doubt already: twice as long each time, without counting. Spread, or the rows that one
    bad minute left would come back together.

    Args:
        age_s: seconds since the row became uncertain.
    """
    pause = min(max(age_s, settings.RECONCILE_INTERVAL_S), LONGEST_PAUSE_S)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311 - no secret


def _take(doubt: Doubt, same: Sequence[Message]) -> str | None:
    """The sid of the message that is the row's now; None when none is free, or the row is settled."""
    entregas = [message.status if message.status in SMSLog.Entrega.values else "" for message in same]
    codigos = [message.error_code if entrega else "" for message, entrega in zip(same, entregas, strict=True)]
    params: dict[str, Any] = {
        "id": doubt.log_id,
        "token": doubt.token,
        "sids": _sids(same),
        "entregas": entregas,
        "codigos": codigos,
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(SENT_SQL, params)
            row = cursor.fetchone()
    except IntegrityError:
        logger.info("sms %s: its message was another row's a moment before", doubt.log_id)
        return None
    return str(row[0]) if row else None


def _one_is_unclaimed(same: Sequence[Message]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(UNCLAIMED_SQL, {"sids": _sids(same)})
        row = cursor.fetchone()
    return bool(row and row[0])


def _put_off(doubt: Doubt, absences: int, pause: float) -> None:
    _execute(LATER_SQL, doubt, absences=absences, pause=pause, least=min(pause, settings.RECONCILE_INTERVAL_S))


def _execute(sql: str, doubt: Doubt, **params: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"id": doubt.log_id, "token": doubt.token, **params})  # type: ignore[dict-item]
        return int(cursor.rowcount)


def _sids(messages: Sequence[Message]) -> list[str]:
    return [message.sid for message in messages]


def _words(text: str) -> str:
    # Twilio trims a body, and a carrier's rules may fold its spaces.
    return " ".join(text.split())
