"""The folder of the servers' sockets: short, because a unix socket's path holds 103 bytes at most.

The data folder may lie as deep as it likes, so its sockets live elsewhere: in a fresh private folder that is
removed when the stack stops, or by the next start when it was killed.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from local.stack.errors import StackError

PREFIX = "sms-"
LONGEST_FOLDER = 70  # leaves room for sms-xxxxxxxx/pg/.s.PGSQL.5432
# The path becomes part of URLs: only characters that mean themselves in every spelling of them.
PLAIN = re.compile(r"/[A-Za-z0-9._/-]+")


def make_folder() -> Path:
    """Make the folder, private to this user.

    Raises:
        StackError: no place for it.
    """
    for parent in candidates():
        try:
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        except OSError:
            continue
    raise StackError("no folder for sockets: /tmp cannot be written; make it writable or set XDG_RUNTIME_DIR")


def candidates() -> list[str]:
    places = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]  # noqa: S108 - mkdtemp below
    return [place for place in places if PLAIN.fullmatch(place) and len(place) <= LONGEST_FOLDER]


def remove_folder(path: Path) -> None:
    """Remove a folder made here, by this or an earlier run; anything else is left alone."""
    ours = path.name.startswith(PREFIX) and path.is_dir() and not path.is_symlink()
    if ours and path.stat().st_uid == os.geteuid():
        shutil.rmtree(path, ignore_errors=True)
