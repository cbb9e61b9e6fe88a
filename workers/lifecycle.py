"""The parts that a worker process starts when it begins and finishes before it ends."""

import atexit
import logging
import platform
import time
from typing import Any, Final

from celery.signals import beat_init, task_postrun, worker_init, worker_shutdown
from django.conf import settings

from core.models import Pulso
from core.ops.pulses import Heart
from core.postgresql import lending
from workers.process.priority import stand_back
from workers.revision.revision import revisar_al_lado

logger = logging.getLogger(__name__)

# Beat ticks every few seconds; one that does not is there and does nothing.
BEAT_SILENCE_S: Final = 60.0

# Connections of a worker process to PostgreSQL. Those who claim, who write outcomes and who watch over the server's
# returns have one each; the others are lent to everything else, most of them to its tasks.
CONNECTIONS: Final = 8
OWN: Final = 3
OF_TASKS: Final = 3

_hearts: list[Heart] = []


@worker_init.connect
def start(sender: Any, **kwargs: Any) -> None:
    stand_back(settings.WORKER_NICE)
    lending.begin(most=CONNECTIONS - OWN, tasks=OF_TASKS)
    mensajes = settings.WORKER_MESSAGES
    colas = sender.app.amqp.queues
    _live(Heart(sender.hostname, Pulso.Tipo.WORKER, mensajes=mensajes, colas=lambda: list(colas.consume_from)))
    revisar_al_lado()


@beat_init.connect
def start_beat(sender: Any, **kwargs: Any) -> None:
    def ticks() -> bool:
        return sender._last_tick is None or time.monotonic() - sender._last_tick < BEAT_SILENCE_S

    _live(Heart(f"beat@{platform.node()}", Pulso.Tipo.BEAT, is_well=ticks))
    atexit.register(_die)  # beat has no signal for its end


@task_postrun.connect
def rest(**kwargs: Any) -> None:
    """After its result was written, a task asks for nothing more."""
    lending.rest()


def _live(heart: Heart) -> None:
    _hearts.append(heart)
    heart.start()


def _die() -> None:
    while _hearts:
        _hearts.pop().stop()


@worker_shutdown.connect
def finish(**kwargs: Any) -> None:
    _die()
