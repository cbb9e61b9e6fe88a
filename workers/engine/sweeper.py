"""The sweeper: finds what a lost task, chord, broker or process left undone, and does it.

It looks only at PostgreSQL to know what is due, so wiping Redis loses nothing. Beat calls it every few
seconds; every step is idempotent, so one sweep too many changes nothing.
"""

import logging
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from workers.engine import campana, ledger, locks, lotes

logger = logging.getLogger(__name__)

QUEUE = "envios"
# With other campaigns' tasks in the queue, standing still for this many times longer still means lost.
BUSY_FACTOR = 20

DONE_SQL = """
SELECT l.id, l.campana_id FROM campaigns_lote l
WHERE l.estado IN ('abierto', 'por_conciliar') AND l.publicar_desde IS NULL
    AND NOT EXISTS (SELECT FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.estado IN ('pendiente', 'enviando'))
    AND (l.estado = 'abierto' OR NOT EXISTS (SELECT FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.estado = 'incierto'))
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

# Campaigns that are not over and are not waiting for a person.
ALIVE_SQL = """
SELECT id FROM campaigns_campanasms WHERE completado_en IS NULL AND estado IN ('pendiente', 'procesando', 'cancelado')
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep found: expired leases, Lotes closed, Lotes whose tasks were lost, campaigns looked at."""

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
    done = _rows(DONE_SQL)
    for lote_id, _campana_id in done:
        lotes.close(lote_id)
    quiet = settings.LOTE_LOST_AFTER_S * (1 if _queue_is_empty() else BUSY_FACTOR)
    lost = _rows(LOST_SQL, {"quiet": quiet})
    alive = _rows(ALIVE_SQL)
    for (campana_id,) in alive:
        _advance(campana_id)
    found = Sweep(leases, len(done), len(lost), len(alive))
    if leases or lost:
        logger.warning("sweep: %s", found)
    return found


def _advance(campana_id: int) -> None:
    # One campaign in trouble must not keep the sweeper from the others.
    try:
        campana.advance(campana_id)
    except (DatabaseError, RedisError, KombuError, OSError):
        logger.exception("campaign %s could not be moved on; the next sweep tries again", campana_id)


def _rows(sql: str, params: dict[str, float] | None = None) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _queue_is_empty() -> bool:
    """True when no task waits in the broker. A broker that does not answer cannot be published to either."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return not client.llen(QUEUE)
    except RedisError:
        return False
