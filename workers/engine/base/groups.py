"""One statement for what several threads of a process want at the same moment, by two policies.

`Batches` gathers for a moment, in a thread of its own, and answers nobody. `Grouping` gathers what comes while the
statement before is under way, in the threads that wait for its answers.
"""

import logging
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import sleep
from typing import Final, Generic, TypeVar

from django.db import connections

from core.postgresql import lending

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 500


class Batches(Generic[T]):
    """A thread of its own takes items in batches, in the order they were put; who puts one does not wait for it.

    The first of a batch waits some milliseconds for company: a busy worker's threads pass on what came of a message
    and take up the next one. Until it is started, and after it was stopped, each item is worked on at once by the
    thread that puts it.

    Args:
        name: of the thread.
        work: does a batch; must not raise.
        gather_s: how long the first of a batch waits for company, in seconds.
    """

    def __init__(self, name: str, work: Callable[[list[T]], None], *, gather_s: float) -> None:
        self._name = name
        self._work = work
        self._gather_s = gather_s
        self._queue: SimpleQueue[T | None] = SimpleQueue()
        self._thread: Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def put(self, item: T) -> None:
        if self._thread is None:
            self._work([item])
        else:
            self._queue.put(item)

    def start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self, timeout: float | None = None) -> bool:
        """Finish what was put and end the thread.

        Args:
            timeout: seconds.

        Returns:
            False when it is still at it.
        """
        thread = self._thread
        if thread is None:
            return True
        self._queue.put(None)
        thread.join(timeout)
        if thread.is_alive():
            return False
        self._thread = None
        return True

    def _run(self) -> None:
        lending.keep_own()  # all messages wait for this thread
        try:
            while self._one():
                pass
        finally:
            connections.close_all()  # this thread's own

    def _one(self) -> bool:
        """Do the next batch; False when it was the last."""
        batch, ended = self._next()
        if batch:
            try:
                self._work(batch)
            except Exception:
                logger.exception("%s: a batch of %s failed", self._name, len(batch))
        return not ended

    def _next(self) -> tuple[list[T], bool]:
        """The next batch, and whether it is the last."""
        first = self._queue.get()
        if first is None:
            return [], True
        sleep(self._gather_s)
        batch = [first]
        while len(batch) < MOST:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False


class _Entry(Generic[T, R]):
    __slots__ = ("answer", "error", "item", "written")

    def __init__(self, item: T) -> None:
        self.item = item
        self.written = False
        self.answer: R | None = None
        self.error: Exception | None = None


class Grouping(Generic[T, R]):
    """The thread that comes first writes for those that have come meanwhile; each waits, and gets its own answer.

    No thread waits for company: the threads that come while a statement runs share the next one. So a quiet web
    writes at once, and a busy one writes in larger groups.

    Args:
        write: writes a group, in the order of arrival, and returns the answer to each.
    """

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._write = write
        self._arrived: list[_Entry[T, R]] = []
        self._arriving, self._writing = Lock(), Lock()

    def put(self, item: T) -> R:
        """Write the item, alone or with those of other threads, and return once it is written.

        Raises:
            Exception: what `write` raised for the item's group.
        """
        entry: _Entry[T, R] = _Entry(item)
        with self._arriving:
            self._arrived.append(entry)
        with self._writing:
            if not entry.written:  # nobody took it along: this thread writes for all that are here
                with self._arriving:
                    group, self._arrived = self._arrived, []
                self._settle(group)
        if entry.error is not None:
            raise entry.error
        return entry.answer  # type: ignore[return-value]  # set by `_settle`

    def _settle(self, group: list[_Entry[T, R]]) -> None:
        try:
            answers = self._write([entry.item for entry in group])
            for entry, answer in zip(group, answers, strict=True):
                entry.answer = answer
        except Exception as error:
            for entry in group:
                entry.error = error
        finally:
            for entry in group:
                entry.written = True
