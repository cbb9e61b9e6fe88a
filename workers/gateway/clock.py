"""Twilio's clock as this process knows it: from the dates of the messages that Twilio creates for it.

No clock of ours is compared with Twilio's. An accepted message says when it was created (`date_created`, the very date
by which it is listed later, in whole seconds); that was between writing the request and reading the answer, by the
clock of this machine that nobody sets. So the difference of the two clocks is known to a second, and each further
message narrows it.

That clock stands still while a hypervisor has stopped the machine, and then the difference is another. Such a stop
shows as a jump of the wall clock, as soon as that is set right: what was known before it is forgotten.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from core.clock import Mark

# A difference that is older says little: clocks drift, and Twilio's may have been set. In seconds.
KNOWN_FOR_S: Final = 900.0
# A call that took longer says too little about when its message was created. In seconds.
LONGEST_CALL_S: Final = 25.0


@dataclass(frozen=True, slots=True)
class Span:
    """A moment by Twilio's clock: not before `low`, not after `high`. Both aware."""

    low: datetime
    high: datetime


class TwilioClock:
    """Keeps what is known of the difference between Twilio's clock and `core.clock.elapsed()`. Threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: tuple[float, float] | None = None  # least and largest difference, in seconds
        self._since = 0.0
        self._mark = Mark()  # when the difference was first known

    def learn(self, created: datetime, *, written: float, answered: float) -> None:
        """Take in one accepted message.

        Args:
            created: its date, aware, in whole seconds.
            written, answered: `elapsed()` before its request was written and after its answer was read.
        """
        if answered - written > LONGEST_CALL_S:
            return
        stamp = created.timestamp()
        low, high = stamp - answered, stamp + 1.0 - written
        with self._lock:
            known = None if self._mark.jumped() else self._known
            if known and answered - self._since < KNOWN_FOR_S and low <= known[1] and known[0] <= high:
                self._known = max(low, known[0]), min(high, known[1])
            else:  # the first, too old, or one of the clocks was set or stood still
                self._known, self._since, self._mark = (low, high), answered, Mark()

    def at(self, moment: float) -> Span | None:
        """Return the moment by Twilio's clock; None when nothing is known of it.

        Args:
            moment: by `elapsed()`.
        """
        with self._lock:
            known, since, mark = self._known, self._since, self._mark
        if known is None or mark.jumped() or abs(moment - since) > 2 * KNOWN_FOR_S:
            return None
        return Span(_aware(known[0] + moment), _aware(known[1] + moment))

    def forget(self) -> None:
        """Know nothing again. A forked child has nobody who would release its parent's lock."""
        self._lock = Lock()
        self._known = None


def _aware(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, tz=UTC)


CLOCK: Final = TwilioClock()
