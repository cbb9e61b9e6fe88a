"""Asking Redis whether it can do what the broker and the results need, before anything starts."""

import logging
import re
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from core import redis_client

logger = logging.getLogger(__name__)

# BLMPOP, by which the workers fetch (`workers.broker.transport`): https://redis.io/docs/latest/commands/blmpop/
NEEDED: Final = (7, 0)
VERSION: Final = re.compile(r"(\d+)\.(\d+)")


def faults() -> list[CheckMessage]:
    """Return what makes the server unfit; nothing when it is away, which is no fault of its set-up.

    Each would let everything start, and nothing be sent.
    """
    if not settings.REDIS_URL:
        return []
    client = redis_client.connect()
    try:
        return _judge(client.info(), client)
    except AuthenticationError:
        return [Error("REDIS_URL: the server does not take the user and the password.", id="core.E030")]
    except NoPermissionError:
        return []  # it keeps what it is to itself
    except ResponseError as error:
        return [Error(f"REDIS_URL: the server refuses: {error}", id="core.E031")]
    except RedisError as error:
        if "certificate" in str(error).lower():
            hint = "Name the authority that signed it: ?ssl_ca_certs=/path/ca.pem"
            return [Error("REDIS_URL: the server's certificate cannot be verified.", hint=hint, id="core.E032")]
        logger.warning("Redis does not answer: whether it is fit is not checked")
        return []
    finally:
        client.close()


def _judge(info: dict[str, Any], client: Any) -> list[CheckMessage]:
    hint = "Redis 7 or later, or Valkey; one server that takes writes, and no cluster."
    found: list[CheckMessage] = []
    # Valkey tells here which Redis it stands for, and its own version beside.
    version = str(info.get("redis_version", ""))
    number = VERSION.match(version)
    if number and (int(number[1]), int(number[2])) < NEEDED and not info.get("valkey_version"):
        found.append(Error(f"REDIS_URL leads to Redis {version}, which is too old.", hint=hint, id="core.E033"))
    if info.get("redis_mode") == "cluster" or info.get("cluster_enabled") == 1:
        found.append(Error("REDIS_URL leads to a cluster.", hint=hint, id="core.E034"))
    if info.get("role") == "slave" and client.config_get("replica-read-only").get("replica-read-only") != "no":
        found.append(Error("REDIS_URL leads to a replica, which takes no writes.", hint=hint, id="core.E035"))
    return found
