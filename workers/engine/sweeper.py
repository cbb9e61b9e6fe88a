"""The sweeper: finds what a lost task, chord, broker or process left undone, and does it.

It looks only at PostgreSQL to know what is due, so wiping Redis loses nothing. Beat calls it every few
seconds; every step is idempotent, so one sweep too many changes nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import connection
from redis.exceptions import RedisError

from campaigns.programaciones import ocurrencias
from workers.engine import campana, ledger, locks, lotes

logger = logging.getLogger(__name__)

QUEUE = "envios"
# With other campaigns' tasks in the queue, standing still for this many times longer still means lost …
BUSY_FACTOR = 20
# … but not while more than this many windows of tasks wait: publishing again what is only waiting would add to it
# without end. Redis gives back by itself what a dead worker held (visibility_timeout).
FULL_WINDOWS = 2

# Open Lotes of which everything was tried, and Lotes waiting for an answer about uncertain rows that have none left or
# have rows to send again (a worker that woke up late gave them back). Whether a publication is due makes no difference.
# A sub-select with LIMIT, unlike EXISTS, is never turned into one scan of all that was ever sent.
MOVABLE_SQL = """
SELECT l.id FROM campaigns_lote l
WHERE l.estado IN ('abierto', 'por_conciliar') AND CASE l.estado
    WHEN 'abierto' THEN (SELECT 1 FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.estado IN ('pendiente', 'enviando') LIMIT 1) IS NULL
    ELSE (SELECT 1 FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = 'incierto' LIMIT 1) IS NULL
        OR (SELECT 1 FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = 'pendiente' LIMIT 1) = 1
    END
"""

# A published Lote with pending rows of which none has changed for a while: its tasks are gone.
LOST_SQL = """
UPDATE campaigns_lote l SET publicar_desde = now() FROM campaigns_campanasms c
WHERE c.id = l.campana_id AND c.estado = 'procesando' AND l.estado = 'abierto' AND l.publicar_desde IS NULL
    AND l.publicado_en < now() - %(quiet)s * interval '1 second'
    AND EXISTS (SELECT FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = 'pendiente')
    AND NOT EXISTS (SELECT FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.actualizado > now() - %(quiet)s * interval '1 second')
RETURNING l.id
"""

# Campaigns for which `campana.advance` has something to do: to start, to fail what a cancelled one left, to publish, to
# open, to end. The others only wait for their messages, and asking each of them would cost nine statements.
READY_SQL = """
SELECT c.id FROM campaigns_campanasms c
WHERE c.completado_en IS NULL AND CASE c.estado
    WHEN 'pendiente' THEN c.programada_para IS NULL OR c.programada_para <= now()
    WHEN 'cancelado' THEN true
    WHEN 'procesando' THEN
        EXISTS (SELECT FROM campaigns_lote l
            WHERE l.campana_id = c.id AND l.estado = 'abierto' AND l.publicar_desde <= now())
        OR ((SELECT count(*) FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado = 'abierto') < %(window)s
            AND (SELECT 1 FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado = 'pendiente' LIMIT 1) = 1)
        OR (SELECT 1 FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado <> 'cerrado' LIMIT 1) IS NULL
    ELSE false END
ORDER BY c.id
"""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep found: expired leases, Lotes moved on, Lotes whose tasks were lost, campaigns to move on."""

    leases: int
    closed: int
    lost: int
    campaigns: int


def sweep() -> Sweep | None:
    """Sweep once, or return None when another sweep is under way."""
    with locks.alone(locks.SWEEP) as held:
        return _sweep() if held else None


def _sweep() -> Sweep:
    leases = ledger.expire_leases()
    movable = _rows(MOVABLE_SQL)
    closed = sum(_guarded(lotes.close, lote_id, f"Lote {lote_id}") for (lote_id,) in movable)
    waiting = _waiting()
    full = FULL_WINDOWS * settings.LOTES_EN_VUELO * settings.LOTE_SIZE
    quiet = settings.LOTE_LOST_AFTER_S * (1 if waiting == 0 else BUSY_FACTOR)
    lost = _rows(LOST_SQL, {"quiet": quiet}) if waiting is not None and waiting < full else []
    ocurrencias.atender_vencidas()  # a new campaign is ready at once
    ready = _rows(READY_SQL, {"window": settings.LOTES_EN_VUELO})
    for (campana_id,) in ready:
        _guarded(campana.advance, campana_id, f"campaign {campana_id}")
    found = Sweep(leases, closed, len(lost), len(ready))
    if leases or lost:
        logger.warning("sweep: %s", found)
    return found


def _guarded(step: Callable[[int], object], pk: int, what: str) -> bool:
    """Take one step; False when it failed: one campaign in trouble must not keep the sweeper from the others."""
    try:
        step(pk)
    except Exception:
        if not connection.is_usable():
            raise  # the sweep's lock went with the connection
        logger.exception("%s could not be moved on; the next sweep tries again", what)
    else:
        return True
    return False


def _rows(sql: str, params: dict[str, float] | None = None) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _waiting() -> int | None:
    """How many messages' tasks wait in the broker; None when it does not answer: then it takes none either."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return int(client.llen(QUEUE))
    except RedisError:
        return None
