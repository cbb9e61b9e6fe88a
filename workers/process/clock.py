"""A timer in a thread of its own, which nothing ends but `stop`."""

import logging
import threading
from collections.abc import Callable

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from core.postgresql import lending
from workers.engine.base import database

logger = logging.getLogger(__name__)

# Pauses in seconds after failures in a row; the last one again and again.
PAUSES_S = (0.5, 1.0, 2.0, 5.0)
# How long a stop waits for the round that is under way. It is idempotent, and PostgreSQL rolls back what it leaves.
STOP_S = 5.0


class Clock(threading.Thread):
    """Does a round of work again and again.

    A round that fails is logged, the first of a row of failures only, and tried again after a pause: an hour without
    PostgreSQL is two lines, not thousands.

    Args:
        name: of the thread, and in the log.
        work: does one round, and returns the seconds until the next.
        own: whether it keeps a connection to PostgreSQL of its own; else it borrows one for each round.
    """

    def __init__(self, name: str, work: Callable[[], float], *, own: bool = False) -> None:
        super().__init__(name=name, daemon=True)  # a process that ends without `stop` is not kept alive
        self._work = work
        self._own = own
        self._stopping = threading.Event()
        self._failures = 0

    def run(self) -> None:
        if self._own:
            lending.keep_own()
        lending.be_timer()
        pause = 0.0
        while not self._stopping.wait(max(pause, 0.0)):
            pause = self._round()
            lending.rest()
        connection.close()

    def stop(self) -> None:
        """End it, with the round that is under way if that takes no longer than STOP_S."""
        self._stopping.set()
        if self.is_alive():
            self.join(STOP_S)

    def _round(self) -> float:
        try:
            close_old_connections()  # one that PostgreSQL's restart broke is replaced, as Django does for requests
            pause = self._work()
        except BaseException as error:  # an exit too would end this thread only, and without a word
            return self._failed(error)
        if self._failures:
            logger.warning("%s works again, after %s failures", self.name, self._failures)
            self._failures = 0
        return pause

    def _failed(self, error: BaseException) -> float:
        if self._failures == 0:
            # A database that is away needs no traceback.
            unexpected = None if isinstance(error, DatabaseError) else error
            logger.error("%s failed and goes on trying: %r", self.name, error, exc_info=unexpected)
        pause = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        database.drop_connection()
        return pause
