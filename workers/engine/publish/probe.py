"""Asking the broker itself, past Celery and its patience."""

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core import redis_client

# The sweep waits for this, and a broker that needs longer takes no tasks either.
TIMEOUT_S = 2.0

# What publishing raises when the broker is down, or stalls.
ERRORS = (KombuError, RedisError, OSError)


def answers() -> bool:
    """Whether the broker answers now."""
    try:
        with redis_client.connect(timeout_s=TIMEOUT_S) as client:
            return bool(client.ping())
    except RedisError:
        return False


def waiting(*queues: str) -> int | None:
    """How many tasks wait in these queues; None when the broker does not answer."""
    try:
        with redis_client.connect(timeout_s=TIMEOUT_S) as client:
            pipeline = client.pipeline(transaction=False)
            for queue in queues:
                pipeline.llen(queue)
            return sum(int(length) for length in pipeline.execute())
    except RedisError:
        return None
