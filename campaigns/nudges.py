"""Telling the workers that there is work, by task name.

A nudge makes things fast, never true: the work is committed to PostgreSQL first, and the sweeper finds what a
lost nudge left behind.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

AVANZAR = "workers.avanzar_campana"
# A person waits for this request, and the sweeper for nobody: a broker that is down or stalls is given up at once.
BRIEFLY = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_retries": 0}


def nudge(campana_id: int) -> None:
    """Ask a worker to look at this campaign once the transaction commits. Never raises for a broker's fault."""
    transaction.on_commit(partial(_send, campana_id))


def _send(campana_id: int) -> None:
    conf = current_app.conf
    options = {**conf.broker_transport_options, **BRIEFLY}
    try:
        with Connection(conf.broker_write_url, transport_options=options) as connection:
            current_app.send_task(AVANZAR, args=[campana_id], connection=connection, retry=False)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("campaign %s was not announced, the sweeper will find it: %s", campana_id, error)
