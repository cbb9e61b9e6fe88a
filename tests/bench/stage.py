"""Where the benchmarks happen: databases and stand-in of their own, on which the product or a textbook is started."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import redis

from core.stack import parts, startup
from core.stack.output import Printer
from core.stack.process import Spec
from core.stack.session import Session
from core.stack.supervisor import Supervisor
from tests.bench.errors import BenchError
from tests.bench.usage import Snapshot, snapshot
from tests.e2e.system import PASSWORD
from workers.simulator.client import SimulatorControl

LATENCY_S = 0.1
CALLBACKS = ["sending", "sent", "delivered", "undelivered", "failed"]
# No callbacks unless asked for, and no log of raw requests: the stand-in is not what is measured.
SIMULATOR = ("--latency", str(LATENCY_S), "--callback-statuses", "", "--no-request-log")
# What a developer's environment may hold that would measure something else.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "PORT", "PUBLIC_URL", "WEB_HOST")


@dataclass(frozen=True, slots=True)
class Stage:
    """One session of the stack, with its databases and the simulator running.

    Attributes:
        listener: the socket that the web answers on when the product is up.
        database: our own connection to the product's database, in autocommit.
    """

    session: Session
    listener: socket.socket
    simulator: SimulatorControl
    database: "psycopg2.extensions.connection"

    @classmethod
    async def open(cls, session: Session) -> "Stage":
        """Raises StackError: something does not start."""
        for name in FOREIGN:
            session.env.pop(name, None)
        session.env["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
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
    async def product(self) -> AsyncIterator[None]:
        """Web, workers and beat, as scripts/up starts them."""
        async with self._supervisor() as supervisor:
            await startup.start_product(self.session, supervisor, self.listener)
            yield

    @asynccontextmanager
    async def web(self) -> AsyncIterator[None]:
        """The web alone."""
        async with self._supervisor() as supervisor:
            await supervisor.start(parts.web(self.session.env, self.listener))
            yield

    @asynccontextmanager
    async def processes(self, *specs: Spec) -> AsyncIterator[None]:
        async with self._supervisor() as supervisor:
            await supervisor.start(*specs)
            yield

    @asynccontextmanager
    async def _supervisor(self) -> AsyncIterator[Supervisor]:
        session = self.session
        # Its own, so that it can be stopped alone; what it starts is in the session's record all the same.
        supervisor = Supervisor(session.registry, Printer(sys.stderr, quiet=True), session.layout.log)
        try:
            yield supervisor
        finally:
            await supervisor.stop()

    async def run(self, name: str, *command: str, **env: str) -> list[str]:
        """Run a Python module to its end; its lines."""
        spec = Spec(name=name, command=(sys.executable, "-m", *command), env={**self.session.env, **env})
        return await self.session.supervisor.step(spec)

    async def admin(self, username: str) -> None:
        """Make an admin, unless there is one of that name."""
        if not await self.sql("SELECT FROM core_usuario WHERE username = %s", username):
            env = self.session.env | {"DJANGO_SUPERUSER_USERNAME": username}
            await self.session.supervisor.step(parts.manage(env, "createsuperuser", "--no-input", "--email="))

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
        with self.database.cursor() as cursor:
            cursor.execute(query, params or None)
            return cursor.fetchall() if cursor.description else []

    def redis(self, db: int = 0) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url(db))

    def redis_url(self, db: int = 0) -> str:
        return self.session.env["REDIS_URL"].replace("db=0", f"db={db}")


async def until(read: Callable[[], Awaitable[bool]], *, what: str, timeout_s: float, every_s: float = 0.05) -> None:
    """Ask again and again until the answer is True.

    Raises:
        BenchError: it is not within `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not await read():
        if time.monotonic() > deadline:
            raise BenchError(f"{what} did not happen within {timeout_s:.0f} s")
        await asyncio.sleep(every_s)
