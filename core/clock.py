"""A clock for deadlines that goes on while the machine sleeps.

`time.monotonic()` stands still while a machine is suspended or hibernates, and everybody else's time goes on: on
waking, a claim of yesterday would seem to be a second old.
"""

import time
from dataclasses import dataclass, field
from typing import Final

# Linux's; elsewhere a sleep shows as a jump of the wall clock. man 2 clock_gettime
BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)

# The wall clock may be ahead of the other by so many seconds, as when it is set right bit by bit. More is a machine
# that slept, or whose hypervisor had stopped it.
JUMP_S: Final = 1.0


def elapsed() -> float:
    """Return seconds since some moment, the same for all processes of the machine; sleep counts where that is known."""
    monotonic = time.monotonic()
    return monotonic if BOOTTIME is None else max(monotonic, time.clock_gettime(BOOTTIME))


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment by both clocks.

    Args:
        at: by `elapsed()`.
        wall: by `time.time()`.
    """

    at: float = field(default_factory=elapsed)
    wall: float = field(default_factory=lambda: time.time())

    def jumped(self) -> bool:
        """Tell whether the wall clock has run ahead of the other since: nobody knows how long this machine was away."""
        return (time.time() - self.wall) - (elapsed() - self.at) > JUMP_S
