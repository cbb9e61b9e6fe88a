"""Data folders that live as long as one command."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local.stack import leftovers, sockets
from local.stack.layout import Layout, private_folder
from local.stack.registry import read_record

PREFIX = "run-"


@contextlib.contextmanager
def folder(parent: Layout) -> Iterator[Path]:
    """A fresh data folder, removed afterwards. Those of killed runs are removed first.

    Args:
        parent: the data folder to make it in; other stacks may be running on it.
    """
    parent.open()
    place = private_folder(parent.data / "tmp")
    # Held while looking and making: else another start could take our fresh folder for an abandoned one.
    with locked(place / "lock"):
        for old in place.glob(f"{PREFIX}*"):
            remove_abandoned(old)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        alive = contextlib.ExitStack()
        alive.enter_context(locked(path))
    with alive:
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a file (made when missing) or a folder; the kernel frees it with us.

    Raises:
        BlockingIOError: it is held and we do not wait.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def remove_abandoned(path: Path) -> None:
    """Remove a folder whose owner was killed, with what it left running."""
    with contextlib.suppress(BlockingIOError, FileNotFoundError), locked(path, wait=False):
        record = read_record(path / "run" / "stack.json")
        leftovers.end_recorded(record)
        if socket_folder := record.get("socket_folder"):
            sockets.remove_folder(Path(str(socket_folder)))
        shutil.rmtree(path, ignore_errors=True)
