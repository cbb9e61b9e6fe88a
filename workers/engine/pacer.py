"""Publishes the slices of limited senders' campaigns when they are due, in every worker process.

The sweeper would do it too, but only every few seconds. Who comes first publishes; the others find nothing to do.
"""

import logging
from threading import Event, Thread
from typing import Final

from django.db import close_old_connections, connection

from workers.engine import campana, database, lotes
from workers.engine.window import LEAST_ROWS

logger = logging.getLogger(__name__)

# Seconds between two looks while nothing is due, and after a failure.
IDLE_S: Final = 1.0

# Seconds until the next slice of each campaign that is in the middle of a Lote; the most urgent first.
NEXT_SQL = """
SELECT l.campana_id, extract(epoch FROM min(l.publicar_desde) - now())::float
FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
WHERE l.estado = 'abierto' AND l.publicado_hasta IS NOT NULL AND l.publicar_desde IS NOT NULL
    AND c.estado = 'procesando'
GROUP BY l.campana_id ORDER BY 2
"""


def pace() -> float:
    """Publish what is due; return the seconds until the next slice is, at most `IDLE_S`."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_SQL)
        waits = cursor.fetchall()
    for campana_id, seconds in waits:
        if seconds > 0:
            return min(float(seconds), IDLE_S)
        pieces = lotes.publish_due(campana_id, most=LEAST_ROWS)
        # The next Lote is opened while the last messages of this one are on their way.
        if pieces and all(piece.until is None for piece in pieces):
            campana.advance(campana_id)
    return 0.0 if waits else IDLE_S


class Pacer:
    """The thread that does it."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        self._stopped.clear()
        self._thread = Thread(target=self._run, name="pacer", daemon=True)
        self._thread.start()

    def stop(self, timeout: float | None = None) -> None:
        """Args:
        timeout: seconds to wait for the end of what it is doing.
        """
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        pause = IDLE_S
        while not self._stopped.wait(pause):
            close_old_connections()
            try:
                pause = pace()
            except Exception:
                logger.exception("slices could not be published; the sweeper will")
                database.drop_connection()
                pause = IDLE_S
        connection.close()


pacer: Final = Pacer()
