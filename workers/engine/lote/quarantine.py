"""The quarantine of what may have been sent in commits that PostgreSQL has lost.

After a promoted standby or a restored backup a row that says `pendiente` may have been claimed and posted. So it
becomes `incierto`, claimed in the past: Twilio is asked first, and it is never sent blindly. A row in an open Lote may
have been published; a Lote that is not open may have been opened in what was lost, and then its rows begin in the
quarantine. So it is with one that is closed: a person may have said *reintentar*, and says it again.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from campaigns.values import codigos, twilio
from campaigns.values.estados import CAMPANA, LOTE, SMS
from workers.engine.publish import window

# No message that a quarantined row may stand for was posted earlier, unless the last turn of a worker that is still
# known was longer ago.
AT_LEAST: Final = timedelta(minutes=15)
# A turn is taken every few seconds, and the clocks of two servers may differ.
BEFORE_LAST_TURN: Final = timedelta(minutes=5)
# Messages a second of one campaign: as fast as Twilio takes them from any sender. It says how many Lotes of one could
# have been opened in the time that was lost.
FASTEST: Final = 1_000
# Rows of one statement: others wait for its locks.
BATCH: Final = 2_000

SINCE_SQL: Final = """
SELECT now(), least(now() - %(least)s::interval, (SELECT max(tomado_en) FROM workers_turno) - %(before)s::interval)
"""

# What an earlier claim knew of Twilio's time is no bound for the one that was lost.
DOUBTED: Final = f"""
estado = {SMS.INCIERTO}, token = gen_random_uuid(), reclamado_en = %(desde)s, lease_hasta = NULL, ausencias = 0,
    revisar_desde = NULL, twilio_desde = NULL, twilio_hasta = NULL, ausente_en = NULL, cuenta = '',
    codigo = %(codigo)s, error = %(texto)s, actualizado = now()
"""

OPEN_ROWS: Final = f"""
FROM campaigns_smslog s JOIN campaigns_lote l ON l.id = s.lote_id
WHERE l.estado IN {LOTE.EN_CURSO} AND s.estado = {SMS.PENDIENTE}
"""

# In the order of their ids, as claims and callbacks are: two groups never wait for each other.
ROWS_SQL: Final = f"""
UPDATE campaigns_smslog s SET {DOUBTED} WHERE s.estado = {SMS.PENDIENTE}
    AND s.id IN (SELECT s.id {OPEN_ROWS} ORDER BY s.id LIMIT %(batch)s FOR UPDATE OF s)
"""  # noqa: S608 - constants

LOTE_SQL: Final = f"""
UPDATE campaigns_smslog s SET {DOUBTED} WHERE s.lote_id = %(lote)s AND s.estado = {SMS.PENDIENTE}
"""  # noqa: S608 - constants

NEXT_LOTES: Final = f"""
SELECT n.id, n.total FROM campaigns_campanasms c CROSS JOIN LATERAL (
    SELECT l.id, l.total FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado = {LOTE.PENDIENTE}
    ORDER BY l.numero LIMIT %(most)s) n
WHERE c.completado_en IS NULL AND c.estado <> {CAMPANA.CANCELADO}
"""  # noqa: S608 - constants

# Their state is asked again: who opens one meanwhile holds its lock, and its rows are found by ROWS_SQL.
LOTES_SQL: Final = f"""
UPDATE campaigns_lote l SET dudoso_desde = %(desde)s FROM ({NEXT_LOTES}) n
WHERE l.id = n.id AND l.estado = {LOTE.PENDIENTE} AND l.dudoso_desde IS NULL
"""  # noqa: S608 - constants

# Lotes with recipients who may be tried again: the move, and what was sent by it, may be what is forgotten. Of one that
# is open those count who had failed, for they may have been freed. Of a closed one nobody may be tried again when all
# have their last word from an operator, or will never be known of: most of all that was ever sent.
RETRIED_SQL: Final = f"""
UPDATE campaigns_lote SET dudoso_desde = %(desde)s WHERE dudoso_desde IS NULL AND id IN (
    SELECT l.id FROM campaigns_lote l WHERE l.id > %(after)s AND l.dudoso_desde IS NULL
        AND ((l.estado = {LOTE.CERRADO} AND (l.fallidos > l.desconocidos OR NOT l.asentado OR EXISTS (
                SELECT FROM jsonb_object_keys(l.entregas) clave WHERE split_part(clave, '/', 1) <> ALL(%(left)s))))
            OR (l.estado IN {LOTE.EN_CURSO} AND EXISTS (SELECT FROM campaigns_smslog s
            WHERE s.lote_id = l.id AND s.estado = {SMS.FALLIDO} AND s.twilio_sid = '')))
    ORDER BY l.id LIMIT %(batch)s FOR NO KEY UPDATE)
