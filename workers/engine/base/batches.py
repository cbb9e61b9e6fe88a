"""What many threads ask for, done by one thread for all of them: one statement instead of one for each."""

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep
from typing import Final, Generic, TypeVar

from django.db import connections

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST: Final = 500


class Batches(Generic[T]):
    """A thread that takes items in batches, in the order they were put.

    Until it is started, and after it was stopped, each item is worked on at once by the thread that puts it.

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
