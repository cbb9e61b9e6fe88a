"""The harness's own note of each message that a worker hands to Twilio: outside PostgreSQL, which may lose it.

A message names its row in the address of its status callback. When PostgreSQL comes back without its last commits, that
number may be nobody's, or another row's. So each worker writes down, before the call, for which campaign the token was.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from workers.engine.message.memory import Memory

NAME: Final = "posts"


def install(folder: Path) -> None:
    """Let this process write down each message, just before it leaves.

    Args:
        folder: shared by the harness and the processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    Memory.post = noting(Memory.post, file)  # type: ignore[method-assign]


def noting(post: Callable[..., None], file: int) -> Callable[..., None]:
    """Wrap the function by which the product remembers a message; one line is one write, so that none is half."""

    def noted(self: Any, posted: Any) -> None:
        os.write(file, f"{posted.token.hex} {posted.campana_id}\n".encode())
        post(self, posted)

    return noted


def read(folder: Path) -> dict[str, int]:
    """Return the campaign's id by the token of each message that left, or was about to."""
    try:
        lines = (folder / NAME).read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {token: int(campana_id) for token, campana_id in (line.split() for line in lines)}
