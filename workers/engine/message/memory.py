"""The messages that this process has handed to Twilio in the last minutes, in case PostgreSQL comes back without them.

A promoted standby may have lost the last commits: claims whose messages were posted, and outcomes. What the process
remembers of them is written again, by campaign, phone and words: ids may have been given to other rows meanwhile. It
is a help and no proof of absence: a process that has died remembers nothing.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection

from campaigns.values import codigos
from campaigns.values.estados import SMS
from core.clock import elapsed

logger = logging.getLogger(__name__)

# How long a message is remembered, in seconds: an asynchronous standby is some seconds behind, seldom minutes.
KEPT_S: Final = 600.0
# At most so many: about 20 MB.
MOST: Final = 50_000
# Rows of one statement.
BATCH: Final = 500

# Also a row that another claim left in doubt: it was sent, so it is not sent again. One that another claim is sending
# at this moment is left to it.
SENT_SQL: Final = f"""
UPDATE campaigns_smslog s SET estado = {SMS.ENVIADO}, token = n.token, twilio_sid = n.sid, codigo = '', error = '',
    lease_hasta = NULL, revisar_desde = NULL, intentos = greatest(s.intentos, 1),
    reclamado_en = coalesce(s.reclamado_en, now()),
    entrega = CASE WHEN s.entrega = '' THEN n.entrega ELSE s.entrega END, actualizado = now()
FROM unnest(%(campanas)s::bigint[], %(telefonos)s::text[], %(mensajes)s::text[], %(tokens)s::uuid[], %(sids)s::text[],
    %(entregas)s::text[]) AS n (campana_id, telefono, mensaje, token, sid, entrega)
WHERE s.campana_id = n.campana_id AND s.telefono = n.telefono AND s.telefono <> '' AND s.codigo <> 'telefono_duplicado'
    AND s.mensaje = n.mensaje AND s.twilio_sid = ''
    AND (s.estado IN {SMS.SIN_ASENTAR} OR (s.estado = {SMS.ENVIANDO} AND s.token = n.token))
    AND NOT EXISTS (SELECT FROM campaigns_smslog k WHERE k.twilio_sid = n.sid AND k.twilio_sid <> '')
    AND NOT EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = n.sid)
RETURNING s.id
"""  # noqa: S608 - constants

# Rows that show an end from before: they had been tried again, and that is forgotten.
FAILED_SQL: Final = f"""
SELECT s.id, n.token, n.sid, n.entrega
FROM unnest(%(campanas)s::bigint[], %(telefonos)s::text[], %(mensajes)s::text[], %(tokens)s::uuid[], %(sids)s::text[],
    %(entregas)s::text[]) AS n (campana_id, telefono, mensaje, token, sid, entrega)
JOIN campaigns_smslog s ON s.campana_id = n.campana_id AND s.telefono = n.telefono AND s.mensaje = n.mensaje
WHERE s.telefono <> '' AND s.codigo <> 'telefono_duplicado' AND s.estado = {SMS.FALLIDO} AND s.twilio_sid = ''
ORDER BY s.id
"""  # noqa: S608 - constants

# Posted, and no answer yet: in doubt under the token that its callback will name.
POSTED_SQL: Final = f"""
UPDATE campaigns_smslog s SET estado = {SMS.INCIERTO}, token = n.token, lease_hasta = NULL, ausencias = 0,
    reclamado_en = now() - n.edad * interval '1 second', revisar_desde = NULL, intentos = greatest(s.intentos, 1),
    twilio_desde = NULL, twilio_hasta = NULL, ausente_en = NULL, cuenta = '', codigo = %(codigo)s, error = %(texto)s,
    actualizado = now()
FROM unnest(%(campanas)s::bigint[], %(telefonos)s::text[], %(mensajes)s::text[], %(tokens)s::uuid[],
    %(edades)s::float[]) AS n (campana_id, telefono, mensaje, token, edad)
WHERE s.campana_id = n.campana_id AND s.telefono = n.telefono AND s.telefono <> '' AND s.codigo <> 'telefono_duplicado'
    AND s.mensaje = n.mensaje AND s.twilio_sid = ''
    AND (s.estado = {SMS.PENDIENTE} OR (s.estado = {SMS.INCIERTO} AND s.codigo = %(codigo)s))
