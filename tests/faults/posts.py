"""The harness's own note of each message that a worker hands to Twilio: outside PostgreSQL, which may lose it.

A message names its row in the address of its status callback. When PostgreSQL comes back without its last commits, that
number may be nobody's, or another row's. So each worker writes down, before the call, whose campaign the token was, and
what its clocks said.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from core.clock import elapsed
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
        os.write(file, f"{posted.token.hex} {posted.campana_id} {time.time() - elapsed():.3f}\n".encode())
        post(self, posted)

    return noted


def read(folder: Path) -> dict[str, int]:
    """Return the campaign's id by the token of each message that left, or was about to."""
    try:
        lines = (folder / NAME).read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {token: int(campana_id) for token, campana_id, _ in (line.split() for line in lines)}


def off(folder: Path) -> float:
    """Return how far the wall clock is off of the worker that noted the latest message, in seconds; 0 without any."""
    try:
        lines = (folder / NAME).read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    return float(lines[-1].split()[2]) - (time.time() - elapsed()) if lines else 0.0
