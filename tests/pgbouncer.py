"""A real PgBouncer in front of the tests' PostgreSQL, where there is one (Debian: `apt install pgbouncer`)."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import sql

from local.stack import identity
from tests.ports import held, port_of

MISSING: Final = "there is no pgbouncer: apt install pgbouncer"
UP_WITHIN_S: Final = 20.0
# As few sessions as it takes to share them all the time. Whoever may connect is the server's rule: here it is a
# password in the private file.
CONFIG: Final = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
server_reset_query =
"""

# What the product asks of its role behind a pooler (docs/production.md), for whoever connects to a database.
BOUNDS: Final = {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "60s"}


def program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def bound(database_url: str) -> None:
    """Bound the statements of every session of a database.

    Args:
        database_url: of the server itself, as the database's owner.
    """
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        for name, value in BOUNDS.items():
            cursor.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(connection.info.dbname), sql.Identifier(name), sql.Literal(value)
                )
            )
    connection.close()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A PgBouncer's address and its process.

    Args:
        url: of the database behind it, for the product.
        command, flags: of its process, for `local.stack.identity.launch`: it runs as anybody but root, and reaches the
            server's socket as the server does.
    """

    url: str
    command: tuple[str, ...]
    flags: tuple[str, ...]


def recipe(database_url: str, folder: Path, port: int) -> Recipe:
    """Write a PgBouncer's configuration.

    Args:
        database_url: of the server behind it.
        folder: for its files.
        port: of 127.0.0.1.
    """
    path = program()
    assert path, MISSING
    parts = urlsplit(database_url)
    role, password = unquote(parts.username or ""), unquote(parts.password or "")
    known = {"host": unquote(parts.hostname or ""), "port": parts.port or 5432, "listen": port, "folder": folder}
    for name, text in (("pgbouncer.ini", CONFIG.format(**known)), ("users.txt", f'"{role}" "{password}"\n')):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    url = f"postgresql://{role}:{password}@127.0.0.1:{port}{parts.path}"
    return Recipe(url, (path, str(folder / "pgbouncer.ini")), identity.find([path, "--version"]).flags)


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


class PgBouncer:
    """One that can be started, killed and started again at the same address.

    Args:
        database_url: of the server behind it.
        folder: for its configuration and its log.
    """

    def __init__(self, database_url: str, folder: Path) -> None:
        self._holder = held()
        self._log = folder / "pgbouncer.log"
        self._recipe = recipe(database_url, folder, port_of(self._holder))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._recipe.url

    @property
    def port(self) -> int:
        return port_of(self._holder)

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = identity.launch(self._recipe.command, flags=self._recipe.flags, death_signal=signal.SIGKILL)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + UP_WITHIN_S
        while not answers(self.url):
            said = self._log.read_text(errors="replace")[-2000:]
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def close(self) -> None:
        self.kill()
        self._holder.close()


@contextmanager
def running_pgbouncer(database_url: str) -> Iterator[PgBouncer]:
    """A PgBouncer for the length of a `with` block."""
    with TemporaryDirectory(prefix="pgbouncer-") as folder:
        pooler = PgBouncer(database_url, Path(folder))
        try:
            pooler.start()
            yield pooler
        finally:
            pooler.close()
