"""The connections of a worker process: lent to whoever has something to do, and kept open from one loan to the next.

A worker has dozens of threads, few of which ask PostgreSQL at the same moment. Django would keep a connection for each,
and many workers would need thousands of the server's. So a thread gives its connection back at the end of what it has
to do (`rest`), a task, a round of a timer, a step of a message, and before it waits for somebody else's server; the
next thread takes it as it is. Whoever finds none free waits for one.

The tasks never take all of them: the timers, by which everything is found that got lost, have their part. Nor do those
that take minutes, as the night's do and the merge of an import, take those of the tasks: one of them at a time has one
(`long_work`). A thread that must not wait for others has one of its own (`keep_own`): it is not lent.

Nothing of this holds in other processes: there a thread's connection is its own.
"""

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from typing import Any, Final

import psycopg2
from django.conf import settings
from django.db import connection
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

# Seconds that a thread waits for a connection before it counts as failed. Longer than any statement may take.
WAIT_S: Final = 35.0
# … and long work for the one that it gets. Longer than the merge of an import may take.
LONG_WAIT_S: Final = 1_000.0
# … and for others to take it, between two of its steps.
YIELD_S: Final = 0.02
NONE_FREE: Final = "all of this process's connections to PostgreSQL are in use"


class Kind(Enum):
    """Each has to share with the others of its kind."""

    TASK = "task"
    LONG = "long"  # a task that takes minutes
    TIMER = "timer"


class Lender:
    """The connections of a process.

    Args:
        most: that are lent at a time, or kept.
        tasks: of these, to threads that are no timers. One of them at most is lent to long work.
        max_age_s: seconds after which one is not lent again.
        wait_s: how long to wait for one, in seconds.
        long_wait_s: how long long work waits for other long work, in seconds.
    """

    def __init__(
        self, *, most: int, tasks: int, max_age_s: float, wait_s: float = WAIT_S, long_wait_s: float = LONG_WAIT_S
    ) -> None:
        everybody = threading.BoundedSemaphore(most), wait_s
        of_tasks = threading.BoundedSemaphore(tasks), wait_s
        of_long = threading.BoundedSemaphore(1), long_wait_s
        # What each has to get, in this order, and for how long it waits.
        self._permits = {
            Kind.TIMER: (everybody,),
            Kind.TASK: (of_tasks, everybody),
            Kind.LONG: (of_long, of_tasks, everybody),
        }
        self._max_age_s = max_age_s
        self._free: list[Any] = []
        self._born: dict[int, float] = {}

    def take(self, make: Callable[[], Any], *, kind: Kind) -> Any:
        """Return a connection that is free, or another one.

        Args:
            make: connects.
            kind: who asks.

        Raises:
            psycopg2.OperationalError: none was free in time, or the server cannot be reached.
        """
        with ExitStack() as taken:
            for permit, wait_s in self._permits[kind]:
                if not permit.acquire(timeout=wait_s):
                    raise psycopg2.OperationalError(NONE_FREE)
                taken.callback(permit.release)
            found = self._take_free() or self._make(make)
            taken.pop_all()
        return found

    def give_back(self, found: Any, *, kind: Kind) -> None:
        """Take a connection back. One that is broken, old or in a transaction is closed."""
        try:
            fresh = time.monotonic() - self._born.get(id(found), 0.0) < self._max_age_s
            if fresh and not found.closed and found.get_transaction_status() == TRANSACTION_STATUS_IDLE:
                self._free.append(found)
            else:
                self._drop(found)
        finally:
            self.forget(kind=kind)

    def forget(self, *, kind: Kind) -> None:
        """Let another be lent in the place of one that does not come back."""
        for permit, _ in reversed(self._permits[kind]):
            permit.release()

    def close(self) -> None:
        """Close what is not lent."""
        while self._free:
            self._drop(self._free.pop())

    def _take_free(self) -> Any:
        while True:
            try:
                found = self._free.pop()  # the one that was used last
            except IndexError:
                return None
            if is_silent(found):
                return found
            self._drop(found)

    def _make(self, make: Callable[[], Any]) -> Any:
        found = make()
        self._born[id(found)] = time.monotonic()
        return found

    def _drop(self, found: Any) -> None:
        self._born.pop(id(found), None)
        found.close()


class _Thread(threading.local):
    own = False
    kind = Kind.TASK


_thread = _Thread()
_lender: Lender | None = None


def begin(*, most: int, tasks: int) -> None:
    """Lend connections in this process from now on: see `Lender`."""
    global _lender
    _lender = Lender(most=most, tasks=tasks, max_age_s=settings.DATABASES["default"].get("CONN_MAX_AGE") or 0)


def lender() -> Lender | None:
    """Return who lends to this thread; None when its connections are its own."""
    return None if _thread.own else _lender


def keep_own() -> None:
    """Let this thread have a connection of its own, which it keeps."""
    _thread.own = True


def be_timer() -> None:
    """Let this thread wait for no task's connection."""
    _thread.kind = Kind.TIMER


@contextmanager
def long_work() -> Iterator[None]:
    """Let what this thread does take minutes, without keeping the others of its process from their tasks: it shares one
    connection with all other long work. It is a decorator too."""
    before = _thread.kind
    rest()
    _thread.kind = Kind.LONG
    try:
        yield
    finally:
        rest()
        _thread.kind = before


def kind() -> Kind:
    """Return who this thread is to a lender."""
    return _thread.kind


def rest() -> None:
    """Give this thread's connection back, unless it is its own: it has nothing to ask for a while."""
    if lender() is not None and not connection.in_atomic_block:
        connection.close()


def let_others() -> None:
    """Give this thread's connection back between two steps of long work, for a moment: somebody may wait for it."""
    rest()
    if lender() is not None:
        time.sleep(YIELD_S)


def is_silent(found: Any) -> bool:
    """Tell whether the server has said nothing unasked on a connection: one that stopped, or ended it, has."""
    if found.closed:
        return False
    waiting = select.poll()
    waiting.register(found.fileno(), select.POLLIN)
    return not waiting.poll(0)
