"""Asking Redis itself, past Celery and the cache."""

from typing import Any, Final

import redis
from django.conf import settings

# Without a timeout a Redis that stalls holds its caller for ever.
TIMEOUT_S: Final = 2.0


def connect(url: str = "", *, timeout_s: float = TIMEOUT_S, **options: Any) -> redis.Redis:
    """A client of Redis; it connects when it is first asked.

    Args:
        url: of the server; REDIS_URL when it is empty.
        timeout_s: seconds to wait for a connection, and for each answer.
        options: others of redis.Redis.

    Raises:
        ValueError: the address is none.
    """
    return redis.Redis.from_url(
        url or settings.REDIS_URL, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, **options
    )
