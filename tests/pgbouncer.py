"""A real PgBouncer in front of the tests' PostgreSQL, where there is one (Debian: `apt install pgbouncer`)."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg2

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


def program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class PgBouncer:
    """One that can be started, killed and started again at the same address.

    Args:
        database_url: of the server behind it.
        folder: for its configuration and its log.
    """

    def __init__(self, database_url: str, folder: Path) -> None:
        self._holder = held()
        self.port = port_of(self._holder)
        parts = urlsplit(database_url)
        host = unquote(parts.hostname or "") or "127.0.0.1"
        self._folder = folder
        role, password = unquote(parts.username or ""), unquote(parts.password or "")
        self.url = f"postgresql://{role}:{password}@127.0.0.1:{self.port}{parts.path}"
        self._process: subprocess.Popen[bytes] | None = None
        known = {"host": host, "port": parts.port or 5432, "listen": self.port, "folder": folder}
        for name, text in (("pgbouncer.ini", CONFIG.format(**known)), ("users.txt", f'"{role}" "{password}"\n')):
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text)

    def start(self) -> None:
        """Start it, and return when it answers."""
        path = program()
        assert path, MISSING
        # It runs as anybody but root, and reaches the server's socket as the server does.
        who = identity.find([path, "--version"])
        command = [path, str(self._folder / "pgbouncer.ini")]
        with (self._folder / "pgbouncer.log").open("ab") as log:
            self._process = subprocess.Popen(
                identity.launch(command, flags=who.flags, death_signal=signal.SIGKILL), stdout=log, stderr=log
            )
        deadline = time.monotonic() + UP_WITHIN_S
        while True:
            try:
                psycopg2.connect(self.url, connect_timeout=2).close()
                return
            except psycopg2.OperationalError:
                said = (self._folder / "pgbouncer.log").read_text(errors="replace")[-2000:]
                assert self._process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.05)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(10)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
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
