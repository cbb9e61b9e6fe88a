"""Copies of recent readings in this process, for callers who ask many times a second while the machine is busy.

Stale while revalidate (RFC 5861): a caller gets the copy at once, and it is read again behind the answer, so that
nobody who asks again and again never waits for the reading. A copy that is too old is given to nobody.
"""

import logging
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

from django.db import close_old_connections

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Reciente(Generic[K, T]):
    """Copies by key; the key must name all that the answer depends on.

    Args:
        read: reads the truth. It runs in the caller's thread or in one of ours, and must know everything by its key.
        fresh_s: a copy older than this, in seconds, is given and read again behind the answer.
        stale_s: a copy older than this, in seconds, is read again before the answer.
    """

    def __init__(self, read: Callable[[K], T], *, fresh_s: float, stale_s: float) -> None:
        self._read = read
        self._fresh_s, self._stale_s = fresh_s, stale_s
        self._copies: dict[K, tuple[float, T]] = {}
        self._reading: set[K] = set()
        self._lock = Lock()
        self._behind: ThreadPoolExecutor | None = None

    def get(self, key: K) -> T:
        """Return the copy, or read it first when it is too old. It raises what `read` raises when there is no copy to
        give."""
        moment, copy = self._copies.get(key, (0.0, None))
        age = time.monotonic() - moment
        if copy is None or age > self._stale_s:
            return self._renew(key)
        if age > self._fresh_s:
            self._renew_behind(key)
        return copy

    def clear(self) -> None:
        with self._lock:
            self._copies = {}

    def _renew(self, key: K) -> T:
        moment = time.monotonic()  # before reading: the copy is as old as the snapshot that it comes from
        value = self._read(key)
        with self._lock:
            self._copies = {k: c for k, c in self._copies.items() if c[0] > moment - self._stale_s} | {
                key: (moment, value)
            }
        return value

    def _renew_behind(self, key: K) -> None:
        with self._lock:
            if key in self._reading:
                return
            self._reading.add(key)
            if self._behind is None:  # not before: a thread does not live on in a forked process
                self._behind = ThreadPoolExecutor(1, thread_name_prefix="reciente")
        self._behind.submit(self._work, key)

    def _work(self, key: K) -> None:
        close_old_connections()
        try:
            self._renew(key)
        except Exception:
            # The copy grows too old, and who asks then hears of it.
            logger.warning("a copy could not be read again", exc_info=True)
        finally:
            with self._lock:
                self._reading.discard(key)
