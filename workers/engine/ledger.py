"""The row of one recipient: claiming it, and writing what came of it.

A message is handed to Twilio only under a committed claim; its outcome is written only while the claim's
token is still the row's. Between the two the row says `enviando`, and if the worker dies there, the lease
runs out and the row becomes `incierto`: it may have been sent, so it is never sent again blindly.
"""

import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from campaigns.models import SMSLog
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable

ERROR_MAX = 300
CODE_MAX = 40

LEASE_EXPIRED = "worker_lost"
LEASE_EXPIRED_TEXT = "El proceso que lo enviaba se interrumpió; no se sabe si el mensaje salió"
NOT_POSTED = Retryable("not_posted", "El proceso se detuvo antes de enviarlo; se intentará de nuevo")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to POST one message until `deadline`.

    Args:
        log_id, campana_id: ids of the SMSLog row and of its campaign.
        token: what proves the claim when the outcome is written.
        telefono: E.164.
        mensaje: the rendered text.
        intentos: this attempt's number, from 1.
        deadline: `time.monotonic()` seconds after which the claim must not be used to POST.
    """

    log_id: int
    campana_id: int
    token: uuid.UUID
    telefono: str
    mensaje: str
    intentos: int
    deadline: float

    @property
    def callback_token(self) -> str:
        """What stands in the status callback's URL: finds the row by its key, proves it by the token."""
        return f"{self.log_id}-{self.token.hex}"

    def is_usable(self) -> bool:
        """False once the process has slept for so long that the POST could outlive the lease."""
        return time.monotonic() < self.deadline


# The campaign is read in the same statement, so that a pause stops the very next message.
CLAIM_SQL = """
UPDATE campaigns_smslog s
SET estado = 'enviando', token = %(token)s, intentos = s.intentos + 1, ausencias = 0, reclamado_en = now(),
    lease_hasta = now() + %(lease)s * interval '1 second', actualizado = now()
FROM campaigns_campanasms c
WHERE s.id = %(id)s AND s.estado = 'pendiente' AND c.id = s.campana_id AND c.estado = 'procesando'
RETURNING s.campana_id, s.telefono, s.mensaje, s.intentos
"""

# A late outcome may still settle a row that the sweeper called `incierto`: the token proves whose it is. One that
# was found absent and freed keeps its token until the next claim: an acceptance stops it from being sent again.
OUTCOME_SQL = """
UPDATE campaigns_smslog
SET estado = %(estado)s, twilio_sid = %(sid)s, codigo = %(codigo)s, error = %(error)s, lease_hasta = NULL,
    entrega = CASE WHEN entrega = '' THEN %(entrega)s ELSE entrega END, actualizado = now()
WHERE id = %(id)s AND token = %(token)s
    AND (estado IN ('enviando', 'incierto') OR (estado = 'pendiente' AND %(estado)s = 'enviado'))
"""


def claim(log_id: int) -> Claim | None:
    """Take a pending row of a running campaign, or None when somebody has it or nothing is to be sent."""
    token = uuid.uuid4()
    taken_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL, {"id": log_id, "token": token, "lease": settings.LEASE_S})
        row = cursor.fetchone()
    if row is None:
        return None
    campana_id, telefono, mensaje, intentos = row
    longest_call = settings.TWILIO_CONNECT_TIMEOUT_S + settings.TWILIO_READ_TIMEOUT_S
    return Claim(log_id, campana_id, token, telefono, mensaje, intentos, taken_at + settings.LEASE_S - longest_call)


def record(claim: Claim, outcome: Outcome) -> bool:
    """Write an outcome under the claim.

    Returns:
        False when the row is no longer this claim's: nothing was written.
    """
    estado, codigo, error = _decide(outcome, claim.intentos)
    accepted = outcome if isinstance(outcome, Accepted) else None
    with connection.cursor() as cursor:
        cursor.execute(
            OUTCOME_SQL,
            {
                "id": claim.log_id,
                "token": claim.token,
                "estado": estado,
                "sid": accepted.sid if accepted else "",
                "entrega": _entrega(accepted),
                "codigo": codigo[:CODE_MAX],
                "error": error[:ERROR_MAX],
            },
        )
        return bool(cursor.rowcount)


def expire_leases() -> int:
    """Rows whose worker fell silent in mid-call become `incierto`. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_smslog SET estado = 'incierto', lease_hasta = NULL, codigo = %s, error = %s,"
            " actualizado = now() WHERE estado = 'enviando' AND lease_hasta < now()",
            [LEASE_EXPIRED, LEASE_EXPIRED_TEXT],
        )
        return int(cursor.rowcount)


def _decide(outcome: Outcome, intentos: int) -> tuple[str, str, str]:
    """estado, codigo and error of the row after this outcome."""
    match outcome:
        case Accepted():
            return SMSLog.Estado.ENVIADO, "", ""
        case Permanent(code, message):
            return SMSLog.Estado.FALLIDO, code, message
        case Ambiguous(code, message):
            return SMSLog.Estado.INCIERTO, code, message
        case Retryable(code, message) if intentos >= settings.SEND_ATTEMPTS:
            return SMSLog.Estado.FALLIDO, code, message
        case Retryable(code, message) | Account(code, message):
            return SMSLog.Estado.PENDIENTE, code, message


def _entrega(accepted: Accepted | None) -> str:
    if accepted is None or accepted.status not in SMSLog.Entrega.values:
        return ""
    return accepted.status
