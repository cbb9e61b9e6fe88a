"""Answers that many open pages ask for, read once for all of them.

The truth is in PostgreSQL; Redis keeps one copy of an answer for a moment. When it is stale, one caller
reads it again, under a lock, and the others take the stale copy: a hundred tabs cost what one does. Without Redis each
caller reads for itself.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

T = TypeVar("T")

# A copy stays this long beyond its time, in seconds, for callers that come while it is read again …
STALE_S: Final = 10.0
# … and a caller that finds none waits this long for the one that is reading, before it reads too.
WAIT_S: Final = 1.0
PAUSE_S: Final = 0.02
# A reader that dies holds the others up no longer.
LOCK_S: Final = 5


def shared(key: str, build: Callable[[], T], *, fresh_s: float) -> T:
    """Return what `build` returned within the last `fresh_s` seconds, here or in another process; else call it now.

    Args:
        key: of the answer; it must name all that the answer depends on, the shop above all.
        build: reads the truth. What it raises is the caller's, and is not kept.
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
