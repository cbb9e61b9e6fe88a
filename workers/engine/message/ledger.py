"""The row of one recipient: claiming it, and writing what came of it.

A message is handed to Twilio only under a committed claim; its outcome is written only while the claim's
token is still the row's. Between the two the row says `enviando`, and if the worker dies there, the lease
runs out and the row becomes `incierto`: it may have been sent, so it is never sent again blindly.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from campaigns.mensaje.partes import contar
from campaigns.models import SMSLog
from campaigns.models.smslog import CODIGO_MAX, ERROR_MAX
from campaigns.remitentes import valor_de
from campaigns.values.estados import CAMPANA, SMS
from campaigns.values.twilio import known_status
from core.clock import Mark, elapsed
from workers.engine.base import account, database, epoch
from workers.engine.message import comeback, optouts, proof
from workers.engine.message.memory import Posted
from workers.engine.pace.rates import Sender
from workers.gateway.clock import CLOCK
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable
from workers.gateway.words import clean
from workers.metrics import measures

logger = logging.getLogger(__name__)

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
        taken_at: `core.clock.elapsed()` before the claim was made.
        sender: what it goes out from.
        cierra_s: seconds from then until the campaign's jornada ends.
        ventana_s: seconds from then until the shop's window closes, after which nothing may be delivered; None when
            there is no window.
        mark: the same moment by both clocks, to see whether the machine has slept since.
    """

    log_id: int
    campana_id: int
    token: uuid.UUID
    telefono: str
    mensaje: str
    intentos: int
    taken_at: float
    sender: Sender
    cierra_s: float
    ventana_s: float | None
    mark: Mark = field(default_factory=Mark)

    @property
    def deadline(self) -> float:
        """`core.clock.elapsed()` after which the claim must not be used to POST: it could outlive the lease, or
        leave after the close."""
        lease = settings.LEASE_S - settings.TWILIO_CONNECT_TIMEOUT_S - settings.TWILIO_READ_TIMEOUT_S
        return self.taken_at + min(lease, self.cierra_s)

    def is_too_late(self) -> bool:
        """Tell whether the claim must not be used to POST any more, also because nobody knows how late it is."""
        return elapsed() > self.deadline or self.mark.jumped()

    def validity_s(self) -> int | None:
        """Whole seconds from now in which the message may still be delivered; None when no window ends it."""
        if self.ventana_s is None:
            return None
        # Twilio counts from when it has the request, which may wait this long for a connection.
        return int(self.ventana_s - self.age() - settings.TWILIO_CONNECT_TIMEOUT_S)

    def fits(self, validity_s: int | None) -> bool:
        """Tell whether the message leaves Twilio's queue before its window closes, as far as its sender's rate tells:
        what does not would be dropped there, and waits for the next window here.

        No message is handed over before its slot, so nothing of ours is before it in that queue. Of a sender without a
        rate only the validity itself keeps the close.

        Args:
            validity_s: see `validity_s()`.
        """
        if validity_s is None:
            return True
        rate = self.sender.rate
        return validity_s >= max(1.0, contar(self.mensaje).segmentos / rate if rate else 0.0)

    @property
    def callback_token(self) -> str:
        """Return the token of the status callback's URL: it finds the row by its key and proves it by the claim's
        token."""
        return f"{self.log_id}-{self.token.hex}"

    def posted(self, sid: str = "", entrega: str = "") -> Posted:
        """Return what is remembered of this message once it was handed over."""
        return Posted(self.campana_id, self.telefono, self.mensaje, self.token, self.taken_at, sid, entrega)

    def age(self) -> float:
        """Seconds since the row was claimed, and its campaign seen to run."""
        return elapsed() - self.taken_at


