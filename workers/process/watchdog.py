"""Ends a worker that is alive but silent, so that its supervisor starts another.

After a lost connection to Redis, Celery's consumer has been seen to log that it reconnects and then to take no task
ever again, in version after version (celery/celery#8030, #8091, #8384, #10205; celery/kombu#2629). The process answers,
so no supervisor restarts it. Every known way to fall silent was mended; this is for the next one.
"""

import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

logger = logging.getLogger(__name__)

# How often the consumer's event loop says that it turns, and the watchdog looks; in seconds.
TICK_S = 1.0
LOOK_S = 5.0
# A warm shutdown waits for the calls under way. This many seconds after the longest of them it has failed too.
MARGIN_S = 5.0
EXIT_CODE = os.EX_SOFTWARE

HUNG = "its event loop has not turned for {:g} s"
STUCK = "the loop that sends has not turned for {:g} s"
DEAF = "tasks wait for it and it has taken none for {:g} s"


@dataclass(frozen=True, slots=True)
class Sight:
    """A worker at one moment.

    Args:
        ticks: how often its event loop has turned.
        taken: how many tasks it has begun.
        free: whether it has a thread and room for messages to spare.
        waiting: tasks in its queues; None when the broker does not answer.
        ending: whether it was told to end.
        sending_ticks: how often the loop that sends has turned; None where there is none.
    """

    ticks: int
    taken: int
    free: bool
    waiting: int | None
    ending: bool
    sending_ticks: int | None = None


class Judge:
    """Says when a worker has been silent for too long, from one sight of it after the other.

    Args:
        patience_s: how long is too long, in seconds.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._last = Sight(ticks=0, taken=0, free=True, waiting=None, ending=False)
        self._at = self._turned_at = self._taken_at = self._sent_at = -math.inf

    def verdict(self, sight: Sight, *, at: float) -> str | None:
        """Return what is wrong with the worker, or None.

        Args:
            at: the moment, in seconds of a clock that never goes back.
        """
        last, self._last = self._last, sight
        # Nobody looked for a while: the whole process was stopped, or starved, and its loop had no chance to turn.
        overslept = at - self._at > self._patience_s / 2
        self._at = at
        excused = overslept or sight.waiting is None or sight.ending
        if excused or sight.ticks != last.ticks:
            self._turned_at = at
        if excused or sight.sending_ticks is None or sight.sending_ticks != last.sending_ticks:
            self._sent_at = at
        if excused or sight.taken != last.taken or not sight.free or not sight.waiting:
            self._taken_at = at
        if at - self._turned_at >= self._patience_s:
            return HUNG.format(self._patience_s)
        if at - self._sent_at >= self._patience_s:
            return STUCK.format(self._patience_s)
        if at - self._taken_at >= self._patience_s:
            return DEAF.format(self._patience_s)
        return None


class Watchdog:
    """Looks at the worker again and again, and ends the process that falls silent.

    Args:
        look: gives the worker as it is now.
        patience_s: how long it may be silent, in seconds.
    """

    def __init__(self, look: Callable[[], Sight], patience_s: float) -> None:
        self._look = look
        self._judge = Judge(patience_s)
        # Several looks within the patience, or a single late one would be taken for a process that was stopped.
        self._pause = min(LOOK_S, patience_s / 6)

    def round(self) -> float:
        """Look once; return the seconds until the next look."""
        verdict = self._judge.verdict(self._look(), at=time.monotonic())
        if verdict is None:
            return self._pause
        end_process(verdict)
        return threading.TIMEOUT_MAX


def end_process(reason: str) -> None:
    """Ask this process to end well, and end it by force if it does not.

    Messages that a forced end cuts off become `incierto`, as those of any killed worker.
    """
    longest_call = settings.TWILIO_CONNECT_TIMEOUT_S + settings.TWILIO_READ_TIMEOUT_S
    logger.critical("this worker ends, for its supervisor to start another: %s", reason)
    forced = threading.Timer(longest_call + MARGIN_S, _exit)
    forced.daemon = True
    forced.start()
    os.kill(os.getpid(), signal.SIGTERM)


def _exit() -> None:
    logger.critical("it did not end when asked to: by force")
    os._exit(EXIT_CODE)
