"""The clocks of one worker process, as the harness wants it to see them.

A machine that was suspended: CLOCK_MONOTONIC stood still, CLOCK_BOOTTIME and the wall clock did not. A process that is
stopped by a signal sees all of them go on; so the harness says, before it wakes, how long it has slept, and that is
taken off `time.monotonic()`. And a wall clock that somebody sets: that is added to `time.time()` and Django's `now()`,
which is what the product reads. Not by libfaketime, under which Python's `time.sleep()` fails (EINVAL, 0.9.10).
"""

import mmap
import os
import struct
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.utils import timezone

CLOCKS: Final = struct.Struct("dd")


@dataclass(frozen=True, slots=True)
class Clocks:
    """The changes that a process sees.

    Args:
        slept: seconds in which CLOCK_MONOTONIC stood still.
        ahead: seconds by which the wall clock is ahead; below 0 behind.
    """

    slept: float = 0.0
    ahead: float = 0.0


def install(folder: Path) -> None:
    """Let this process see the clocks that the harness sets; before the product imports any."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, os.getpid())
    path.write_bytes(CLOCKS.pack(0.0, 0.0))
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), CLOCKS.size, access=mmap.ACCESS_READ)
    read, monotonic, wall, now = CLOCKS.unpack_from, time.monotonic, time.time, timezone.now
    time.monotonic = lambda: monotonic() - read(memory)[0]
    time.time = lambda: wall() + read(memory)[1]
    timezone.now = lambda: now() + timedelta(seconds=read(memory)[1])


def change(folder: Path, pid: int, *, slept: float = 0.0, ahead: float | None = None) -> bool:
    """Change what a process sees; False when it does not look.

    Args:
        slept: so many seconds more.
        ahead: seconds; None for as it is.
    """
    try:
        with _file(folder, pid).open("r+b") as file, mmap.mmap(file.fileno(), CLOCKS.size) as memory:
            before = Clocks(*CLOCKS.unpack_from(memory))
            CLOCKS.pack_into(memory, 0, before.slept + slept, before.ahead if ahead is None else ahead)
    except FileNotFoundError:
        return False
    return True


def _file(folder: Path, pid: int) -> Path:
    return folder / f"clocks-{pid}"
