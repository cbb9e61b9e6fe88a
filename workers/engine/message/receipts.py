"""Status callbacks: the delivery of a message, and the proof that an uncertain one was accepted."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from campaigns.models import CampanaSMS, SMSLog
from campaigns.values import codigos
from campaigns.values.estados import SMS
from campaigns.values.twilio import DROPPED, LEFT, OVERFLOWED, UNSUBSCRIBED, Entrega, dropped_sql, sql_list
from workers.engine.base import database, epoch
from workers.engine.base.groups import Grouping
from workers.engine.message import given_up, optouts
from workers.engine.pace import throttle
from workers.engine.pace.rates import Sender

logger = logging.getLogger(__name__)

RANK: Final = {status.value: status.rank for status in Entrega}
UNKNOWN: Final = -1  # it proves only that the message exists
RANK_SQL: Final = f"CASE s.entrega {' '.join(f'WHEN {s!r} THEN {rank}' for s, rank in RANK.items())} ELSE -1 END"


def _delivery_sql(entrega: str, codigo: str, rango: str) -> str:
    """Return the SET clauses of a row's delivery.

    A later status replaces an earlier one, in whatever order they come; the same one gives a reason that it had not. Of
    a message that was dropped, only the word that it left after all is newer: it must not be sent again. And what has
    left is not dropped any more, but lost.

    Args:
        entrega, codigo, rango: SQL expressions of the status that is told.
    """
    back = f"({dropped_sql('s.entrega', 's.entrega_codigo')} AND {entrega} IN ({sql_list(LEFT)}))"
    reason = f"({entrega} = s.entrega AND {codigo} <> '' AND s.entrega_codigo = '')"
    newer = f"({rango} > {RANK_SQL} OR {back} OR {reason})"
    lost = f"({dropped_sql(entrega, codigo)} AND s.entrega IN ({sql_list(LEFT)}))"
    undelivered = f"'{Entrega.UNDELIVERED.value}'"
    return (
        f"entrega = CASE WHEN {newer} THEN CASE WHEN {lost} THEN {undelivered} ELSE {entrega} END ELSE s.entrega END,"
        f" entrega_codigo = CASE WHEN {newer} THEN {codigo} ELSE s.entrega_codigo END"
    )


# The rows are locked in the order of their ids, so that two groups never wait for each other. One message accounts for
# one row: the reconciler may have credited another that says the same words to the same phone with it. This one is then
# looked up as if it had not been accepted, and both are sent once.
RECEIPTS_SQL: Final = f"""
WITH told AS (
    SELECT s.id, s.entrega AS antes, t.sid, t.entrega, t.codigo, t.rango
    FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(sids)s::text[], %(entregas)s::text[], %(codigos)s::text[],
        %(rangos)s::int[]) AS t (id, token, sid, entrega, codigo, rango)
    JOIN campaigns_smslog s ON s.id = t.id
    WHERE s.token = t.token AND s.twilio_sid IN ('', t.sid)
        AND NOT EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = t.sid)
        AND s.id = coalesce(
            (SELECT o.id FROM campaigns_smslog o WHERE o.twilio_sid = t.sid AND o.twilio_sid <> ''), s.id)
    ORDER BY s.id FOR NO KEY UPDATE OF s
)
UPDATE campaigns_smslog s
SET {_delivery_sql("t.entrega", "t.codigo", "t.rango")},
    -- Only an accepted message has a status, so this settles a row whose call never came back. `pendiente` under this
    -- token: the message was looked for and not found yet; it must not be sent again.
    estado = CASE WHEN s.estado = ANY(%(open)s) THEN {SMS.ENVIADO} ELSE s.estado END,
    codigo = CASE WHEN s.estado = ANY(%(open)s) THEN '' ELSE s.codigo END,
    error = CASE WHEN s.estado = ANY(%(open)s) THEN '' ELSE s.error END,
    lease_hasta = CASE WHEN s.estado = {SMS.ENVIANDO} THEN NULL ELSE s.lease_hasta END,
    actualizado = CASE WHEN s.estado = ANY(%(open)s) THEN now() ELSE s.actualizado END,
    intentos = CASE WHEN s.estado = ANY(%(open)s) THEN greatest(s.intentos, 1) ELSE s.intentos END,
    twilio_sid = CASE WHEN s.twilio_sid = '' THEN t.sid ELSE s.twilio_sid END
FROM told t WHERE s.id = t.id
RETURNING s.id, s.estado, s.entrega <> t.antes AND s.entrega = '{Entrega.FAILED.value}'
    AND s.entrega_codigo IN ({sql_list(OVERFLOWED)})
