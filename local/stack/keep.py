"""Values made once and kept: passwords, keys, the simulator's account."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from local.stack.errors import StackError


def keep(path: Path, make: Callable[[], str]) -> str:
    """Read the value kept at `path`; make it and keep it (0600) when there is none.

    Raises:
        StackError: the file cannot be read or written.
    """
    try:
        if path.exists() and (value := path.read_text().strip()):
            return value
        value = make()
        write_private(path, value + "\n")
    except OSError as error:
        raise StackError(f"cannot read or write {path} ({error.strerror}): check its owner and the disk") from error
    return value


def write_private(path: Path, text: str) -> None:
    """Replace a file (0600) in one move: even a crash leaves the old one or the new one, never half.

    Raises:
        OSError: with the path, which a full disk's own error lacks.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
