"""Telling the workers that there is work, by task name.

A nudge makes things fast, never true: the work is committed to PostgreSQL first, and the sweeper finds what a
lost nudge left behind.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

AVANZAR = "workers.avanzar_campana"


def nudge(campana_id: int) -> None:
    """Ask a worker to look at this campaign once the transaction commits. Never raises for a broker's fault."""
    transaction.on_commit(partial(_send, campana_id))


def _send(campana_id: int) -> None:
    try:
        current_app.send_task(AVANZAR, args=[campana_id], retry=False)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("campaign %s was not announced, the sweeper will find it: %s", campana_id, error)