"""  # noqa: S608 - constants

# Two campaigns said the same to one phone, both calls were in doubt, and the reconciler gave each the other's message:
# the token is one row's and the message another's. Its delivery is told of the one that has it; nothing else changes.
HOLDER_SQL: Final = f"""
UPDATE campaigns_smslog s
SET {_delivery_sql("%(entrega)s", "%(codigo)s", "%(rango)s")}
WHERE s.twilio_sid = %(sid)s AND EXISTS (SELECT FROM campaigns_smslog r
    WHERE r.id = %(id)s AND r.token = %(token)s AND r.telefono = s.telefono)
RETURNING s.id
"""  # noqa: S608 - constants

# PostgreSQL has lost the claim of this token: the row is in quarantine, was freed from it, or is about to be put there.
# Who knows the row's id and its phone speaks of a message that was accepted for it.
QUARANTINED_SQL: Final = f"""
UPDATE campaigns_smslog s SET estado = {SMS.ENVIADO}, token = %(token)s, twilio_sid = %(sid)s, entrega = %(entrega)s,
    entrega_codigo = %(codigo)s, codigo = '', error = '', lease_hasta = NULL, revisar_desde = NULL, actualizado = now()
WHERE s.id = %(id)s AND s.telefono = %(to)s AND s.estado IN {SMS.SIN_ASENTAR}
    AND (s.codigo = %(cuarentena)s OR {epoch.CURRENT_SQL} = false)
    AND s.twilio_sid = '' AND NOT EXISTS (SELECT FROM campaigns_smslog k WHERE k.twilio_sid = %(sid)s)
    AND NOT EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = %(sid)s)
RETURNING s.id
"""  # noqa: S608 - constants

STOPPED: Final = [CampanaSMS.Estado.PAUSADO, CampanaSMS.Estado.CANCELADO]
OPEN: Final = [SMSLog.Estado.PENDIENTE, SMSLog.Estado.ENVIANDO, SMSLog.Estado.INCIERTO]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The news that Twilio has of one message.

    Args:
        log_id, token: the row and the claim that the callback's address names.
        sid: Twilio's message SID.
        status: Twilio's message status; one that is not known is kept out.
        error_code: Twilio's code on failed and undelivered, else "".
        to: the recipient, in E.164; "" when it is not told.
    """

    log_id: int
    token: UUID
    sid: str
    status: str
    error_code: str = ""
    to: str = ""

    @property
    def rank(self) -> int:
        return RANK.get(self.status, UNKNOWN)

    @property
    def is_drop(self) -> bool:
        """Tell whether Twilio says that it dropped the message before it left."""
        return self.status == Entrega.FAILED and self.error_code in DROPPED

    def replaces(self, other: "Receipt") -> bool:
        """Tell whether this is the later news of two about one message."""
        explains = self.status == other.status and bool(self.error_code) and not other.error_code
        return self.rank > other.rank or explains or (other.is_drop and self.status in LEFT)


def parse_callback_token(text: str) -> tuple[int, UUID] | None:
    """The row's id and claim token from the callback's URL, or None when it is not one of ours."""
    log_id, _, token = text.partition("-")
    if not (log_id.isascii() and log_id.isdecimal() and len(log_id) < 19 and len(token) == 32):
        return None
    try:
        return int(log_id), UUID(hex=token)
    except ValueError:
        return None


def apply_receipt(receipt: Receipt) -> bool:
    """Write a delivery status, in one statement with those of the process's other threads.

    Returns:
        Once it is committed; False when no row carries this token, or the message is another phone's.

    Raises:
        DatabaseError: it is not written.
    """
    known = _grouping.put(receipt)
    if isinstance(known, DatabaseError):
        raise known
    return known


def apply_apart(receipts: Sequence[Receipt]) -> list[bool | DatabaseError]:
    """Write delivery statuses, so that one which PostgreSQL refuses does not keep the others out.

    Returns:
        For each, whether its message is known, once that is committed; or why it is not written.
    """
    try:
        return list(apply_receipts(receipts))
    except DatabaseError as error:
        # PostgreSQL is away, too busy or somebody holds a row: none of them would be better off alone.
        if len(receipts) == 1 or isinstance(error, (OperationalError, InterfaceError)):
            return [error] * len(receipts)
    logger.warning("a group of %s status callbacks was refused: each is written for itself", len(receipts))
    return [known for receipt in receipts for known in apply_apart([receipt])]


