"""Celery's hooks: what starts before a worker's consumer, so that it does not need a broker, and ends with it.

https://docs.celeryq.dev/en/stable/userguide/extending.html#worker-bootsteps
"""

from typing import Any

from celery import bootsteps

from workers.engine import rounds
from workers.process.clock import Clock


class Clocks(bootsteps.StartStopStep):
    """The timers that sweep and reconcile, whatever becomes of beat and of the broker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._clocks = [Clock("sweep", rounds.sweep_round), Clock("reconcile", rounds.reconcile_round)]

    def start(self, parent: Any) -> None:
        for clock in self._clocks:
            clock.start()

    def stop(self, parent: Any) -> None:
        for clock in self._clocks:
            clock.stop()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)
