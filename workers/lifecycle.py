"""What a worker process starts when it begins and finishes before it ends."""

import logging
from typing import Any

from celery.signals import task_received, worker_init, worker_shutdown
from django.conf import settings

from workers.broker.results import backend
from workers.engine import claims, ledger, outbox
from workers.engine.chords import ENVIAR
from workers.process.priority import stand_back

logger = logging.getLogger(__name__)

# Longer than an outcome insists on being written, in seconds.
FLUSH_S = 20.0


@worker_init.connect
def start(**kwargs: Any) -> None:
    stand_back(settings.WORKER_NICE)
    claims.batches.start()
    outbox.batches.start()
    backend().on_part = outbox.put_part


@task_received.connect
def receive(request: Any, **kwargs: Any) -> None:
    if request.name == ENVIAR:
        claims.ask_ahead(*request.args)


@worker_shutdown.connect
def finish(**kwargs: Any) -> None:
    """The pool has ended: nothing is put any more. What was, is written."""
    for claim in claims.given_up():
        outbox.put_outcome(claim, ledger.NotPosted())
    claims.batches.stop(FLUSH_S)
    if not outbox.batches.stop(FLUSH_S):
        logger.error("some outcomes were not written in time; their messages will be looked up")
