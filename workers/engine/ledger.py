"""The row of one recipient: claiming it, and writing what came of it.

A message is handed to Twilio only under a committed claim; its outcome is written only while the claim's
token is still the row's. Between the two the row says `enviando`, and if the worker dies there, the lease
runs out and the row becomes `incierto`: it may have been sent, so it is never sent again blindly.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from campaigns.models import SMSLog
from workers.engine.rates import Sender
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable

ERROR_MAX = 300
CODE_MAX = 40

LEASE_EXPIRED = "worker_lost"
LEASE_EXPIRED_TEXT = "El proceso que lo enviaba se interrumpió; no se sabe si el mensaje salió"


@dataclass(frozen=True, slots=True)
class NotPosted:
    """The claim was not used: the row is free again, and no attempt is counted."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to POST one message until `deadline`.

    Args:
        log_id, campana_id: ids of the SMSLog row and of its campaign.
        token: what proves the claim when the outcome is written.
        telefono: E.164.
        mensaje: the rendered text.
        intentos: this attempt's number, from 1.
        taken_at: `time.monotonic()` seconds before the claim was made.
        sender: what it goes out from.
        cierra_s: seconds from then until the campaign's jornada ends; None when nothing ends it.
        ventana_s: seconds from then until the shop's window closes, after which nothing may be delivered; None when
            there is no window.
    """

    log_id: int
    campana_id: int
    token: uuid.UUID
    telefono: str
    mensaje: str
    intentos: int
    taken_at: float
    sender: Sender
    cierra_s: float | None = None
    ventana_s: float | None = None

    @property
    def deadline(self) -> float:
        """`time.monotonic()` seconds after which the claim must not be used to POST: it could outlive the lease, or
        leave after the close."""
        lease = settings.LEASE_S - settings.TWILIO_CONNECT_TIMEOUT_S - settings.TWILIO_READ_TIMEOUT_S
        return self.taken_at + (lease if self.cierra_s is None else min(lease, self.cierra_s))

    def validity_s(self) -> int | None:
        """Whole seconds from now in which the message may still be delivered; None when no window ends it."""
        if self.ventana_s is None:
            return None
        # Twilio counts from when it has the request, which may wait this long for a connection.
        return int(self.ventana_s - self.age() - settings.TWILIO_CONNECT_TIMEOUT_S)

    @property
    def callback_token(self) -> str:
        """What stands in the status callback's URL: finds the row by its key, proves it by the token."""
        return f"{self.log_id}-{self.token.hex}"

    def age(self) -> float:
        """Seconds since the row was claimed, and its campaign seen to run."""
        return time.monotonic() - self.taken_at


# The campaign is read in the same statement, so that a pause, or the end of its jornada, stops the very next message. A
# claim that waited for a thread is made anew in the same way, under a new token.
CLAIM_SQL = """
UPDATE campaigns_smslog s
SET estado = 'enviando', token = n.token, intentos = s.intentos + CASE s.estado WHEN 'pendiente' THEN 1 ELSE 0 END,
    ausencias = 0, reclamado_en = now(), lease_hasta = now() + %(lease)s * interval '1 second', actualizado = now()
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(held)s::uuid[]) AS n(id, token, held),
    campaigns_campanasms c LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
WHERE s.id = n.id AND (s.estado = 'pendiente' OR (s.estado = 'enviando' AND s.token = n.held))
    AND c.id = s.campana_id AND c.estado = 'procesando' AND (c.vence_en IS NULL OR c.vence_en > now())
    AND (c.cierra_en IS NULL OR c.cierra_en > now())
RETURNING s.id, s.campana_id, s.telefono, s.mensaje, s.intentos, r.valor, r.segmentos_por_segundo,
    extract(epoch FROM c.cierra_en - now())::float8, extract(epoch FROM c.ventana_hasta - now())::float8
"""

