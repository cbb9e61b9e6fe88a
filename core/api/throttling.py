"""Rates of the API, counted in Redis and shared by every web process.

By limits' sliding window counter. Where many calls are allowed, each process takes a few at once from the count and
hands them out, so that most calls wait for no Redis. They fail open: a Redis that is down must not stop a shop from
starting a campaign.
"""

import logging
import time
from functools import cache
from threading import Lock
from typing import Any, Final, cast

import redis
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

from core.models import Usuario

logger = logging.getLogger(__name__)

KEY_PREFIX: Final = "sms:ritmo"
# A process takes so many calls at once, where they are a hundredth of what is allowed or less, for callers who have
# just made as many within the time after which it gives up what it has not handed out: those will use them.
TAKEN_AT_ONCE: Final = 10
TAKEN_OF: Final = 100
TAKEN_FOR_S: Final = 5.0


class Taken:
    """Calls that this process may hand out, by whose they are, and how many each has just made here."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[int, int, float]] = {}  # left, made, until
        self._lock = Lock()

    def hand_out(self, key: str) -> bool:
        """Whether there was one."""
        with self._lock:
            left, made, until = self._held.get(key, (0, 0, 0.0))
            if not left or until < time.monotonic():
                return False
            self._held[key] = left - 1, made + 1, until
            return True

    def most(self, key: str) -> int:
        """How many to take at once."""
        _, made, until = self._held.get(key, (0, 0, 0.0))
        return TAKEN_AT_ONCE if made >= TAKEN_AT_ONCE and until >= time.monotonic() else 1

    def add(self, key: str, calls: int) -> None:
        """One call was made, and so many more may be handed out."""
        now = time.monotonic()
        with self._lock:
            _, made, until = self._held.get(key, (0, 0, 0.0))
            if until < now:
                self._held = {k: held for k, held in self._held.items() if held[2] >= now}
            if calls or until < now:
                made, until = 0, now + TAKEN_FOR_S
            self._held[key] = calls, made + 1, until

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


taken: Final = Taken()


class FailOpen(SimpleRateThrottle):
    """Who is asking, and how often they may, are the framework's; the counting is not."""

    # Read from the rate by the framework; it tells no types.
    num_requests: int | None
    duration: int | None

    _refused: tuple[RateLimitItem, str] | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        asked = self._counted(request, view)
        if asked is None:
            return True
        item, key = asked
        if item.amount >= TAKEN_AT_ONCE * TAKEN_OF:
            if taken.hand_out(key):
                return True
            most = taken.most(key)
            if self._ask("hit", item, key, cost=most):
                taken.add(key, most - 1)
                return True
            if most == 1:
                self._refused = asked
                return False
        if self._ask("hit", item, key):
            return True
        self._refused = asked
        return False

    def wait(self) -> float | None:
        """Seconds until another call may be allowed, after one was refused."""
        if self._refused is None:
            return None
        try:
            stats = _limiter().get_window_stats(*self._refused)
        except RedisError:
            return None
        return max(1.0, stats.reset_time - time.time())

    def _counted(self, request: Request, view: Any) -> tuple[RateLimitItem, str] | None:
        """The limit and whose count it is; None when it does not concern them."""
        if not self.num_requests or not self.duration:
            return None
        key = self.get_cache_key(request, view)
        return (RateLimitItemPerSecond(self.num_requests, self.duration), key) if key else None

    def _ask(self, what: str, item: RateLimitItem, key: str, cost: int = 1) -> bool:
        try:
            return bool(getattr(_limiter(), what)(item, key, cost=cost))
        except RedisError as error:
            logger.warning("throttle %s is off: %s", self.scope, error)
            return True


class UserThrottle(FailOpen, UserRateThrottle):
    scope = "usuario"


class AddressThrottle(FailOpen, AnonRateThrottle):
    scope = "direccion"


class TrialThrottle(FailOpen, UserRateThrottle):
    """Trials of alerts, by shop: each is several calls to whom the shop names."""

    scope = "prueba"

    def get_cache_key(self, request: Request, view: Any) -> str:
        usuario = cast("Usuario", request.user)  # nobody else gets as far as this
        return str(self.cache_format % {"scope": self.scope, "ident": usuario.tenant_id})


class LoginThrottle(FailOpen, AnonRateThrottle):
    """Password guesses, by address."""

    scope = "ingreso"


class LinkThrottle(FailOpen, AnonRateThrottle):
    """Visits to opt-out links, by address. Carriers put thousands of phones behind one."""

    scope = "enlace"


class WrongLinkThrottle(FailOpen, AnonRateThrottle):
    """Links that are none of ours, by address: `allow_request` counts one."""

    scope = "enlace_errado"

    def is_spent(self, request: Request) -> bool:
        """Whether the address has guessed too often, without counting."""
        asked = self._counted(request, None)
        return asked is not None and not self._ask("test", *asked)


def _limiter() -> SlidingWindowCounterRateLimiter:
    """On the cache's server, or in this process where there is none."""
    cached = settings.CACHES["default"]
    options = cached.get("OPTIONS", {})
    return _limiter_at(cached.get("LOCATION", ""), options.get("socket_timeout"), options.get("socket_connect_timeout"))


@cache
def _limiter_at(url: str, timeout: float | None, connect_timeout: float | None) -> SlidingWindowCounterRateLimiter:
    if not url:
        return SlidingWindowCounterRateLimiter(MemoryStorage())
    pool = redis.ConnectionPool.from_url(url, socket_timeout=timeout, socket_connect_timeout=connect_timeout)
    # The pool knows the server; of the address the storage only reads the kind.
    return SlidingWindowCounterRateLimiter(RedisStorage("redis://", pool, key_prefix=KEY_PREFIX))