RETURNING s.id
"""  # noqa: S608 - constants


@dataclass(slots=True)
class Posted:
    """A message that left this process.

    Args:
        at: when it was claimed, by `core.clock.elapsed()`.
        sid, entrega: of the message that Twilio accepted; "" while that is not known.
    """

    campana_id: int
    telefono: str
    mensaje: str
    token: UUID
    at: float
    sid: str = ""
    entrega: str = ""


class Memory:
    """Remembers the latest message to each recipient, and forgets the oldest."""

    def __init__(self, *, kept_s: float = KEPT_S, most: int = MOST) -> None:
        self._kept_s = kept_s
        self._most = most
        self._lock = Lock()
        self._posted: OrderedDict[UUID, Posted] = OrderedDict()

    def __len__(self) -> int:
        return len(self._posted)

    def post(self, posted: Posted) -> None:
        """Remember a message that is about to leave."""
        with self._lock:
            self._posted[posted.token] = posted
            while len(self._posted) > self._most:
                self._posted.popitem(last=False)
            oldest = elapsed() - self._kept_s
            while self._posted and next(iter(self._posted.values())).at < oldest:
                self._posted.popitem(last=False)

    def accepted(self, token: UUID, sid: str, entrega: str) -> None:
        with self._lock:
            if posted := self._posted.get(token):
                posted.sid, posted.entrega = sid, entrega

    def forget(self, token: UUID) -> None:
        """Forget a message that certainly was not sent."""
        with self._lock:
            self._posted.pop(token, None)

    def find(self, tokens: Iterable[UUID]) -> list[Posted]:
        with self._lock:
            return [self._posted[token] for token in tokens if token in self._posted]

    def all(self) -> list[Posted]:
        with self._lock:
            return list(self._posted.values())


def write_again(posted: Iterable[Posted], *, lost: bool) -> int:
    """Write what is remembered for the rows that are not as they were left; return how many changed.

    Args:
        lost: whether PostgreSQL has lost commits. Then what was posted and not answered is in doubt too.
    """
    posted = list(posted)
    known = [one for one in posted if one.sid]
    changed = sum(_sent(known[n : n + BATCH]) for n in range(0, len(known), BATCH))
    if lost:
        open_ones = [one for one in posted if not one.sid]
        changed += sum(_doubt(open_ones[n : n + BATCH]) for n in range(0, len(open_ones), BATCH))
    if changed:
        logger.warning("%s messages that PostgreSQL had forgotten were written again", changed)
    return changed


def failed_before(posted: Iterable[Posted]) -> list[tuple[int, UUID, str, str]]:
    """Find the rows that show an end from before what is remembered of them, as (id, token, sid, entrega)."""
    known = [one for one in posted if one.sid]
    found: list[tuple[int, UUID, str, str]] = []
    with connection.cursor() as cursor:
        for n in range(0, len(known), BATCH):
            cursor.execute(FAILED_SQL, _answers(known[n : n + BATCH]))
            found += cursor.fetchall()
    return found


def _sent(posted: list[Posted]) -> int:
    try:
        return _execute(SENT_SQL, _answers(posted))
    except IntegrityError:
        # Another row got one of these messages a moment before; it must not keep the others out.
        return sum(_sent([one]) for one in posted) if len(posted) > 1 else 0


def _doubt(posted: list[Posted]) -> int:
    now = elapsed()
    codigo = codigos.CUARENTENA
    more = {"edades": [now - one.at for one in posted], "codigo": codigo, "texto": codigos.TEXTOS[codigo]}
    return _execute(POSTED_SQL, _columns(posted) | more)


def _answers(posted: list[Posted]) -> dict[str, Any]:
    return _columns(posted) | {"sids": [one.sid for one in posted], "entregas": [one.entrega for one in posted]}


def _columns(posted: list[Posted]) -> dict[str, Any]:
    return {
        "campanas": [one.campana_id for one in posted],
        "telefonos": [one.telefono for one in posted],
        "mensajes": [one.mensaje for one in posted],
        "tokens": [one.token.hex for one in posted],
    }


def _execute(sql: str, params: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return len(cursor.fetchall())


memory = Memory()
