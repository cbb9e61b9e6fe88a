"""Celery's hooks: what starts before a worker's consumer, so that it does not need a broker, and ends with it.

https://docs.celeryq.dev/en/stable/userguide/extending.html#worker-bootsteps
"""

from typing import Any

from celery import bootsteps
from celery.worker import state
from django.conf import settings

from workers.engine.message import comeback
from workers.engine.publish import probe
from workers.engine.rounds import rounds
from workers.process.clock import Clock
from workers.process.watchdog import TICK_S, Sight, Watchdog


class Clocks(bootsteps.StartStopStep):
    """The timers that publish, sweep, reconcile and tell, whatever becomes of beat and of the broker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._clocks = [
            Clock("publish", rounds.publish_round),
            Clock("sweep", rounds.sweep_round),
            Clock("reconcile", rounds.reconcile_round),
            Clock("deliveries", rounds.deliveries_round),
            Clock("alerts", rounds.alerts_round),
            Clock("comeback", comeback.round_of_watch),
        ]

    def start(self, parent: Any) -> None:
        for clock in self._clocks:
            clock.start()

    def stop(self, parent: Any) -> None:
        for clock in self._clocks:
            clock.stop()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)


class Watch(bootsteps.StartStopStep):
    """The watchdog, told by the consumer's event loop that it turns."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._worker = parent
        self._ticks = 0
        self._clock = Clock("watchdog", Watchdog(self._look, settings.WATCHDOG_S).round)

    def include_if(self, parent: Any) -> bool:
        return settings.WATCHDOG_S > 0 and bool(parent.use_eventloop)

    def start(self, parent: Any) -> None:
        self._clock.start()

    def stop(self, parent: Any) -> None:
        self._clock.stop()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def register_with_event_loop(self, parent: Any, hub: Any) -> None:
        """Celery calls it for each connection's loop, and drops what was registered for the one before."""
        hub.call_repeatedly(min(TICK_S, settings.WATCHDOG_S / 6), self._tick)

    def _tick(self) -> None:
        self._ticks += 1

    def _look(self) -> Sight:
        queues = tuple(self._worker.app.amqp.queues.consume_from)
        return Sight(
            ticks=self._ticks,
            taken=state.all_total_count[0],
            free=len(state.reserved_requests) < self._worker.concurrency,
            waiting=probe.waiting(*queues),
            ending=not (state.should_stop is None and state.should_terminate is None),
        )
