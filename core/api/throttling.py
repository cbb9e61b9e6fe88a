"""Rates of the API, counted in Redis and shared by every web process.

The sliding-window counter of `limits` counts calls. Where many calls are allowed, each process takes a few at once from
the count and hands them out, so that most calls wait for no Redis. They fail open: a Redis that is down must not stop a
shop from starting a campaign. Only guesses do not (`count_here_too`): then each process counts for itself.
"""

import hashlib
import logging
import time
from contextlib import suppress
from functools import cache
from threading import Lock
from typing import Any, Final, cast

import redis
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, BaseThrottle, SimpleRateThrottle, UserRateThrottle

from core.addresses import network_of
from core.models import Usuario
from core.permisos import Accion

logger = logging.getLogger(__name__)

KEY_PREFIX: Final = "sms:ritmo"
# A process takes so many calls at once, where they are a hundredth of what is allowed or less, for callers who have
# just made as many within the time after which it gives up what it has not handed out: those will use them.
TAKEN_AT_ONCE: Final = 10
TAKEN_OF: Final = 100
TAKEN_FOR_S: Final = 5.0


class Taken:
    """Calls that this process may hand out, by the caller's key, and how many each key has just made here."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[int, int, float]] = {}  # left, made, until
        self._lock = Lock()

    def hand_out(self, key: str) -> bool:
        """Take one from the stock; return whether there was one."""
        with self._lock:
            left, made, until = self._held.get(key, (0, 0, 0.0))
            if not left or until < time.monotonic():
                return False
            self._held[key] = left - 1, made + 1, until
            return True

    def most(self, key: str) -> int:
        """Return how many to take at once."""
        _, made, until = self._held.get(key, (0, 0, 0.0))
        return TAKEN_AT_ONCE if made >= TAKEN_AT_ONCE and until >= time.monotonic() else 1

    def add(self, key: str, calls: int) -> None:
        """Note that one call was made, and that `calls` more may be handed out."""
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
# What this process has counted for itself.
counted_here: Final = MemoryStorage()


class FailOpen(SimpleRateThrottle):
    """A throttle that lets everybody pass when the counting fails; the framework decides who is asking and how often
    they may."""

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
        """Return the seconds until another call may be allowed, after one was refused."""
        if self._refused is None:
            return None
        try:
            stats = _limiter().get_window_stats(*self._refused)
        except RedisError:
            return None
        return max(1.0, stats.reset_time - time.time())

    def _counted(self, request: Request, view: Any) -> tuple[RateLimitItem, str] | None:
        """Return the limit and the caller's key; None when the limit is not about this caller."""
        if not self.num_requests or not self.duration:
            return None
        key = self.get_cache_key(request, view)
        return (RateLimitItemPerSecond(self.num_requests, self.duration), key) if key else None

    def get_ident(self, request: Request) -> str:
        return network_of(super().get_ident(request))

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


OTRA_VEZ: Final = RateLimitItemPerSecond(1, 600)
# Of the API, the lists that name people.
LISTAS: Final = ("clientes/", "ventas/", "entrantes/", "bajas/")
DE_PERSONAS: Final = frozenset(
    f"api/v1/{route}" for route in (*LISTAS, *(f"{route}<int:pk>/" for route in LISTAS), "campanas/<int:pk>/logs/")
)


def solo_lee(usuario: Any) -> bool:
    """Tell whether the person sees phones and may not export: then they see so many an hour, and pages are small."""
    sees = usuario.is_authenticated and usuario.puede(Accion.VER_TELEFONOS)
    return bool(sees and not usuario.puede(Accion.EXPORTAR))


def contar_lectura(usuario: Any, *, vista: str = "") -> float | None:
    """Count a list of people that somebody reads who may not export, on a page or by the API.

    Args:
        vista: what it shows, if it renews itself or is looked at again and again: it counts once in ten minutes.

    Returns:
        None when it is allowed, else the seconds until another may be.
    """
    if not solo_lee(usuario):
        return None
    # Of the address any caller may write as much as they like.
    seen = f"vista:{usuario.pk}:{hashlib.sha256(vista.encode()).hexdigest()[:32]}" if vista else ""
    if seen and spent(OTRA_VEZ, seen) is not None:
        return None
    wait = count_here_too(item_of(settings.READ_RATE), f"lectura:{usuario.pk}")
    if seen and wait is None:  # one that was refused was not seen
        count_here_too(OTRA_VEZ, seen)
    return wait