RETURNING id
"""  # noqa: S608 - constants

LEFT_FOR_GOOD: Final = [entrega for entrega in twilio.FINAL if entrega not in twilio.NOT_SENT]

OPENED_SQL: Final = "UPDATE campaigns_lote SET dudoso_desde = NULL WHERE id = %s"

COUNT_SQL: Final = f"""
SELECT (SELECT count(*) {OPEN_ROWS}), count(n.id), coalesce(sum(n.total), 0) FROM ({NEXT_LOTES}) n
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Since:
    """The time that a quarantine covers.

    Args:
        desde: the earliest moment at which a forgotten message may have been posted.
        lotes: how many of a campaign's next Lotes may have been opened since; None for all.
    """

    desde: datetime
    lotes: int | None


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of a quarantine: rows of open Lotes, Lotes that are not open, and the recipients of these."""

    rows: int
    lotes: int
    recipients: int


def since(desde: datetime | None = None, *, all_lotes: bool = False) -> Since:
    """Return what has to be covered, by the last moment that the database remembers.

    Args:
        desde: the moment of a backup; None for the last turn that a worker took.
        all_lotes: whether every Lote that is not open counts.
    """
    with connection.cursor() as cursor:
        cursor.execute(SINCE_SQL, {"least": str(AT_LEAST), "before": str(BEFORE_LAST_TURN)})
        now, found = cursor.fetchone()
    desde = min(found, desde) if desde else found
    lost_s = (now - desde).total_seconds()
    lotes = window.most_lotes() + math.ceil(lost_s * FASTEST / settings.LOTE_SIZE)
    return Since(desde, None if all_lotes else lotes)


def doubt_retries(covers: Since) -> None:
    """Let rows that failed begin in the quarantine when a person has them tried again, however much later."""
    after = 0
    with connection.cursor() as cursor:
        while True:
            params: dict[str, Any] = {"desde": covers.desde, "after": after, "batch": BATCH, "left": LEFT_FOR_GOOD}
            cursor.execute(RETRIED_SQL, params)
            ids = [row[0] for row in cursor.fetchall()]
            if not ids:
                return
            after = max(ids)


def doubt_lotes(covers: Since) -> int:
    """Let the rows of the next Lotes begin in the quarantine; return of how many Lotes."""
    return _execute(LOTES_SQL, covers)


def doubt_rows(covers: Since) -> int:
    """Put the next pending rows of open Lotes in the quarantine; return how many, 0 when none is left.

    One statement, BATCH rows at most; the caller does it again until none is left.
    """
    return _execute(ROWS_SQL, covers)


def doubt_opened(lote_id: int, desde: datetime) -> None:
    """Put the rows of a Lote that was just opened in the quarantine, before anybody sees them.

    Args:
        desde: `dudoso_desde` of the Lote.
    """
    _execute(LOTE_SQL, Since(desde, None), lote=lote_id)
    with connection.cursor() as cursor:
        cursor.execute(OPENED_SQL, [lote_id])


def extent(covers: Since) -> Extent:
    """Count what a quarantine would hold, without doing it."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SQL, {"most": covers.lotes})
        return Extent(*map(int, cursor.fetchone()))


def _execute(sql: str, covers: Since, **more: int) -> int:
    params: dict[str, Any] = {
        "desde": covers.desde,
        "most": covers.lotes,
        "batch": BATCH,
        "codigo": codigos.CUARENTENA,
        "texto": codigos.TEXTOS[codigos.CUARENTENA],
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
