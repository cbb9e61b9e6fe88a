"""Status callbacks: the delivery of a message, and the proof that an uncertain one was accepted."""

import logging
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection

logger = logging.getLogger(__name__)

# A later status replaces an earlier one, never the reverse: callbacks come twice and out of order.
# https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
RANK: Final = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": 4,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "read": 5,
}

RECEIPT_SQL = """
UPDATE campaigns_smslog
SET entrega = CASE WHEN entrega = ANY(%(earlier)s) THEN %(entrega)s ELSE entrega END,
    entrega_codigo = CASE WHEN entrega = ANY(%(earlier)s) THEN %(codigo)s ELSE entrega_codigo END,
    -- Only an accepted message has a status, so this settles a row whose call never came back. `pendiente` under this
    -- token: the message was looked for and not found yet; it must not be sent again.
    estado = CASE WHEN estado = ANY(%(open)s) THEN 'enviado' ELSE estado END,
    codigo = CASE WHEN estado = ANY(%(open)s) THEN '' ELSE codigo END,
    error = CASE WHEN estado = ANY(%(open)s) THEN '' ELSE error END,
    lease_hasta = CASE WHEN estado = 'enviando' THEN NULL ELSE lease_hasta END,
    actualizado = CASE WHEN estado = ANY(%(open)s) THEN now() ELSE actualizado END,
    twilio_sid = CASE WHEN twilio_sid = '' THEN %(sid)s ELSE twilio_sid END
WHERE id = %(id)s AND token = %(token)s AND (twilio_sid IN ('', %(sid)s))
    -- One message accounts for one row. The reconciler may have credited another that says the same words to the same
    -- phone with it; this one is then looked up as if it had not been accepted, and both are sent once.
    AND NOT EXISTS (SELECT FROM campaigns_smslog o WHERE o.twilio_sid = %(sid)s AND o.id <> %(id)s)
"""

# Two campaigns said the same to one phone, both calls were in doubt, and the reconciler gave each the other's message:
# the token is one row's and the message another's. Its delivery is told of the one that has it; nothing else changes.
HOLDER_SQL = """
UPDATE campaigns_smslog
SET entrega = CASE WHEN entrega = ANY(%(earlier)s) THEN %(entrega)s ELSE entrega END,
    entrega_codigo = CASE WHEN entrega = ANY(%(earlier)s) THEN %(codigo)s ELSE entrega_codigo END
WHERE twilio_sid = %(sid)s AND EXISTS (SELECT FROM campaigns_smslog r
    WHERE r.id = %(id)s AND r.token = %(token)s AND r.telefono = campaigns_smslog.telefono)
"""


def parse_callback_token(text: str) -> tuple[int, UUID] | None:
    """The row's id and claim token from the callback's URL, or None when it is not one of ours."""
    log_id, _, token = text.partition("-")
    if not (log_id.isascii() and log_id.isdecimal() and len(log_id) < 19 and len(token) == 32):
        return None
    try:
        return int(log_id), UUID(hex=token)
    except ValueError:
        return None


def apply_receipt(*, log_id: int, token: UUID, sid: str, status: str, error_code: str) -> bool:
    """Write a delivery status.

    Args:
        sid: Twilio's message SID.
        status: Twilio's message status; one that is not known is kept out.
        error_code: Twilio's code on failed and undelivered, else "".

    Returns:
        False when no row carries this token, or another row has this message.
    """
    rank = RANK.get(status, -1)
    params = {
        "id": log_id,
        "token": token,
        "sid": sid,
        "entrega": status if rank >= 0 else "",
        "codigo": error_code,
        "earlier": ["", *(known for known, value in RANK.items() if value < rank)] if rank >= 0 else [],
        "open": ["pendiente", "enviando", "incierto"],
    }
    try:
        if _execute(RECEIPT_SQL, params):
            return True
    except IntegrityError:
        logger.info("sms %s: message %s is another row's", log_id, sid)
    return bool(_execute(HOLDER_SQL, params))


def _execute(sql: str, params: dict[str, object]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)  # type: ignore[arg-type]
        return int(cursor.rowcount)
