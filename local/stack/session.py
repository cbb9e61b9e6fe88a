"""One run of the stack on one data folder: from taking the lock to the last process ended."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local.stack import environment, foreground, leftovers, sockets
from local.stack.cluster import MAJOR, without_pg
from local.stack.errors import StackError
from local.stack.layout import Layout
from local.stack.output import Printer
from local.stack.postgres import Postgres
from local.stack.process import Spec
from local.stack.registry import RUN_MARK, Registry, read_record
from local.stack.supervisor import Supervisor
from local.stack.valkey import Valkey

# Connections for what is neither a worker's thread nor the web's: manage.py, tests, an operator's psql.
SPARE_CONNECTIONS = 50
WORKER_CONNECTIONS = 8  # `workers.lifecycle.CONNECTIONS`
LEAST_CONNECTIONS = 200


class Session:
    """Take the data folder, end what an earlier run left there, stop what is started, whatever happens.

    Attributes:
        env: what the processes get; grows as the parts come up.
    """

    def __init__(self, data: Path, env: Mapping[str, str], printer: Printer) -> None:
        self.layout = Layout(data)
        self.printer = printer
        self.env = dict(env)
        self._exit = contextlib.ExitStack()
        self.on_exit = self._exit.callback

    async def __aenter__(self) -> Self:
        self.layout.open()
        self.registry = Registry(self.layout.run)
        self.registry.take()
        self._clear_leftovers()
        self.env[RUN_MARK] = self.registry.run_id
        self.supervisor = Supervisor(self.registry, self.printer, self.layout.log)
        self.supervisor.listen()
        return self

    def _clear_leftovers(self) -> None:
        record = read_record(self.registry.record_path)
        ended = leftovers.end_recorded(record)
        ended += leftovers.end_servers([self.layout.postgres / MAJOR, self.layout.valkey])
        if ended:
            self.printer.say(f"ended what an earlier run had left: {', '.join(ended)}")
        if folder := record.get("socket_folder"):
            sockets.remove_folder(Path(str(folder)))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.supervisor.stop()
        finally:
            self._exit.close()
            self.stack_env.unlink(missing_ok=True)
            if self.registry.socket_folder:
                sockets.remove_folder(self.registry.socket_folder)
            self.registry.release()

    @property
    def stack_env(self) -> Path:
        return self.layout.run / "stack.env"

    async def start_databases(self, *, always: bool = False, durable: bool = True) -> None:
        """Start PostgreSQL and Valkey and put their addresses into the environment.

        Args:
            always: also when `DATABASE_URL` or `REDIS_URL` names a server already.
            durable: False when the data folder is thrown away afterwards.

        Raises:
            StackError: one cannot be started.
        """
        specs: list[Spec] = []
        folder = self.registry.socket_folder = sockets.make_folder()
        self.registry.write()
        if always or not self.env.get("DATABASE_URL"):
            postgres = Postgres(self.layout, folder, connections(self.env), durable)
            specs.append(postgres.spec(self.env))
            self.env = {**without_pg(self.env), "DATABASE_URL": postgres.url}
        if always or not self.env.get("REDIS_URL"):
            valkey = Valkey(self.layout, folder)
            specs.append(valkey.spec(self.env))
            self.env["REDIS_URL"] = valkey.url
        await self.supervisor.start(*specs)

    async def in_foreground(self, command: Sequence[str]) -> int:
        """Run a command at the terminal and return its exit code.

        Raises:
            StackError: a part of the stack gave up meanwhile.
        """
        supervisor = self.supervisor
        code = await foreground.run(command, self.env, supervisor.stopping, supervisor.hurry)
        if supervisor.failure:
            raise supervisor.failure
        return code


def connections(env: Mapping[str, str]) -> int:
    """Count the connections that the processes may open together.

    Raises:
        StackError: a variable is not a number in range.
    """
    workers = environment.whole(env, "WORKER_PROCESSES", 2, most=64) * WORKER_CONNECTIONS
    threads = environment.whole(env, "WEB_THREADS", 8, most=256)
    # One more in each process writes status callbacks.
    web = environment.whole(env, "WEB_WORKERS", 2, most=64) * (threads + 1)
    total = workers + web + SPARE_CONNECTIONS
    if total > 5000:
        raise StackError(
            f"WORKER_PROCESSES, WEB_WORKERS and WEB_THREADS ask for {total} database connections: choose fewer, "
            "or set DATABASE_URL to a server made for it"
        )
    return max(LEAST_CONNECTIONS, total)
