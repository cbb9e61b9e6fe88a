"""The environment the stack reads and the one it gives to the processes it starts.

Read as the settings do: the process environment wins over `.env`, which `ENV_FILE` may replace by another
file or, empty, by none. An empty value counts as unset. The settings themselves are not imported: they
need a database address, which is what the stack is about to make.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from local.stack.errors import StackError
from local.stack.keep import keep, write_private
from local.stack.layout import ROOT, Layout

SIMULATOR_FROM = "+15005550006"  # Twilio's own magic "valid sender" of its test credentials
# What `manage.py` in another terminal needs to find the running stack.
SHARED = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "PUBLIC_URL",
    "PORT",
    "WORKER_PROCESSES",
    "WORKER_THREADS",
    "WORKER_MESSAGES",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM",
    "TWILIO_API_BASE_URL",
)


def read(environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> dict[str, str]:
    """The merged environment.

    Raises:
        StackError: `ENV_FILE` names a file that cannot be read.
    """
    named = environ.get("ENV_FILE")
    path = root / ".env" if named is None else Path(named)
    from_file: dict[str, str] = {}
    if named != "" and (path.exists() or named):
        try:
            from_file = {key: value for key, value in dotenv_values(path).items() if value is not None}
            path.open().close()  # dotenv takes a missing file for an empty one
        except OSError as error:
            raise StackError(f"cannot read {path} ({error.strerror}): check ENV_FILE and the file's owner") from error
    return {**from_file, **environ}


def whole(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """A whole number from 1 to `most`.

    Raises:
        StackError: it is something else.
    """
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise StackError(f"{name} must be a whole number from 1 to {most}, not {text!r}")
    return int(text)


def defaults(env: Mapping[str, str], layout: Layout, *, port: int) -> dict[str, str]:
    """The variables that have a value whatever the operator left out.

    Args:
        port: the web's TCP port.
    """
    chosen = {
        "DEBUG": "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "PUBLIC_URL": f"http://localhost:{port}",
        "WORKER_PROCESSES": "2",
        "WORKER_THREADS": "16",
        "WORKER_MESSAGES": "256",
    }
    chosen = {name: env.get(name) or default for name, default in chosen.items()}
    chosen["SECRET_KEY"] = secret_key(env, layout)
    chosen["STATIC_ROOT"] = env.get("STATIC_ROOT") or str(layout.data / "static")
    return {**chosen, "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def secret_key(env: Mapping[str, str], layout: Layout) -> str:
    """The operator's key, or one made once for the data folder."""
    return env.get("SECRET_KEY") or keep(layout.secrets / "secret_key", lambda: secrets.token_urlsafe(50))


def simulated_twilio(env: Mapping[str, str], layout: Layout, *, port: int) -> dict[str, str]:
    """An account of the simulator, the same one in every run.

    Args:
        port: the simulator's TCP port on 127.0.0.1.
    """
    return {
        # The simulator takes none that could be a real one's.
        "TWILIO_ACCOUNT_SID": keep(layout.secrets / "simulator_account", lambda: "AC" + secrets.token_hex(1) * 16),
        "TWILIO_AUTH_TOKEN": keep(layout.secrets / "simulator_token", lambda: secrets.token_hex(16)),
        "TWILIO_FROM": env.get("TWILIO_FROM") or SIMULATOR_FROM,
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{port}",
        "SENDER_SEGMENTS_PER_S": env.get("SENDER_SEGMENTS_PER_S") or "0",
    }


def share(env: Mapping[str, str], path: Path) -> None:
    """Write the variables that another terminal needs, as a dotenv file (0600)."""
    lines = [f"{name}={quote(env[name])}\n" for name in SHARED if name in env]
    write_private(path, "".join(lines))


def quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
