"""The sweeper: finds what a lost task, chord, broker or process left undone, and does it.

It looks only at PostgreSQL to know what is due, so wiping Redis loses nothing. A timer in every worker process calls it
every few seconds, and beat too (see `workers.engine.rounds.rounds`); every step is idempotent, so one sweep too many
changes nothing.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from celery import current_app
from django.conf import settings
from django.db import connection

from campaigns.programaciones import ocurrencias
from campaigns.values.estados import CAMPANA, ESPERA_APROBACION, ESPERA_FECHA, ESPERA_VENTANA, LOTE, SMS
from campaigns.values.wake import AVANZAR
from core import queues
from core.postgresql import lending
from core.senders import NO_LIMIT
from workers.engine.base import locks
from workers.engine.campaign import campana, envio
from workers.engine.lote import closing
from workers.engine.lote.flight import EN_VUELO, POR_PUBLICAR
from workers.engine.message import ledger
from workers.engine.publish import losses, probe, window
from workers.engine.publish.window import SIN_LIMITE, VENTANAS
from workers.metrics.measures import Closer

logger = logging.getLogger(__name__)

# Open Lotes of which everything was tried, and Lotes waiting for an answer about uncertain rows that have none left or
# have rows to send again (a worker that woke up late gave them back). Whether a publication is due makes no difference.
# An open one of which a row ended just now is left to its chord, whose callback is on its way: to sweep it at once
# would only race it. A sub-select with LIMIT, unlike EXISTS, is never turned into one scan of all that was ever sent.
MOVABLE_SQL = f"""
SELECT l.id FROM campaigns_lote l
WHERE l.estado IN {LOTE.EN_CURSO} AND CASE l.estado
    WHEN {LOTE.ABIERTO} THEN (SELECT 1 FROM campaigns_smslog s
        WHERE s.lote_id = l.id AND s.estado IN {SMS.POR_ENVIAR} LIMIT 1) IS NULL
        AND (SELECT coalesce(max(s.actualizado) FILTER (WHERE s.estado IN {SMS.FINALES}), '-infinity')
            FROM campaigns_smslog s WHERE s.lote_id = l.id) <= now() - %(patience)s * interval '1 second'
    ELSE (SELECT 1 FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = {SMS.INCIERTO} LIMIT 1) IS NULL
        OR (SELECT 1 FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = {SMS.PENDIENTE} LIMIT 1) = 1
    END
"""  # noqa: S608 - constants

# Campaigns for which `campana.advance` has something to do: to start, to pause because their shop was disabled, to fail
# what a cancelled or overdue one left, to begin a jornada, to publish, to open, to end. The others only wait, for their
# messages or for the next window, and asking each of them would cost ten statements.
READY_SQL = f"""
WITH {VENTANAS}
SELECT c.id FROM campaigns_campanasms c JOIN core_usuario u ON u.id = c.usuario_id LEFT JOIN ventanas v ON v.id = c.id
WHERE c.completado_en IS NULL AND CASE
    WHEN c.estado = {CAMPANA.CANCELADO} OR c.vence_en <= now() THEN true
    WHEN {ESPERA_APROBACION.sql("c.")} OR {ESPERA_FECHA.sql("c.")} THEN false
    WHEN NOT u.is_active THEN c.estado = {CAMPANA.PROCESANDO}
    WHEN c.estado = {CAMPANA.PENDIENTE} THEN true
    WHEN c.estado = {CAMPANA.PAUSADO} THEN c.reanuda_en <= now()
    WHEN (SELECT 1 FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado <> {LOTE.CERRADO} LIMIT 1) IS NULL
        THEN true
    WHEN {ESPERA_VENTANA.sql("c.")} THEN false
    WHEN c.cierra_en IS NULL OR c.cierra_en <= now() THEN true
    ELSE EXISTS (SELECT FROM campaigns_lote l
            WHERE l.campana_id = c.id AND l.estado = {LOTE.ABIERTO}
                AND l.publicar_desde <= now() - CASE WHEN v.id IS NULL THEN %(left)s ELSE 0 END * interval '1 second')
        OR (CASE WHEN v.id IS NULL THEN (SELECT 1 FROM campaigns_lote l
                    WHERE l.campana_id = c.id AND l.estado = {LOTE.ABIERTO} AND {POR_PUBLICAR} LIMIT 1) IS NULL
                ELSE (SELECT count(*) FROM campaigns_lote l
                    WHERE l.campana_id = c.id AND l.estado = {LOTE.ABIERTO} AND {EN_VUELO})
                    < greatest(1, v.filas / %(lote)s)
                END
            AND (SELECT 1 FROM campaigns_lote l WHERE l.campana_id = c.id AND l.estado = {LOTE.PENDIENTE} LIMIT 1) = 1)
    END
ORDER BY c.id
"""  # noqa: S608 - constants

# Of senders without a limit: those with one are taken from any campaign, by `workers.engine.lote.due`.
DUE_SQL = f"""
SELECT l.campana_id, extract(epoch FROM min(l.publicar_desde) - now())
FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
WHERE c.estado = {CAMPANA.PROCESANDO} AND c.cierra_en > now() AND l.estado = {LOTE.ABIERTO}
    AND l.publicar_desde <= now() + %(ahead)s * interval '1 second' AND {SIN_LIMITE}
