"""Telling the workers that there is work, by task name.

A nudge makes things fast, never true: the work is committed to PostgreSQL first, and a sweep finds what a lost
nudge left behind.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# A person waits for this request, and the sweep for nobody: a broker that is down or stalls is given up at once.
BRIEFLY = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_retries": 0}


def nudge(task: str, *args: int | str) -> None:
    """Send this task once the transaction commits. Never raises for a broker's fault."""
    transaction.on_commit(partial(_send, task, *args))


def _send(task: str, *args: int | str) -> None:
    conf = current_app.conf
    options = {**conf.broker_transport_options, **BRIEFLY}
    try:
        with Connection(conf.broker_write_url, transport_options=options) as connection:
            current_app.send_task(task, args=list(args), connection=connection, retry=False)
    except (KombuError, RedisError, OSError) as error:
        ids = [arg for arg in args if isinstance(arg, int)]  # a text may be an address
        logger.warning("%s %s was not announced, a sweep will find it: %s", task, ids, error)
