"""The stage of the benchmarks: databases and stand-in of their own, on which the product or a textbook is started."""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import redis

from local.simulator.client import SimulatorControl
from local.stack import parts, startup
from local.stack.output import Printer
from local.stack.process import Spec
from local.stack.session import Session
from local.stack.supervisor import Supervisor
from tests.bench.phones import phones
from tests.bench.usage import Snapshot, snapshot
from tests.e2e.system import PASSWORD, Shop

LATENCY_S = 0.1
CALLBACKS = ["sending", "sent", "delivered", "undelivered", "failed"]
# No callbacks unless asked for, and no log of raw requests: the stand-in is not what is measured.
SIMULATOR = ("--latency", str(LATENCY_S), "--callback-statuses", "", "--no-request-log")
# What a developer's environment may hold that would measure something else, or send to real phones.
FOREIGN = re.compile("(DATABASE_URL|REDIS_URL|PORT|PUBLIC_URL|WEB_HOST|DEBUG)$|TWILIO_|SENDER_|DJANGO_|PG")

OPEN_SHOP = """
import os
from clientes.services import crear_clientes
from core.models import Usuario
from local.demo.sin_limites import quitar_limites
usuario = Usuario.objects.create_user(username=os.environ["SHOP"], password=os.environ["SHOP_PASSWORD"])
quitar_limites(usuario=usuario, motivo="Medición contra el simulador")
crear_clientes(usuario=usuario, filas=[{"nombre": "Cliente", "telefono": os.environ["SHOP_PHONE"], "documento": ""}])
"""


@dataclass(slots=True)
class Stage:
    """One session of the stack, with its databases and the simulator running.

    Attributes:
        listener: the socket that the web answers on when the product is up.
        database: our own connection to the product's database, in autocommit.
        statements: how many we have executed on it ourselves.
    """

    session: Session
    listener: socket.socket
    simulator: SimulatorControl
    database: "psycopg2.extensions.connection"
    statements: int = 0
    _shops: dict[str, Shop] = field(default_factory=dict)

    @classmethod
    async def open(cls, session: Session) -> "Stage":
        """Raises StackError: something does not start."""
        session.env = without_foreign(session.env)
        listener = await startup.prepare(session, *SIMULATOR)
        database = psycopg2.connect(session.env["DATABASE_URL"])
        database.autocommit = True
        session.on_exit(database.close)
        return cls(session, listener, SimulatorControl(session.env["TWILIO_API_BASE_URL"]), database)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def pids(self) -> dict[str, int]:
        """The running processes by name."""
        return {entry.name: entry.pid for entry in self.session.registry.entries.values()}

    def usage(self) -> Snapshot:
        return snapshot(self.pids)

    def say(self, text: str) -> None:
        self.session.printer.say(text)

    @asynccontextmanager
    async def product(self, *, processes: int | None = None) -> AsyncIterator[None]:
        """Web, workers and beat, as scripts/up starts them, with nothing left to do in the queues.

        Args:
            processes: of workers; as many as scripts/up starts when None.
        """
        self.redis().flushdb()
        env = self.session.env
        if processes:
            self.session.env = env | {"WORKER_PROCESSES": str(processes)}
        try:
            async with self._supervisor() as supervisor:
                await startup.start_product(self.session, supervisor, self.listener)
                yield
        finally:
            self.session.env = env

    @asynccontextmanager
    async def web(self) -> AsyncIterator[None]:
        """The web alone."""
        async with self._supervisor() as supervisor:
            await supervisor.start(parts.web(self.session.env, self.listener))
            yield

    @asynccontextmanager
    async def processes(self, *specs: Spec, patient: bool = False) -> AsyncIterator[None]:
        """Any processes.

        Args:
            patient: let them end by themselves afterwards.
        """
        async with self._supervisor(patient=patient) as supervisor:
            await supervisor.start(*specs)
            yield

    @asynccontextmanager
    async def _supervisor(self, *, patient: bool = False) -> AsyncIterator[Supervisor]:
        session = self.session
        # Its own, so that it can be stopped alone; what it starts is in the session's record all the same.
        supervisor = Supervisor(session.registry, Printer(sys.stderr, quiet=True), session.layout.log)
        try:
            yield supervisor
        except asyncio.CancelledError:
            patient = False  # someone asked to stop
            raise
        finally:
            if not patient:
                supervisor.hurry.set()  # what they would tidy up is thrown away before the next start
            await supervisor.stop()

    async def run(self, name: str, *command: str, **env: str) -> list[str]:
        """Run a Python module to its end; its lines."""
        spec = Spec(name=name, command=(sys.executable, "-m", *command), env={**self.session.env, **env})
        return await self.session.supervisor.step(spec)

    async def open_shop(self, username: str) -> None:
        """Make an admin whose shop has one client, as the product itself makes them, unless there is one."""
        if not await self.sql("SELECT 1 FROM core_usuario WHERE username = %s", username):
            env = self.session.env | {"SHOP": username, "SHOP_PASSWORD": PASSWORD, "SHOP_PHONE": phones(1)[0]}
            await self.session.supervisor.step(parts.manage(env, "shell", "--no-imports", "--command", OPEN_SHOP))

    async def shop(self, username: str) -> Shop:
        """The admin, signed in; the web must be up."""
        if username not in self._shops:
            self._shops[username] = await asyncio.to_thread(Shop, self.url, username)
        return self._shops[username]

    async def clean(self, *, callbacks: bool = False) -> None:
        """Forget every campaign and message, so that each run starts from the same."""
        await self.sql("TRUNCATE campaigns_campanasms, campaigns_lote, campaigns_smslog CASCADE")
        self.simulator.reset()
        if callbacks:
            self.simulator.set_faults(callbacks={"statuses": CALLBACKS})

    async def sql(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """One statement, without holding up the supervisors meanwhile."""
        return await asyncio.to_thread(self._execute, query, params)

    def _execute(self, query: str, params: tuple[object, ...]) -> list[tuple[Any, ...]]:
        self.statements += 1
        with self.database.cursor() as cursor:
            cursor.execute(query, params or None)
            return cursor.fetchall() if cursor.description else []

    def write(self, query: str, params: Mapping[str, object]) -> None:
        """Execute one statement with named parameters."""
        self.statements += 1
        with self.database.cursor() as cursor:
            cursor.execute(query, params)

    def redis(self, db: int = 0) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url(db))

    def redis_url(self, db: int = 0) -> str:
        return self.session.env["REDIS_URL"].replace("db=0", f"db={db}")


def without_foreign(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what names servers, accounts or senders."""
    return {name: value for name, value in env.items() if not FOREIGN.match(name)}
