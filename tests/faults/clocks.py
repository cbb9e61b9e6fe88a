"""Wall clocks that are set forwards and back under the feet of PostgreSQL and of the workers.

By libfaketime (https://github.com/wolfcw/libfaketime; Debian's package of that name), which answers `clock_gettime` and
the like for a process that was started with it, and reads from a file how far it is off, every second. CLOCK_MONOTONIC
and CLOCK_BOOTTIME go on as they were, as on a machine whose time somebody sets. Where the library is not installed,
these faults are left out, and the report says so. Twilio's and Redis's clocks stay.
"""

import contextlib
from glob import glob
from pathlib import Path
from typing import Final

import psutil

DATABASE: Final = "database"
WORKERS: Final = "workers"
# The library for a program of one thread, and that for one of many.
NAMES: Final = {DATABASE: "libfaketime.so.1", WORKERS: "libfaketimeMT.so.1"}
PLACES: Final = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
MISSING: Final = "there is no libfaketime on this machine (Debian: apt install libfaketime)"
SHARED: Final = Path("/dev/shm")  # noqa: S108 - where the library puts them
# Seconds within which a step is seen.
SEEN_AFTER_S: Final = 1


def library(who: str) -> Path | None:
    """Return the library for PostgreSQL or for the workers; None where it is not installed."""
    found = (Path(folder) / NAMES[who] for place in PLACES for folder in sorted(glob(place)))
    return next((path for path in found if path.exists()), None)


def installed() -> bool:
    return all(library(who) for who in NAMES)


def environment(folder: Path, who: str) -> dict[str, str]:
    """Return what a process must be started with so that its clock can be stepped; nothing without the library.

    Args:
        folder: shared by the harness and the processes.
    """
    path = library(who)
    if path is None:
        return {}
    step(folder, who, 0.0)
    return {
        "LD_PRELOAD": str(path),
        "FAKETIME_TIMESTAMP_FILE": str(_file(folder, who)),
        "FAKETIME_CACHE_DURATION": str(SEEN_AFTER_S),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def step(folder: Path, who: str, seconds: float) -> None:
    """Set a clock so many seconds ahead of the true time, or behind."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, who)
    new = path.with_suffix(".new")
    new.write_text(f"{seconds:+.0f}\n")
    new.rename(path)


def tidy() -> None:
    """Remove what the library left in shared memory for processes that were killed."""
    for path in SHARED.glob("*faketime_*"):
        pid = path.name.rpartition("_")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            with contextlib.suppress(OSError):
                path.unlink()


def _file(folder: Path, who: str) -> Path:
    return folder / f"clock-{who}"
