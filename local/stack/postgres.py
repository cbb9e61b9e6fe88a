"""The embedded PostgreSQL: the bundled programs, run under rules of our own.

The wheel's own server class is not used: as root it makes a system user and opens every parent folder to
everyone, and it lets every local user in without a password. Here the server listens on a socket in a private
folder only, asks for a password (SCRAM) even there, and the product's role is no superuser.
"""

import asyncio
import secrets
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from local.stack import cluster
from local.stack.errors import StackError
from local.stack.keep import keep
from local.stack.layout import Layout, private_folder
from local.stack.process import Spec

ADMIN, ROLE, DATABASE = "postgres", "sms", "sms"
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
# Nothing is kept when the machine itself stops. A server that is killed still finds all it had committed.
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}


@dataclass(frozen=True)
class Postgres:
    """One server on one data folder.

    Attributes:
        sockets: the private folder for its socket; the path has 80 bytes at most.
        connections: how many clients it takes.
        durable: False when its data folder does not outlive the run.
    """

    layout: Layout
    sockets: Path
    connections: int
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.layout.postgres / cluster.MAJOR

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
        who = cluster.prepare(self.layout.postgres, env, admin=ADMIN, password=self._password(ADMIN))
        cluster.own(private_folder(self.socket), who.owner)
        settings = {
            **SETTINGS,
            **({} if self.durable else THROWAWAY),
            "max_connections": str(self.connections),
            "unix_socket_directories": self.socket,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return Spec(
            name="postgres",
            command=(str(cluster.programs() / "postgres"), "-D", str(self.data), *options),
            env=cluster.without_pg(env),
            cwd=self.layout.postgres,
            ready=lambda: asyncio.to_thread(self._ready),
            stop_signal=signal.SIGINT,  # fast: ends sessions, writes a checkpoint
            stop_timeout=60.0,
            hurry_signal=signal.SIGQUIT,  # at once; the next start replays its log
            death_signal=signal.SIGINT,
            launch_flags=who.flags,
            shown=False,
        )

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
        except psycopg2.Error as error:
            raise StackError(f"cannot prepare the database in {self.data}: {str(error).strip()}") from error
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