def apply_receipts(receipts: Sequence[Receipt]) -> list[bool]:
    """Write delivery statuses as if one after the other; for each, whether its message is known."""
    known = [False] * len(receipts)
    dropped: set[int] = set()
    left = list(range(len(receipts)))
    while left:
        # One statement changes a row once: what contradicts an earlier one about the same row waits for the next.
        heads: dict[int, Receipt] = {}
        now: list[int] = []
        for n in left:
            receipt = receipts[n]
            head = heads.setdefault(receipt.log_id, receipt)
            # That it was dropped means another thing once it is known to have left: the statement sees both.
            if (head.token, head.sid) == (receipt.token, receipt.sid) and not (receipt.is_drop and head.status in LEFT):
                now.append(n)
                if receipt.replaces(head):
                    heads[receipt.log_id] = receipt
        found = _write(list(heads.values()), dropped)
        for n in now:
            known[n] = receipts[n].log_id in found
        left = sorted(set(left) - set(now))
    refused = [receipt for n, receipt in enumerate(receipts) if known[n] and receipt.error_code == UNSUBSCRIBED]
    if refused:
        optouts.learn_from_callbacks({receipt.log_id: receipt.sid for receipt in refused})
    if dropped:
        _slow_down(dropped)
    return known


def _slow_down(log_ids: set[int]) -> None:
    """Brake the senders of messages that Twilio accepted and then dropped, for more came than could leave: or a service
    that accepts everything would go on to drop.

    Only where the campaign goes on. What is dropped after the close of its window had too little time, or waited in a
    queue that is empty by now; it says nothing of what another campaign sends.
    """
    going_on = CampanaSMS.objects.filter(completado_en=None, cierra_en__gt=Now())
    campanas = going_on.exclude(estado__in=STOPPED).filter(logs__in=log_ids)
    senders = campanas.values_list("remitente__valor", "remitente__segmentos_por_segundo").distinct()
    for valor, ritmo in senders.order_by("remitente__valor"):
        throttle.slow_down(Sender.of(valor, ritmo), None)


def _write(receipts: list[Receipt], dropped: set[int]) -> set[int]:
    """Write receipts of different rows; the ids of those that are known.

    Args:
        dropped: gets the ids of those whose message more than could leave was handed over with, which is news.
    """
    try:
        rows = _execute(RECEIPTS_SQL, _columns(receipts))
    except IntegrityError:
        # At this very moment another row got one of these messages; it must not keep the others out.
        if len(receipts) > 1:
            return {receipt.log_id for receipt in receipts if _write([receipt], dropped)}
        rows = []
    found = {row[0] for row in rows}
    for log_id, estado, overflowed in rows:
        if overflowed:
            dropped.add(log_id)
        if estado == SMSLog.Estado.FALLIDO:
            given_up.sent_after_all(log_id)
    for receipt in receipts:
        if receipt.log_id not in found and _execute(HOLDER_SQL, _values(receipt)):
            logger.info("sms %s: message %s is another row's", receipt.log_id, receipt.sid)
            found.add(receipt.log_id)
        elif receipt.log_id not in found and _settles_quarantined(receipt):
            logger.warning("sms %s was sent, by a claim that PostgreSQL had lost: %s", receipt.log_id, receipt.sid)
            found.add(receipt.log_id)
    return found


def _settles_quarantined(receipt: Receipt) -> bool:
    if not receipt.to:
        return False
    params = {**_values(receipt), "to": receipt.to, "cuarentena": codigos.CUARENTENA}
    try:
        return bool(_execute(QUARANTINED_SQL, params))
    except IntegrityError:
        return False  # at this very moment another row got the message


def _columns(receipts: list[Receipt]) -> dict[str, Any]:
    rows = [_values(receipt) for receipt in receipts]
    return {f"{name}s": [row[name] for row in rows] for name in rows[0]} | {"open": OPEN}


def _values(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.log_id,
        "token": receipt.token.hex,
        "sid": receipt.sid,
        "entrega": receipt.status if receipt.rank > UNKNOWN else "",
        "codigo": receipt.error_code,
        "rango": receipt.rank,
    }


def _execute(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return what the statement says of the rows written."""
    try:
        return _executed(sql, params)
    except DatabaseError:
        if connection.in_atomic_block or connection.is_usable():
            raise
        # PostgreSQL ended the connection. To write the same again changes nothing.
        database.drop_connection()
        return _executed(sql, params)


def _executed(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


_grouping = Grouping(apply_apart)
