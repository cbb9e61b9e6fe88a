"""docker-compose.yml as Docker Compose itself reads it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.docker.variables import ROOT

COMPOSE_FILE = ROOT / "docker-compose.yml"
PROGRAM = Path(sys.executable).parent / "docker-compose"

# What docs/production.md asks for, and nothing else.
MINIMAL_ENV = {
    "SECRET_KEY": "k" * 64,
    "POSTGRES_PASSWORD": "p" * 48,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_FROM": "+15005550006",
    "TWILIO_API_BASE_URL": "http://simulator:8900",
}


class RefusedError(Exception):
    """Docker Compose does not accept the file; the text is its own."""


def render(folder: Path, env: Mapping[str, str] = MINIMAL_ENV, override: str = "") -> dict[str, Any]:
    """The model that Docker Compose makes of the file: anchors merged, variables filled in, every key known.

    Args:
        folder: an empty one to render in, so that a developer's .env is not read.
        env: what the operator's .env holds.
        override: the text of their docker-compose.override.yml, if they have one.

    Raises:
        RefusedError: with Docker Compose's reason.
    """
    shutil.copy(COMPOSE_FILE, folder)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    if override:
        (folder / "docker-compose.override.yml").write_text(override)
    done = subprocess.run(
        [PROGRAM, "--profile", "*", "config", "--format", "json"],
        cwd=folder,
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RefusedError(done.stderr)
    model: dict[str, Any] = json.loads(done.stdout)
    # A name that .env has not is shown as null, and not set in the container.
    for service in model["services"].values():
        given = service.get("environment") or {}
        service["environment"] = {name: value for name, value in given.items() if value is not None}
    return model


def option(command: list[str], flag: str) -> str:
    """The value after a flag of a command line."""
    return command[command.index(flag) + 1]


def seconds(duration: str) -> int:
    """A duration as Docker Compose prints it: 1m30s."""
    minutes, _, rest = duration.rpartition("m")
    return 60 * int(minutes or 0) + int(rest.removesuffix("s") or 0)
