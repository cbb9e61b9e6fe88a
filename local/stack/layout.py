"""Where the stack keeps things: one data folder, private to its user."""

import os
import pwd
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from local.stack.errors import StackError

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_DATA = ROOT / ".data"
PRIVATE = 0o700


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter; a folder that exists keeps its permissions.

    Raises:
        StackError: naming the path and what to do.
    """
    try:
        path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(
            f"cannot make {path} ({error.strerror}): free it or give this user the folder above"
        ) from error
    return path


@dataclass(frozen=True)
class Layout:
    """The folders below one data folder, each made when first asked for."""

    data: Path

    def open(self) -> None:
        """Make the data folder and see that it is ours to use.

        Raises:
            StackError: it belongs to someone else, or cannot be written.
        """
        private_folder(self.data)
        owner = self.data.stat().st_uid
        if owner != os.geteuid() and (os.geteuid() == 0 or not os.access(self.data, os.R_OK | os.W_OK | os.X_OK)):
            raise StackError(f"{self.data} belongs to {user_name(owner)}: run as that user, or remove the folder")
        if not os.access(self.data, os.R_OK | os.W_OK | os.X_OK):
            raise StackError(f"{self.data} cannot be read and written by this user: run chmod u+rwx on it")

    @cached_property
    def run(self) -> Path:
        return private_folder(self.data / "run")

    @cached_property
    def log(self) -> Path:
        return private_folder(self.data / "log")

    @cached_property
    def secrets(self) -> Path:
        return private_folder(self.data / "secrets")

    @cached_property
    def postgres(self) -> Path:
        return private_folder(self.data / "postgres")

    @cached_property
    def valkey(self) -> Path:
        return private_folder(self.data / "valkey")

    @cached_property
    def simulator(self) -> Path:
        return private_folder(self.data / "simulator")


def user_name(uid: int) -> str:
    """The name of a user for a message, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