# A late outcome may still settle a row that the sweeper called `incierto`: the token proves whose it is. One that
# was found absent and freed keeps its token until the next claim: an acceptance stops it from being sent again.
OUTCOME_SQL = """
UPDATE campaigns_smslog s
SET estado = n.estado, intentos = s.intentos - n.devuelto, twilio_sid = n.sid, codigo = n.codigo, error = n.error,
    lease_hasta = NULL, entrega = CASE WHEN s.entrega = '' THEN n.entrega ELSE s.entrega END, actualizado = now()
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(estados)s::text[], %(sids)s::text[], %(codigos)s::text[],
    %(errors)s::text[], %(entregas)s::text[], %(devueltos)s::int[])
    AS n(id, token, estado, sid, codigo, error, entrega, devuelto)
WHERE s.id = n.id AND s.token = n.token
    AND (s.estado IN ('enviando', 'incierto') OR (s.estado = 'pendiente' AND n.estado = 'enviado'))
RETURNING s.id
"""


def claim_many(held: Mapping[int, uuid.UUID | None]) -> dict[int, Claim]:
    """Take rows of running campaigns.

    Args:
        held: for each row's id the token under which the caller has it already; None for a pending row.

    Returns:
        The claims by row id; a row that somebody else has, or that is not to be sent now, has none.
    """
    # In one order, so that two processes that want the same rows do not wait for each other.
    tokens = {log_id: uuid.uuid4() for log_id in sorted(held)}
    taken_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM_SQL,
            {
                "ids": list(tokens),
                "tokens": [token.hex for token in tokens.values()],
                "held": [token and token.hex for token in (held[log_id] for log_id in tokens)],
                "lease": settings.LEASE_S,
            },
        )
        rows = cursor.fetchall()
    return {
        log_id: Claim(
            log_id,
            campana_id,
            tokens[log_id],
            telefono,
            mensaje,
            intentos,
            taken_at,
            Sender.of(valor, ritmo),
            cierra_s,
            ventana_s,
        )
        for log_id, campana_id, telefono, mensaje, intentos, valor, ritmo, cierra_s, ventana_s in rows
    }


def record_many(results: Sequence[tuple[Claim, Outcome | NotPosted]]) -> set[int]:
    """Write outcomes under their claims.

    Returns:
        The ids of the rows written; the others are no longer their claim's.
    """
    rows = [_row(claim, outcome) for claim, outcome in results]
    names = ("ids", "tokens", "estados", "sids", "codigos", "errors", "entregas", "devueltos")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(OUTCOME_SQL, columns)
        return {row[0] for row in cursor.fetchall()}


def _row(claim: Claim, outcome: Outcome | NotPosted) -> tuple[int, str, str, str, str, str, str, int]:
    estado, codigo, error = _decide(outcome, claim.intentos)
    sid, entrega = (outcome.sid, _entrega(outcome.status)) if isinstance(outcome, Accepted) else ("", "")
    devuelto = int(isinstance(outcome, NotPosted) or (isinstance(outcome, Retryable) and outcome.throttled))
    return claim.log_id, claim.token.hex, estado, sid, codigo[:CODE_MAX], error[:ERROR_MAX], entrega, devuelto


def expire_leases() -> int:
    """Rows whose worker fell silent in mid-call become `incierto`. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_smslog SET estado = 'incierto', lease_hasta = NULL, codigo = %s, error = %s,"
            " actualizado = now() WHERE estado = 'enviando' AND lease_hasta < now()",
            [LEASE_EXPIRED, LEASE_EXPIRED_TEXT],
        )
        return int(cursor.rowcount)


def _decide(outcome: Outcome | NotPosted, intentos: int) -> tuple[str, str, str]:
    """estado, codigo and error of the row after this outcome."""
    match outcome:
        case Accepted():
            return SMSLog.Estado.ENVIADO, "", ""
        case Permanent(code, message):
            return SMSLog.Estado.FALLIDO, code, message
        case Ambiguous(code, message):
            return SMSLog.Estado.INCIERTO, code, message
        case Retryable(code, message, throttled=False) if intentos >= settings.SEND_ATTEMPTS:
            return SMSLog.Estado.FALLIDO, code, message
        case Retryable(code, message) | Account(code, message):
            return SMSLog.Estado.PENDIENTE, code, message
        case NotPosted():
            return SMSLog.Estado.PENDIENTE, "", ""


def _entrega(status: str) -> str:
    return status if status in SMSLog.Entrega.values else ""
