"""Celery's settings for the textbook: the defaults, and what more threads than ten need on top."""

import logging
import os
from typing import Any

from core import redis_url

THREADS = int(os.environ["TEXTBOOK_THREADS"])
CONFIGURATION: dict[str, Any] = {
    "broker_url": redis_url.for_celery(os.environ["REDIS_URL"]),
    "result_backend": redis_url.for_celery(os.environ["REDIS_URL"]),
    "broker_connection_retry_on_startup": True,
    # kombu's pool holds 10 connections and each thread acknowledges on one of its own: above 10 an acknowledgement
    # can fail with "Too many connections".
    "broker_transport_options": {"max_connections": 2 * THREADS + 20},
}
# Two lines of log for each message would cost a tenth of its CPU; the product says neither.
for name in ("celery.app.trace", "celery.worker.strategy"):
    logging.getLogger(name).setLevel(logging.WARNING)
