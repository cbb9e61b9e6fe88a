"""PostgreSQL's return: whether it still knows all that it had said, and what follows if it does not.

Each process looks every second, and whoever cannot claim looks at once. A plain restart changes nothing. After a
promoted standby or a restored backup nobody can claim until one of them has put in quarantine what may have been sent;
each writes again what it remembers.
"""

import logging
from threading import Lock
from typing import Final

from django.db import connection

from campaigns.programaciones import ocurrencias
from workers.engine.base import epoch
from workers.engine.base.epoch import Epoch
from workers.engine.lote import quarantine
from workers.engine.lote.quarantine import Since
from workers.engine.message import given_up
from workers.engine.message.memory import failed_before, memory, write_again

logger = logging.getLogger(__name__)

SILENT: Final = (
    "PostgreSQL does not answer %s: after each of its restarts what was published is looked up at Twilio before it is"
    " sent, for nobody can tell whether commits were lost (docs/production.md, Managed PostgreSQL)"
)
# Seconds between two looks of a process.
LOOK_S: Final = 1.0


class Watch:
    """One process's view of the server."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: Epoch | None = None

    def look(self) -> bool:
        """See whether the server is the one that this process knew, and let messages be claimed again when it is safe.

        Returns:
            Whether messages may be claimed now and could not be a moment before.

        Raises:
            django.db.Error: it is away.
        """
        with self._lock:
            now, last = epoch.look(), self._last
            if now.untold and last is None:
                logger.warning(SILENT, " and ".join(now.untold))
            current = epoch.is_current()
            if not (current and last and now.is_run_of(last)):
                self._return(now, last, current=current)
            self._last = now
            return not current

    def _return(self, now: Epoch, last: Epoch | None, *, current: bool) -> None:
        known = epoch.known()
        # Another process may have let messages be claimed that did not know how far the log had come.
        earlier = last is not None and now.linea == last.linea and now.posicion < last.posicion
        lost = any(before is not None and not now.follows(before) for before in (last, known))
        write_again(memory.all(), lost=lost)
        if lost:
            for log_id, token, sid, entrega in failed_before(memory.all()):
                given_up.sent_and_forgotten(log_id, token=token, sid=sid, entrega=entrega)
        if lost and (earlier or not current):
            hold(quarantine.since(), until=None if current else now)
        elif not current:
            epoch.write(now)


def hold(covers: Since, *, until: Epoch | None = None) -> int:
    """Put in quarantine all that may have been sent; return how many rows.

    Args:
        until: the server as it is now, in which messages may be claimed once it is done, by this process or another;
            None when they may be claimed already.
    """
    try:
        # What a schedule owes is made now: it may have been made and sent before, and be forgotten.
        ocurrencias.atender_vencidas()
    except Exception:
        if not connection.is_usable():
            raise
        logger.exception("what the schedules owe could not be made")
    # In the order in which a Lote goes: one that is retried meanwhile is found by the next step.
    quarantine.doubt_retries(covers)
    lotes = quarantine.doubt_lotes(covers)
    rows = 0
    while found := quarantine.doubt_rows(covers):
        rows += found
        if until and epoch.is_current():
            break  # somebody else was quicker
    if until:
        epoch.write(until)
    logger.critical(
        "PostgreSQL has lost commits: %s messages and %s Lotes that may have been sent since %s are looked up first",
        rows,
        lotes,
        covers.desde,
    )
    return rows


watch = Watch()


def round_of_watch() -> float:
    """Look once; return the seconds until the next look."""
    watch.look()
    return LOOK_S
