"""The parts that a worker process starts when it begins and finishes before it ends."""

import atexit
import logging
import platform
import time
from typing import Any, Final

from celery.signals import beat_init, task_received, worker_init, worker_shutdown
from django.conf import settings

from core.models import Pulso
from core.ops.pulses import Heart
from workers.broker.results import backend
from workers.engine.message import claims, ledger, outbox
from workers.engine.publish.chords import ENVIAR
from workers.process.priority import stand_back
from workers.revision.revision import revisar_al_lado

logger = logging.getLogger(__name__)

# Longer than an outcome insists on being written, in seconds.
FLUSH_S = 20.0
# Beat ticks every few seconds; one that does not is there and does nothing.
BEAT_SILENCE_S: Final = 60.0

_hearts: list[Heart] = []


@worker_init.connect
def start(sender: Any, **kwargs: Any) -> None:
    stand_back(settings.WORKER_NICE)
    _live(Heart(sender.hostname, Pulso.Tipo.WORKER, colas=lambda: list(sender.app.amqp.queues.consume_from)))
    claims.batches.start()
    outbox.batches.start()
    backend().on_part = outbox.put_part
    revisar_al_lado()


@beat_init.connect
def start_beat(sender: Any, **kwargs: Any) -> None:
    def ticks() -> bool:
        return sender._last_tick is None or time.monotonic() - sender._last_tick < BEAT_SILENCE_S

    _live(Heart(f"beat@{platform.node()}", Pulso.Tipo.BEAT, is_well=ticks))
    atexit.register(_die)  # beat has no signal for its end


def _live(heart: Heart) -> None:
    _hearts.append(heart)
    heart.start()


def _die() -> None:
    while _hearts:
        _hearts.pop().stop()


@task_received.connect
def receive(request: Any, **kwargs: Any) -> None:
    if request.name == ENVIAR:
        claims.ask_ahead(*request.args)


@worker_shutdown.connect
def finish(**kwargs: Any) -> None:
    """Write what was put, after the pool has ended: nothing is put any more."""
    for claim in claims.given_up():
        outbox.put_outcome(claim, ledger.NotPosted())
    claims.batches.stop(FLUSH_S)
    if not outbox.batches.stop(FLUSH_S):
        logger.error("some outcomes were not written in time; their messages will be looked up")
    _die()
