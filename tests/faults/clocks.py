"""PostgreSQL's wall clock, set forwards and back under its feet.

By libfaketime (https://github.com/wolfcw/libfaketime; Debian's package of that name), which answers `clock_gettime` and
the like for a process that was started with it, and reads from a file how far it is off, every second. CLOCK_MONOTONIC
goes on as it was, as on a machine whose time somebody sets. Where the library is not installed, these faults are left
out, and the run says so. Twilio's and Redis's clocks stay.
"""

import contextlib
from glob import glob
from pathlib import Path
from typing import Final

import psutil

NAME: Final = "libfaketime.so.1"
PLACES: Final = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
MISSING: Final = "there is no libfaketime on this machine (Debian: apt install libfaketime)"
SHARED: Final = Path("/dev/shm")  # noqa: S108 - where the library puts its own
# Seconds within which a step is seen.
SEEN_AFTER_S: Final = 1


def library() -> Path | None:
    """Return the library; None where it is not installed."""
    found = (Path(folder) / NAME for place in PLACES for folder in sorted(glob(place)))
    return next((path for path in found if path.exists()), None)


def environment(folder: Path) -> dict[str, str]:
    """Return what a process must be started with so that its clock can be stepped; nothing without the library.

    Args:
        folder: shared by the harness and the processes.
    """
    path = library()
    if path is None:
        return {}
    step(folder, 0.0)
    return {
        "LD_PRELOAD": str(path),
        "FAKETIME_TIMESTAMP_FILE": str(_file(folder)),
        "FAKETIME_CACHE_DURATION": str(SEEN_AFTER_S),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def step(folder: Path, seconds: float) -> None:
    """Set the clock so many seconds ahead of the true time, or behind."""
    folder.mkdir(parents=True, exist_ok=True)
    new = _file(folder).with_suffix(".new")
    new.write_text(f"{seconds:+.0f}\n")
    new.rename(_file(folder))


def tidy() -> None:
    """Remove what the library left in shared memory for processes that were killed."""
    for path in SHARED.glob("*faketime_*"):
        pid = path.name.rpartition("_")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            with contextlib.suppress(OSError):
                path.unlink()


def _file(folder: Path) -> Path:
    return folder / "clock"