class ReaderThrottle(BaseThrottle):
    """Reading of people by who may not export. It counts without Redis too: it guards data, not time."""

    _wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        match = request._request.resolver_match
        if request.method != "GET" or match is None or match.route not in DE_PERSONAS:
            return True
        self._wait = contar_lectura(request.user)
        return self._wait is None

    def wait(self) -> float | None:
        return self._wait


class TrialThrottle(FailOpen, UserRateThrottle):
    """Trials of alerts, by shop: each is several calls to whom the shop names."""

    scope = "prueba"

    def get_cache_key(self, request: Request, view: Any) -> str:
        usuario = cast("Usuario", request.user)  # nobody else gets as far as this
        return str(self.cache_format % {"scope": self.scope, "ident": usuario.tenant_id})


def espera_de_prueba(request: HttpRequest, usuario: Usuario) -> float | None:
    """Count a trial that a page makes with the API's own.

    Args:
        request: a page's, which does not know who signed in.

    Returns:
        The seconds to wait before it; None when it may be made.
    """
    asked = Request(request)
    asked.user = usuario
    throttle = TrialThrottle()
    return None if throttle.allow_request(asked, None) else throttle.wait() or 1


class LoginThrottle(FailOpen, AnonRateThrottle):
    """Password guesses: `core.guesses` counts them, at this rate."""

    scope = "ingreso"

    def item(self) -> RateLimitItem | None:
        """Return the rate; None where there is none."""
        if not self.num_requests or not self.duration:
            return None
        return RateLimitItemPerSecond(self.num_requests, self.duration)


class LinkThrottle(FailOpen, AnonRateThrottle):
    """Visits to opt-out links, by address. Carriers put thousands of phones behind one."""

    scope = "enlace"


class WrongLinkThrottle(FailOpen, AnonRateThrottle):
    """Links that are none of ours, by address: `allow_request` counts one."""

    scope = "enlace_errado"

    def is_spent(self, request: Request) -> bool:
        """Return whether the address has guessed too often; the question itself does not count."""
        asked = self._counted(request, None)
        return asked is not None and not self._ask("test", *asked)


PERIODS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def item_of(rate: str) -> RateLimitItem:
    """Return the limit of a rate as the settings write it, such as 60/min."""
    amount, _, period = rate.partition("/")
    return RateLimitItemPerSecond(int(amount), PERIODS_S[period[0]])


def count_here_too(item: RateLimitItem, key: str) -> float | None:
    """Count one, in this process alone while Redis is away.

    Returns:
        None when it is allowed, else the seconds until another may be.
    """
    try:
        return _count(_limiter(), item, key)
    except RedisError as error:
        logger.warning("this process counts %s for itself: %s", key.partition(":")[0], error)
        return _count(_limiter_at("", None, None), item, key)


def spent(item: RateLimitItem, key: str) -> float | None:
    """Ask whether nothing is left, and count nothing.

    Returns:
        None while one more is allowed, else the seconds until it is.
    """
    try:
        return _wait(_limiter(), item, key)
    except RedisError:
        return _wait(_limiter_at("", None, None), item, key)


def forget(item: RateLimitItem, key: str) -> None:
    """Begin to count anew."""
    _limiter_at("", None, None).clear(item, key)
    with suppress(RedisError):
        _limiter().clear(item, key)


def give_back(item: RateLimitItem, key: str, calls: int) -> None:
    """Take calls that were counted out of the count again."""
    try:
        _limiter().hit(item, key, cost=-calls)
    except RedisError:
        _limiter_at("", None, None).hit(item, key, cost=-calls)


def _count(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> float | None:
    if limiter.hit(item, key):
        return None
    return _until(limiter, item, key)


def _wait(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> float | None:
    return None if limiter.test(item, key) else _until(limiter, item, key)


def _until(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> float:
    return max(1.0, limiter.get_window_stats(item, key).reset_time - time.time())


def _limiter() -> SlidingWindowCounterRateLimiter:
    """Return the counter: on the cache's server, or in this process where there is none."""
    cached = settings.CACHES["default"]
    options = cached.get("OPTIONS", {})
    return _limiter_at(cached.get("LOCATION", ""), options.get("socket_timeout"), options.get("socket_connect_timeout"))


@cache
def _limiter_at(url: str, timeout: float | None, connect_timeout: float | None) -> SlidingWindowCounterRateLimiter:
    if not url:
        return SlidingWindowCounterRateLimiter(counted_here)
    pool = redis.ConnectionPool.from_url(url, socket_timeout=timeout, socket_connect_timeout=connect_timeout)
    # The pool knows the server; of the address the storage only reads the kind.
    return SlidingWindowCounterRateLimiter(RedisStorage("redis://", pool, key_prefix=KEY_PREFIX))
