"""Dying at a crash point: the product's function is wrapped, and a file says which pass is the last.

The file is consumed by a rename, so one arming kills one process, whichever comes first.
"""

import functools
import inspect
import json
import os
import pkgutil
import signal
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.faults.points import PLACES, Place, Process

NOWHERE: Final = "crash point {name}: there is no {target}; mend tests/faults/points.py"


class UnresolvedPlaceError(Exception):
    """A crash point names what the product does not have."""


@dataclass(frozen=True, slots=True)
class Death:
    """The death of a process at a point.

    Args:
        pid: of the process that died.
        at: when, a Unix second.
    """

    pid: int
    at: float


class Armory:
    """The folder of the armed points, shared by the harness and the processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._armed, self._fired = folder / "armed", folder / "fired"
        self._passes: dict[str, int] = {}
        self._lock = threading.Lock()

    def arm(self, label: str, *, passes: int) -> str:
        """Let the first process die that passes the point for the `passes`-th time; return the arming's id."""
        for folder in (self._armed, self._fired):
            folder.mkdir(parents=True, exist_ok=True)
        serial = uuid.uuid4().hex
        whole = self._fired / f"{serial}.new"
        whole.write_text(json.dumps([serial, passes]))
        whole.rename(self._armed / label)
        return serial

    def disarm(self, label: str) -> bool:
        """Take the arming back; False when a process has consumed it."""
        try:
            (self._armed / label).unlink()
        except FileNotFoundError:
            return False
        return True

    def death(self, serial: str) -> Death | None:
        """Return the death that came of this arming."""
        try:
            return Death(*json.loads((self._fired / serial).read_text()))
        except FileNotFoundError:
            return None

    def passing(self, label: str) -> None:
        """Die here if it is time."""
        path = self._armed / label
        try:
            serial, passes = json.loads(path.read_text())
        except FileNotFoundError:
            return
        with self._lock:
            count = self._passes[serial] = self._passes.get(serial, 0) + 1
        if count < passes:
            return
        try:
            path.rename(self._fired / f"{serial}.taken")
        except FileNotFoundError:  # another process was first
            return
        note = self._fired / f"{serial}.note"
        note.write_text(json.dumps([os.getpid(), time.time()]))
        note.rename(self._fired / serial)
        os.kill(os.getpid(), signal.SIGKILL)


def install(process: Process, armory: Armory) -> None:
    """Wrap the functions of this kind of process.

    Raises:
        UnresolvedPlaceError: one does not exist.
    """
    for place in PLACES:
        if place.process == process:
            owner, name, function = resolve(place)
            setattr(owner, name, _mortal(function, place.name, armory))


def resolve(place: Place) -> tuple[Any, str, Callable[..., Any]]:
    """Return the place where the function lives, its name there, and the function.

    Raises:
        UnresolvedPlaceError: it does not exist.
    """
    parent, _, name = place.target.rpartition(".")
    try:
        owner = pkgutil.resolve_name(parent)
        return owner, name, getattr(owner, name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnresolvedPlaceError(NOWHERE.format(name=place.name, target=place.target)) from error


def _mortal(function: Callable[..., Any], name: str, armory: Armory) -> Callable[..., Any]:
    @functools.wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        armory.passing(f"before-{name}")
        result = await function(*args, **kwargs)
        armory.passing(f"after-{name}")
        return result

    if inspect.iscoroutinefunction(function):
        return awaited

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        armory.passing(f"before-{name}")
        result = function(*args, **kwargs)
        armory.passing(f"after-{name}")
        return result

    return wrapped
