"""Another Twilio account for the workers and the web, from their next start on: a file says which."""

import json
import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

NAME: Final = "account.json"


@dataclass(frozen=True, slots=True)
class Account:
    """A Twilio account.

    Args:
        sid: "AC" and 32 hex digits.
        token: its Auth Token.
    """

    sid: str
    token: str

    @classmethod
    def new(cls) -> "Account":
        return cls(f"AC{secrets.token_hex(16)}", secrets.token_hex(16))

    @property
    def mark(self) -> str:
        """Return what the product writes at the begin of `cuenta`, as docs/engine.md has it."""
        return sha256(self.sid.encode()).hexdigest()[:8]


def choose(folder: Path, account: Account | None) -> None:
    """Let processes that start from now on have this account; None for the stack's own.

    Args:
        folder: shared by the harness and the processes.
    """
    path = folder / NAME
    if account is None:
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.token}))
    new.rename(path)


def take(folder: Path) -> None:
    """Put the account that was chosen into this process's environment, before it reads its settings."""
    try:
        os.environ.update(json.loads((folder / NAME).read_text()))
    except FileNotFoundError:
        return