GROUP BY l.campana_id ORDER BY 2
"""  # noqa: S608 - constants

# What is due of a sender with a limit is left to the publishing clocks for so many seconds.
LEFT_S: Final = 5.0
# What is due later than in so many seconds is looked for again until then.
SOON_S: Final = 2.0
# Lotes of senders with a limit that a process takes at a time: the others have their part.
PACED_MOST: Final = 50

# So many campaigns a sweep moves on by itself; more are handed to all workers. It is quicker than a task for each.
ALONE: Final = 20

BROKER_DOWN = "the broker does not answer: nothing can be published"


@dataclass(frozen=True, slots=True)
class Sweep:
    """The finds of one sweep: expired leases, Lotes moved on, Lotes whose tasks were lost, campaigns to move on."""

    leases: int
    closed: int
    lost: int
    campaigns: int


def patience_s() -> float:
    """Seconds that a Lote is left to its chord after its last row has ended: an invariant gives 30 in all."""
    return min(settings.SWEEP_INTERVAL_S, 10.0)


def sweep() -> Sweep | None:
    """Sweep once, or return None when another sweep is under way."""
    with locks.alone(locks.SWEEP) as held:
        try:
            return _sweep() if held else None
        except locks.LostError:
            logger.warning("this sweep took too long, and another process has begun one")
            return None


def ready_params() -> dict[str, float | bool]:
    """The parameters of `READY_SQL`."""
    return {**window.params(), "lote": settings.LOTE_SIZE, "left": LEFT_S}


def _sweep() -> Sweep:
    leases = ledger.expire_leases()
    movable = _rows(MOVABLE_SQL, {"patience": patience_s()})
    closed = sum(_guarded(partial(closing.close, lote_id, Closer.SWEEP), f"Lote {lote_id}") for (lote_id,) in movable)
    lost = losses.publish_again()
    ocurrencias.atender_vencidas()  # a new campaign is ready at once
    ready = [campana_id for (campana_id,) in _rows(READY_SQL, ready_params())]
    seen, publish = len(ready), probe.answers()
    if publish and len(ready) > ALONE:
        ready = _hand_over(ready)
    _advance(ready, publish=publish)
    found = Sweep(leases, closed, len(lost), seen)
    if leases or lost:
        logger.warning("sweep: %s", found)
    return found


def _hand_over(campana_ids: list[int]) -> list[int]:
    """Ask all workers to move these campaigns on; return those that are left to this sweep.

    While tasks wait in their queue nothing is added: what is ready then may stand there already, and the sweep helps
    whoever is at it. So nothing depends on the queue, and it never grows from one sweep to the next.
    """
    if probe.waiting(queues.CAMPANAS) != 0:
        return campana_ids
    for n, campana_id in enumerate(campana_ids):
        locks.still_here()
        try:
            current_app.send_task(AVANZAR, args=[campana_id])
        except probe.ERRORS as error:
            logger.warning("campaigns could not be handed over: %s", error)
            return campana_ids[n:]
    return []


def _advance(campana_ids: list[int], *, publish: bool) -> None:
    """Move campaigns on. The broker's first failure is its last: it must not keep all of them waiting in turn."""
    for campana_id in campana_ids:
        what = f"campaign {campana_id}"
        if publish:
            try:
                _guarded(partial(campana.advance, campana_id), what)
            except probe.ERRORS as error:
                logger.warning("%s: %s", BROKER_DOWN, error)
                publish = False
        if not publish:
            _guarded(partial(campana.advance, campana_id, publish=False), what)


def publish_due() -> float | None:
    """Publish the Lotes of senders without a limit whose time has come, without waiting for the next sweep.

    Returns:
        Seconds until the next one's time, 0 to look again; None when there is none soon, or something is wrong.
    """
    due = _rows(DUE_SQL, {"ahead": SOON_S, "sin_limite": settings.SENDER_SEGMENTS_PER_S == NO_LIMIT})
    now = [campana_id for campana_id, seconds in due if seconds <= 0]
    if not now:
        return min((float(seconds) for _, seconds in due), default=None)
    if not probe.answers():
        return None
    for campana_id in now:
        try:
            if not _guarded(partial(_publish, campana_id), f"campaign {campana_id}"):
                return None
        except probe.ERRORS as error:
            logger.warning("%s: %s", BROKER_DOWN, error)
            return None
    return 0.0  # what was published may have set the time of what follows it


def _publish(campana_id: int) -> None:
    envio.publish_due(campana_id, most=window.of(campana_id).rows)


def publish_paced() -> int:
    """Publish what is due of senders with a limit; return of how many Lotes. Each process does it for what the others
    have not taken.

    A sender's next Lote is opened while the last messages of this one are on their way.
    """
    try:
        pieces = envio.publish_paced(most=PACED_MOST)
        for campana_id, piece in pieces:
            if piece.until is None:
                _guarded(partial(campana.advance, campana_id), f"campaign {campana_id}")
    except probe.ERRORS as error:
        logger.warning("%s: %s", BROKER_DOWN, error)
        return 0
    return len(pieces)


def _guarded(step: Callable[[], object], what: str) -> bool:
    """Take one step; False when it failed: one campaign in trouble must not keep the sweeper from the others.

    Raises:
        probe.ERRORS: the step wanted to publish.
    """
    lending.rest()  # between two campaigns others come in
    locks.still_here()
    try:
        step()
    except probe.ERRORS:
        raise
    except Exception:
        if not connection.is_usable():
            raise
        logger.exception("%s could not be moved on; the next sweep tries again", what)
    else:
        return True
    return False


def _rows(sql: str, params: Mapping[str, float] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