# The campaign is read in the same statement, so that a pause, or the end of its jornada, stops the very next message;
# and so is the client's last word, so that an opt-out does. A claim that waited for a thread is made again in the same
# way, under a new token. The rows are found by their keys only: by conditions on estado (hence CASE) or a join with the
# campaign (hence sub-selects) the planner, while its statistics are old, may look for them through another index and
# read all of it for each group.
CLAIM_SQL = f"""
UPDATE campaigns_smslog s
SET estado = {SMS.ENVIANDO}, token = n.token,
    intentos = s.intentos + CASE s.estado WHEN {SMS.PENDIENTE} THEN 1 ELSE 0 END,
    ausencias = 0, reclamado_en = now(), lease_hasta = now() + %(lease)s * interval '1 second', actualizado = now(),
    cuenta = %(cuenta)s, twilio_desde = %(desde)s, twilio_hasta = %(hasta)s, ausente_en = NULL
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(held)s::uuid[]) AS n(id, token, held)
WHERE s.id = n.id
    AND CASE s.estado WHEN {SMS.PENDIENTE} THEN true WHEN {SMS.ENVIANDO} THEN s.token = n.held ELSE false END
    AND (SELECT c.estado = {CAMPANA.PROCESANDO} AND (c.vence_en IS NULL OR c.vence_en > now()) AND c.cierra_en > now()
        FROM campaigns_campanasms c WHERE c.id = s.campana_id)
    AND {epoch.CURRENT_SQL}
    AND NOT {optouts.FUERA_SQL}
RETURNING s.id, s.campana_id, s.telefono, s.mensaje, s.intentos, (SELECT row_to_json(r) FROM (
    SELECT r.valor, r.segmentos_por_segundo AS ritmo, extract(epoch FROM c.cierra_en - now()) AS cierra_s,
        extract(epoch FROM c.ventana_hasta - now()) AS ventana_s
    FROM campaigns_campanasms c LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id WHERE c.id = s.campana_id) r)
"""  # noqa: S608 - constants

# A late outcome may still settle a row that the sweeper called `incierto`: the token proves whose it is. One that
# was found absent and freed keeps its token until the next claim: an acceptance stops it from being sent again. One
# that its callback has settled first still gets the segments that Twilio bills; what it costs follows them, and so does
# what its Lote holds of the caps when it closes.
# An attempt is counted by the claim, and given back by whatever says nothing about the recipient; once: what the
# sweeper called `incierto` has been given back.
OUTCOME_SQL = f"""
UPDATE campaigns_smslog s
SET estado = n.estado,
    intentos = greatest(s.intentos - CASE s.estado WHEN {SMS.ENVIANDO} THEN n.devuelto ELSE 0 END, 0),
    twilio_sid = n.sid, codigo = n.codigo, error = n.error, lease_hasta = NULL,
    entrega = CASE WHEN s.entrega = '' THEN n.entrega ELSE s.entrega END,
    costo = CASE WHEN n.segmentos <> s.segmentos AND s.segmentos > 0 THEN s.costo * n.segmentos / s.segmentos
        ELSE s.costo END,
    segmentos = coalesce(n.segmentos, s.segmentos),
    actualizado = CASE s.estado WHEN {SMS.ENVIADO} THEN s.actualizado ELSE now() END
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(estados)s::text[], %(sids)s::text[], %(codigos)s::text[],
    %(errors)s::text[], %(entregas)s::text[], %(devueltos)s::int[], %(segmentos)s::int[])
    AS n(id, token, estado, sid, codigo, error, entrega, devuelto, segmentos)
WHERE s.id = n.id AND s.token = n.token
    AND (s.estado IN {SMS.RECLAMADOS} OR (s.estado = {SMS.PENDIENTE} AND n.estado = {SMS.ENVIADO})
        OR (s.estado = {SMS.ENVIADO} AND s.twilio_sid = n.sid))
RETURNING s.id
"""  # noqa: S608 - constants


EXPIRE_SQL = f"""
UPDATE campaigns_smslog SET estado = {SMS.INCIERTO}, lease_hasta = NULL, codigo = %s, error = %s, actualizado = now(),
    intentos = greatest(intentos - 1, 0)
WHERE estado = {SMS.ENVIANDO} AND lease_hasta < now()
"""  # noqa: S608 - constants


def claim_many(held: Mapping[int, uuid.UUID | None]) -> dict[int, Claim]:
    """Take rows of running campaigns.

    Args:
        held: for each row's id the token under which the caller has it already; None for a pending row.

    Returns:
        The claims by row id; a row that somebody else has, or that is not to be sent now, has none. Those whose phone
        opted out are ended.
    """
    claims = _claim(held)
    if passed_over := {log_id: held[log_id] for log_id in held if log_id not in claims}:
        try:
            # Nothing is claimed on a server that came back until it is known what it has lost.
            if not epoch.is_current() and comeback.watch.look():
                claims |= _claim(passed_over)
            optouts.fail_opted_out({log_id: had for log_id, had in passed_over.items() if log_id not in claims})
        except DatabaseError:
            # The claims are committed, and are used. These rows are passed over again when their Lote's turn comes.
            logger.warning("opted-out rows among %s could not be ended", len(passed_over), exc_info=True)
            database.drop_connection()
    return claims


