"""Answers that many callers ask for again and again, kept for a moment. The truth is in PostgreSQL.

`shared` keeps one copy in Redis for all processes: a hundred tabs cost what one does. When it is stale, one caller
reads the truth, under a lock, and the others take the stale copy. Without Redis each caller reads for itself.

`Recent` keeps copies in this process, for callers who ask many times a second while the machine is busy. It gives a
copy at once and reads the truth behind the answer (stale while revalidate, RFC 5861), so that nobody waits for the
reading. A copy that is too old is given to nobody.
"""

import json
import logging
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from django.core.cache import cache
from django.db import close_old_connections
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# A copy stays this long beyond its time, in seconds, for callers that come while it is read again …
STALE_S: Final = 10.0
# … and a caller that finds none waits this long for the one that is reading, before it reads too.
WAIT_S: Final = 1.0
PAUSE_S: Final = 0.02
# A reader that dies holds the others up no longer.
LOCK_S: Final = 5


class Json:
    """The form in which Redis keeps a value. Django's own is a pickle, which runs whatever who wrote it wants:
    https://docs.djangoproject.com/en/5.2/topics/cache/#redis

    A tuple comes back as a list. What is no JSON, as from before an upgrade, is no value.
    """

    def dumps(self, value: Any) -> bytes | int:
        # Plain numbers stay numbers: Redis adds to them.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None


def shared(key: str, build: Callable[[], T], *, fresh_s: float) -> T:
    """Return what `build` returned within the last `fresh_s` seconds, here or in another process; else call it now.

    Args:
        key: of the answer; it must name all that the answer depends on, the shop above all.
        build: reads the truth: a value of JSON. What it raises is the caller's, and is not kept.
    """
    try:
        found: tuple[float, T] | None = cache.get(key)
        if found and abs(time.time() - found[0]) < fresh_s:
            return found[1]
        if not cache.add(f"{key}:lock", 1, LOCK_S):
            return found[1] if found else _wait(key, build)
    except RedisError:
        return build()
    try:
        value = build()
        _keep(key, value, fresh_s)
    finally:
        forget(f"{key}:lock")
    return value


def forget(*keys: str) -> None:
    """Drop answers that something has just made wrong. It never raises an error of Redis."""
    try:
        cache.delete_many(keys)
    except RedisError:
        return


def _keep(key: str, value: object, fresh_s: float) -> None:
    try:
        cache.set(key, (time.time(), value), fresh_s + STALE_S)
    except RedisError:
        return


def _wait(key: str, build: Callable[[], T]) -> T:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        time.sleep(PAUSE_S)
        found: tuple[float, T] | None = cache.get(key)
        if found:
            return found[1]
    return build()


class Recent(Generic[K, T]):
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
                self._behind = ThreadPoolExecutor(1, thread_name_prefix="recent")
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
