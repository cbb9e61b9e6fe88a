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