def _claim(held: Mapping[int, uuid.UUID | None]) -> dict[int, Claim]:
    # In one order, so that two processes that want the same rows do not wait for each other.
    tokens = {log_id: uuid.uuid4() for log_id in sorted(held)}
    taken_at, mark = elapsed(), Mark()
    desde, hasta = _twilio_time(taken_at)
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM_SQL,
            {
                "ids": list(tokens),
                "tokens": [token.hex for token in tokens.values()],
                "held": [token and token.hex for token in (held[log_id] for log_id in tokens)],
                "lease": settings.LEASE_S,
                "remitente": valor_de(None),
                "cuenta": account.fingerprint(),
                "desde": desde,
                "hasta": hasta,
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
            Sender.of(campana["valor"], campana["ritmo"]),
            campana["cierra_s"],
            campana["ventana_s"],
            mark,
        )
        for log_id, campana_id, telefono, mensaje, intentos, campana in rows
    }


def _twilio_time(taken_at: float) -> tuple[datetime | None, datetime | None]:
    """Between which moments of Twilio's time a message of a claim made now is created; None when that is not known."""
    span = CLOCK.at(taken_at)
    if span is None:
        return None, None
    return span.low, span.high + timedelta(seconds=settings.LEASE_S + proof.LATE_S)


def record_many(results: Sequence[tuple[Claim, Outcome | NotPosted]]) -> set[int]:
    """Write outcomes under their claims.

    Returns:
        The ids of the rows written; the others are no longer their claim's.
    """
    # In the order of their ids, as status callbacks are: two groups with rows in common must not wait for each other.
    results = sorted(results, key=lambda result: result[0].log_id)
    rows = [_row(claim, outcome) for claim, outcome in results]
    names = ("ids", "tokens", "estados", "sids", "codigos", "errors", "entregas", "devueltos", "segmentos")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(OUTCOME_SQL, columns)
        written = {row[0] for row in cursor.fetchall()}
    # Also of those whose row somebody else has settled meanwhile: it was tried, and this came of it.
    measures.count_outcomes(
        (estado, codigo)
        for (_, _, estado, _, codigo, *_), (_, outcome) in zip(rows, results, strict=True)
        if not isinstance(outcome, NotPosted)
    )
    return written


def _row(claim: Claim, outcome: Outcome | NotPosted) -> tuple[int, str, str, str, str, str, str, int, int | None]:
    estado, codigo, error = _decide(outcome)
    sid, entrega = (outcome.sid, known_status(outcome.status)) if isinstance(outcome, Accepted) else ("", "")
    devuelto = int(not _is_attempt(outcome))
    segmentos = _segmentos(claim, outcome) if isinstance(outcome, Accepted) else None
    return (
        claim.log_id,
        claim.token.hex,
        estado,
        sid,
        codigo[:CODIGO_MAX],
        clean(error)[:ERROR_MAX],
        entrega,
        devuelto,
        segmentos,
    )


def _segmentos(claim: Claim, accepted: Accepted) -> int:
    """Return the segments that will be billed. Through a Messaging Service Twilio does not say yet, and our own count
    is exact."""
    return accepted.segments or contar(claim.mensaje).segmentos


def expire_leases() -> int:
    """Rows whose worker fell silent in mid-call become `incierto`. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE_SQL, [LEASE_EXPIRED, LEASE_EXPIRED_TEXT])
        expired = int(cursor.rowcount)
    measures.LEASES.inc(expired)
    return expired


def _is_attempt(outcome: Outcome | NotPosted) -> bool:
    """Tell whether it says something about the recipient; what says nothing costs the recipient nothing."""
    return isinstance(outcome, Accepted | Permanent) or (isinstance(outcome, Ambiguous) and outcome.own)


def _decide(outcome: Outcome | NotPosted) -> tuple[str, str, str]:
    """estado, codigo and error of the row after this outcome."""
    match outcome:
        case Accepted():
            return SMSLog.Estado.ENVIADO, "", ""
        case Permanent(code, message):
            return SMSLog.Estado.FALLIDO, code, message
        case Ambiguous(code, message):
            return SMSLog.Estado.INCIERTO, code, message
        case Retryable(code, message) | Account(code, message):
            return SMSLog.Estado.PENDIENTE, code, message
        case NotPosted():
            return SMSLog.Estado.PENDIENTE, "", ""
