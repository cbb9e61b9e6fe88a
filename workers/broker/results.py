"""Celery's Redis result backend, counting a chord's parts in groups.

Celery counts each part by a Lua script of its own and keeps each part's result for the callback. The parts of a Lote
have no result: what came of them is in the ledger. So a part is its index in a set, and the parts that end within some
milliseconds, of one chord, are added to it at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from celery import Celery, current_app
from celery.backends.redis import RedisBackend
from redis.commands.core import Script

# KEYS: the parts that ended, the chord's size, who publishes the callback. ARGV: seconds to keep them, the indexes.
# A part that comes twice counts once; of those who see the chord complete one publishes. A chord whose size is gone
# (Redis was wiped) never completes: the sweeper closes its Lote.
COUNT_LUA = """
redis.call('SADD', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
local size = tonumber(redis.call('GET', KEYS[2]) or 0)
if size > 0 and redis.call('SCARD', KEYS[1]) >= size and redis.call('SET', KEYS[3], 1, 'NX', 'EX', ARGV[1]) then
    redis.call('UNLINK', KEYS[1], KEYS[2])
    return 1
end
return 0
"""

SETTLED_S = 3600  # how long a completed chord is remembered, in seconds: a part may be delivered once more


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a chord that has ended.

    Args:
        group, index: which part of which chord.
        callback: the chord's callback, as its message carries it.
    """

    group: str
    index: int
    callback: Any


class Backend(RedisBackend):
    """Celery's Redis result backend, which counts parts together."""

    def __init__(self, app: Celery, **kwargs: Any) -> None:
        super().__init__(app=app, **kwargs)
        self.app = app
        # One for all threads of the process: otherwise Celery keeps one in each (`celery.app.base.Celery._backend`),
        # with connections of its own. redis-py's client and its pool may be shared.
        self.thread_safe = True

    @cached_property
    def _count(self) -> Script:
        script: Script = self.client.register_script(COUNT_LUA)
        return script

    def on_chord_part_return(
        self, request: Any, state: str, result: Any, propagate: bool | None = None, **kwargs: Any
    ) -> None:
        """Count a part that Celery itself has run, however it ended: the callback reads the ledger for what came of it.

        Those that a worker fetches end in its loop, which counts them with their outcomes (`workers.engine.message`).
        """
        if request.group is not None and request.group_index is not None:
            self.count([Part(request.group, request.group_index, request.chord)])

    def count(self, parts: Sequence[Part]) -> None:
        """Count parts, and publish the callback of each chord that they complete.

        Raises:
            redis.RedisError, kombu.exceptions.KombuError: some may not have been counted, or not published.
        """
        for group, found in groupby(sorted(parts, key=lambda part: part.group), key=lambda part: part.group):
            same = list(found)
            keys = [self.get_key_for_group(group, suffix) for suffix in (".parts", ".s", ".called")]
            if self._count(keys=keys, args=[SETTLED_S, *(part.index for part in same)]):
                self.app.signature(same[0].callback).apply_async()


def backend() -> Backend:
    """Return the application's result backend.

    Raises:
        TypeError: another is configured.
    """
    found = current_app.backend
    if not isinstance(found, Backend):
        raise TypeError(f"CELERY_RESULT_BACKEND is {type(found).__name__}")
    return found
