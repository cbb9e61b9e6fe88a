"""Rates of the API, counted in Redis and shared by every web process.

They fail open: a Redis that is down must not stop a shop from starting a campaign.
"""

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

logger = logging.getLogger(__name__)


class FailOpen(SimpleRateThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError as error:
            logger.warning("throttle %s is off: %s", self.scope, error)
            return True


class PorUsuario(FailOpen, UserRateThrottle):
    scope = "usuario"


class PorDireccion(FailOpen, AnonRateThrottle):
    scope = "direccion"


class PorIngreso(FailOpen, AnonRateThrottle):
    """Password guesses, by address."""

    scope = "ingreso"


class PorEnlace(FailOpen, AnonRateThrottle):
    """Visits to opt-out links, by address. Carriers put thousands of phones behind one."""

    scope = "enlace"


class PorEnlaceErrado(FailOpen, AnonRateThrottle):
    """Links that are none of ours, by address: `allow_request` counts one."""

    scope = "enlace_errado"

    def is_spent(self, request: Request) -> bool:
        """Whether the address has guessed too often, without counting."""
        try:
            key = self.get_cache_key(request, None)  # type: ignore[arg-type]  # it asks nothing of the view
            history = self.cache.get(key, []) if key else []
        except RedisError as error:
            logger.warning("throttle %s is off: %s", self.scope, error)
            return False
        most, seconds = self.parse_rate(self.get_rate())
        since = self.timer() - (seconds or 0)
        return bool(sum(moment > since for moment in history) >= (most or 0))
