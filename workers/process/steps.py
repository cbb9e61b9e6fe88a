"""Celery's hooks: what starts before a worker's consumer, so that it does not need a broker, and ends with it.

https://docs.celeryq.dev/en/stable/userguide/extending.html#worker-bootsteps
"""

import logging
from collections import deque
from typing import Any, Final

from celery import bootsteps
from celery.worker import state
from django.conf import settings
from django.db import Error as DatabaseError

from core.postgresql import lending
from workers.engine.lote import paced
from workers.engine.message import claims, comeback, outbox
from workers.engine.message.loop import SendLoop
from workers.engine.publish import probe
from workers.engine.rounds import rounds
from workers.process.clock import Clock
from workers.process.watchdog import TICK_S, Sight, Watchdog, end_process

logger = logging.getLogger(__name__)

# Longer than an outcome insists on being written, in seconds.
FLUSH_S: Final = 20.0
# How long a stop waits for calls under way beyond the longest of them, in seconds: a message may wait for its turn.
MARGIN_S: Final = 2.0


class Sending(bootsteps.StartStopStep):
    """The loop that sends, with the threads that claim and write for it.

    It starts before the consumer, and stops after the consumer fetches no more and before its connection closes: then
    kombu puts back what was not acknowledged, and that is what was not begun.

    Celery gives a worker's steps to the task's strategy as `consumer.controller`, where this one is `sending`.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._worker = parent
        self._ended: deque[Any] = deque()
        self.loop: SendLoop | None = None
        parent.sending = self

    def start(self, parent: Any) -> None:
        claims.batches.start()
        outbox.batches.start()
        self.loop = SendLoop(
            at_once=settings.WORKER_MESSAGES, give_back=self._give_back, died=end_process, tick_s=_tick_s()
        )
        self.loop.start()

    def stop(self, parent: Any) -> None:
        self._finish(settings.TWILIO_CONNECT_TIMEOUT_S + settings.TWILIO_READ_TIMEOUT_S + MARGIN_S)

    def terminate(self, parent: Any) -> None:
        self._finish(settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT)

    @property
    def has_room(self) -> bool:
        """Tell whether the consumer fetches, as far as it is for messages."""
        return self.loop is not None and self.loop.in_hand <= settings.WORKER_MESSAGES

    @property
    def ticks(self) -> int:
        """The loop's signs of life so far."""
        return self.loop.ticks if self.loop else 0

    def _finish(self, timeout: float) -> None:
        if self.loop is None:
            return
        if not self.loop.close(timeout):
            logger.error("some calls were not over in time; their messages will be looked up")
        claims.batches.stop(FLUSH_S)
        if not outbox.batches.stop(FLUSH_S):
            logger.error("some outcomes were not written in time; their messages will be looked up")
        self._acknowledge()

    def _give_back(self, messages: list[Any]) -> None:
        self._ended.extend(messages)
        # It wakes the consumer's event loop, which may then fetch others.
        self._worker.consumer.call_soon(self._acknowledge)

    def _acknowledge(self) -> None:
        """Acknowledge what has ended, in the thread of the consumer."""
        errors = self._worker.consumer.connection_errors
        while self._ended:
            try:
                self._ended.popleft().ack_log_error(logger, errors)
            except Exception:
                # Of a connection that is gone: it finds its row taken if it comes again.
                logger.exception("a message could not be acknowledged")


class Clocks(bootsteps.StartStopStep):
    """The timers that publish, sweep, reconcile and tell, whatever becomes of beat and of the broker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._clocks = [
            Clock("publish", rounds.publish_round),
            Clock("hand", rounds.hand_round),
            Clock("sweep", rounds.sweep_round),
            Clock("reconcile", rounds.reconcile_round),
            Clock("deliveries", rounds.deliveries_round),
            Clock("alerts", rounds.alerts_round),
            Clock("hooks", rounds.hooks_round),
            Clock("comeback", comeback.round_of_watch, own=True),
        ]

    def start(self, parent: Any) -> None:
        for clock in self._clocks:
            clock.start()

    def stop(self, parent: Any) -> None:
        for clock in self._clocks:
            clock.stop()
        lending.be_timer()  # tasks may still run and have all the connections that they get
        try:
            paced.give_back()
        except DatabaseError:
            logger.warning("what this process was to publish waits for the next pass over its Lotes", exc_info=True)

    def terminate(self, parent: Any) -> None:
        self.stop(parent)


class Watch(bootsteps.StartStopStep):
    """The watchdog, told by the event loops of the consumer and of sending that they turn."""

    requires = (Sending,)

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
        hub.call_repeatedly(_tick_s(), self._tick)

    def _tick(self) -> None:
        self._ticks += 1

    def _look(self) -> Sight:
        queues = tuple(self._worker.app.amqp.queues.consume_from)
        return Sight(
            ticks=self._ticks,
            sending_ticks=self._worker.sending.ticks,
            taken=state.all_total_count[0],
            free=len(state.reserved_requests) < self._worker.concurrency and self._worker.sending.has_room,
            waiting=probe.waiting(*queues),
            ending=not (state.should_stop is None and state.should_terminate is None),
        )


def _tick_s() -> float:
    """Return the seconds between two signs of life of the event loops: several times within the watchdog's patience."""
    return min(TICK_S, settings.WATCHDOG_S / 6) if settings.WATCHDOG_S > 0 else TICK_S
