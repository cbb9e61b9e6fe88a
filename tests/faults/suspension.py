"""A process that sees its machine suspended: CLOCK_MONOTONIC stood still, CLOCK_BOOTTIME and the wall clock did not.

A process that is stopped by a signal sees all of them go on. So the harness tells it, before it wakes, how long it has
slept, in a file that each reading of `time.monotonic()` subtracts.
"""

import mmap
import os
import struct
import time
from pathlib import Path
from typing import Final

SLEPT: Final = struct.Struct("d")


def install(folder: Path) -> None:
    """Let this process believe how long it has slept; before anything imports `time.monotonic`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, os.getpid())
    path.write_bytes(SLEPT.pack(0.0))
    with path.open("rb") as file:
        slept = mmap.mmap(file.fileno(), SLEPT.size, access=mmap.ACCESS_READ)
    true, unpack = time.monotonic, SLEPT.unpack_from
    time.monotonic = lambda: true() - unpack(slept)[0]


def tell(folder: Path, pid: int, seconds: float) -> bool:
    """Tell a process that it has slept so many seconds more; False when it does not listen."""
    try:
        with _file(folder, pid).open("r+b") as file, mmap.mmap(file.fileno(), SLEPT.size) as slept:
            SLEPT.pack_into(slept, 0, SLEPT.unpack_from(slept)[0] + seconds)
    except FileNotFoundError:
        return False
    return True


def _file(folder: Path, pid: int) -> Path:
    return folder / f"slept-{pid}"
