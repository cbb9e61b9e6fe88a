"""Who runs the programs that refuse to run as root."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.stack.errors import StackError

LAUNCHER = str(Path(__file__).with_name("launch.py"))
NO_IDENTITY = (
    "PostgreSQL does not run as root, and this machine lets root neither drop to nobody (CAP_SETUID and "
    "CAP_DAC_OVERRIDE) nor make a user namespace: run as another user, or set DATABASE_URL"
)
NO_NAME = (
    "PostgreSQL needs a user with a name, and user {uid} has none here: add one to /etc/passwd, or set DATABASE_URL"
)


@dataclass(frozen=True)
class Identity:
    """How to start such a program.

    Attributes:
        flags: for `launch.py`, before `--`.
        owner: the user and group id its data must belong to.
    """

    flags: tuple[str, ...]
    owner: tuple[int, int]


def find(trial: Sequence[str]) -> Identity:
    """Find, by trying, the first way to run PostgreSQL's programs as someone who is not root.

    Args:
        trial: a harmless command that succeeds where the others will.

    Raises:
        StackError: no way works here.
    """
    own = (os.geteuid(), os.getegid())
    if own[0] != 0 and has_name(own[0]):
        return Identity((), own)
    ways: list[Identity] = []
    if own[0] == 0 and has_name("nobody"):
        nobody = pwd.getpwnam("nobody")
        ways += [Identity(("--as", way), (nobody.pw_uid, nobody.pw_gid)) for way in ("reader", "override")]
    ways.append(Identity(("--as", "namespace"), own))
    for way in ways:
        if runs(trial, way):
            return way
    raise StackError(NO_IDENTITY if own[0] == 0 else NO_NAME.format(uid=own[0]))


def has_name(user: int | str) -> bool:
    try:
        pwd.getpwnam(user) if isinstance(user, str) else pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def launch(command: Sequence[str], *, flags: Sequence[str] = (), death_signal: int) -> list[str]:
    """The command line that runs `command` through `launch.py` as our child."""
    options = ["--parent", str(os.getpid()), "--signal", str(int(death_signal)), *flags]
    return [sys.executable, "-I", LAUNCHER, *options, "--", *command]


def runs(command: Sequence[str], identity: Identity) -> bool:
    """Whether the command ends well under the identity."""
    argv = launch(command, flags=identity.flags, death_signal=9)
    return subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0
