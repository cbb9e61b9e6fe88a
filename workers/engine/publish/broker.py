"""Asking the broker itself, past Celery and its patience."""

import redis
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

# The sweep waits for this, and a broker that needs longer takes no tasks either.
TIMEOUT_S = 2.0

# What publishing raises when the broker is down, or stalls.
ERRORS = (KombuError, RedisError, OSError)


def answers() -> bool:
    """Whether the broker answers now."""
    try:
        with _client() as client:
            return bool(client.ping())
    except RedisError:
        return False


def waiting(*queues: str) -> int | None:
    """How many tasks wait in these queues; None when the broker does not answer."""
    try:
        with _client() as client:
            pipeline = client.pipeline(transaction=False)
            for queue in queues:
                pipeline.llen(queue)
            return sum(int(length) for length in pipeline.execute())
    except RedisError:
        return None


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
