"""A PostgreSQL of a test's own, that can be crashed and put back to an earlier copy of its disk."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from local.stack import cluster, identity, sockets
from local.stack.layout import Layout
from local.stack.postgres import ADMIN, DATABASE, ROLE, Postgres
from local.stack.process import Spec
from tests.local.stack.support import eventually

STOP_S = 60.0


class LossyServer:
    """One server, with the schema of the tests' database and nothing in it.

    Args:
        folder: an empty one.
        socket_folder: a private folder with a short path.
    """

    def __init__(self, folder: Path, socket_folder: Path) -> None:
        self._postgres = Postgres(Layout(folder), socket_folder, connections=20)
        self._postgres.layout.open()
        self._copy = self._postgres.data.with_name("copy")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it on whatever is on its disk."""
        spec = self._run()
        assert spec.ready
        ready = spec.ready
        eventually(lambda: asyncio.run(_ask(ready)), "the server answers")

    def promote(self) -> None:
        """Start it as a standby that has lost its primary, and make it one."""
        (self._postgres.data / "standby.signal").touch()
        self._run()
        eventually(self._is_standby, "the standby answers")
        admin = self._postgres._connect(ADMIN, "postgres")
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("SELECT pg_promote()")
            assert cursor.fetchone() == (True,)
        admin.close()

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def crash(self) -> None:
        self._end(signal.SIGQUIT)

    def copy_disk(self) -> None:
        """Keep what is on the disk of a server that was stopped."""
        shutil.copytree(self._postgres.data, self._copy)

    def put_back(self) -> None:
        """Put the kept disk in the place of the present one."""
        shutil.rmtree(self._postgres.data)
        self._copy.rename(self._postgres.data)

    def load_schema(self) -> None:
        """Make the tables of the tests' database."""
        tests = connection.settings_dict
        dump = [str(cluster.programs() / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges"]
        dump += ["-h", str(tests["HOST"]), "-p", str(tests["PORT"] or 5432), "-U", str(tests["USER"])]
        found = self._tool([*dump, str(tests["NAME"])], str(tests["PASSWORD"]))
        psql = [str(cluster.programs() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self._postgres.socket)]
        self._tool([*psql, "-U", ROLE, DATABASE], self._postgres._password(ROLE), found)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let Django's connection lead to this server."""
        where = {
            "HOST": str(self._postgres.socket), "PORT": "", "NAME": DATABASE, "USER": ROLE,
            "PASSWORD": self._postgres._password(ROLE),
        }  # fmt: skip
        connection.close()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in where.items():
                patch.setitem(connection.settings_dict, name, value)
            try:
                yield
            finally:
                connection.close()

    def _run(self) -> Spec:
        spec = self._postgres.spec(os.environ)
        command = identity.launch(spec.command, flags=spec.launch_flags, death_signal=signal.SIGQUIT)
        with (self._postgres.layout.log / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=dict(spec.env), cwd=spec.cwd, stdout=log, stderr=log)
        return spec

    def _is_standby(self) -> bool:
        try:
            admin = self._postgres._connect(ADMIN, "postgres")
        except psycopg2.OperationalError:
            return False
        admin.close()
        return True

    def _end(self, how: signal.Signals) -> None:
        connection.close()
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(STOP_S)
        pid = self._postgres.data / "postmaster.pid"
        deadline = time.monotonic() + STOP_S
        while how is signal.SIGINT and pid.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _tool(self, command: list[str], password: str, given: bytes = b"") -> bytes:
        done = subprocess.run(
            command, input=given, env={**os.environ, "PGPASSWORD": password}, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


async def _ask(ready: Callable[[], Awaitable[bool]]) -> bool:
    return await ready()


@contextmanager
def lossy_server(folder: Path) -> Iterator[LossyServer]:
    """A server that runs, with the tables of the tests' database."""
    place = sockets.make_folder()
    server = LossyServer(folder, place)
    try:
        server.start()
        server.load_schema()
        yield server
    finally:
        server.crash()
        sockets.remove_folder(place)
