"""The running product, and its processes by name."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import redis
from dotenv import dotenv_values

from local.simulator.client import SimulatorControl, SimulatorError
from local.stack.registry import Entry, born, read_record
from tests.faults.conditions import ENVIRONMENT, UP_WITHIN_S
from tests.faults.crash import Armory
from tests.faults.database import Database
from tests.faults.folder import FOLDER_VARIABLE, POOLER_VARIABLE
from tests.faults.host import UP
from tests.local.stack.support import ROOT, environment
from tests.ports import held, port_of

POLL_S = 0.05
STOP_S = 90.0
WORKERS = ("worker-1", "worker-2", "worker-3")
PRODUCT = (*WORKERS, "web", "beat")
CHILDREN = ("postgres", "valkey", "simulator", *PRODUCT)


class StackDownError(Exception):
    """The product could not be started, or its supervisor gave up. The text ends with its last lines."""


class RunningStack:
    """The supervisor and its children on a data folder of their own.

    Args:
        data: an empty folder; logs, ledger and databases are in it afterwards.
        extra: environment on top of `conditions.ENVIRONMENT`.
    """

    def __init__(self, data: Path, extra: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.armory = Armory(data / "crash")
        # While the product is down, its port refuses connections and is nobody else's.
        self._held = held()
        self.port = port_of(self._held)
        own = {"PORT": str(self.port), FOLDER_VARIABLE: str(data / "crash")}
        self._env = environment(**{**ENVIRONMENT, **own, **(extra or {})})
        self._log = data / "supervisor.log"
        self._starts = 0
        self._control: SimulatorControl | None = None
        self._host: subprocess.Popen[bytes] | None = None
        self.database = Database(lambda: self.env.get("DATABASE_URL", ""))

    @property
    def env(self) -> dict[str, str]:
        """Return what the stack shares with other terminals: addresses and keys."""
        return {name: value or "" for name, value in dotenv_values(self.data / "run" / "stack.env").items()}

    @property
    def manage_env(self) -> dict[str, str]:
        """Return the environment of a command that speaks to the stack's servers."""
        return {**self._env, **self.env}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def control(self) -> SimulatorControl:
        """Return the control of the simulator that runs now: each start of the stack gives it another port."""
        url = self.env.get("TWILIO_API_BASE_URL", "")
        if self._control is None or self._control.base_url != url:
            self._control = SimulatorControl(url)
        return self._control

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.env["REDIS_URL"], socket_timeout=10, socket_connect_timeout=3)

    def start(self) -> None:
        """Start everything and return when it is up.

        Raises:
            StackDownError: it does not come up.
        """
        self._starts += 1
        said = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._host = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.host", str(self.data)],
                cwd=ROOT, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 2 * UP_WITHIN_S
        while UP.encode() not in self._log.read_bytes()[said:]:
            self.check()
            if time.monotonic() > deadline:
                raise StackDownError(f"it was not up within {2 * UP_WITHIN_S:g} s:\n{self.tail()}")
            time.sleep(POLL_S)

    def check(self) -> None:
        """Check that the stack still runs.

        Raises:
            StackDownError: the supervisor has ended.
        """
        if self._host is not None and self._host.poll() is not None:
            holder = listening_on(self.port)
            raise StackDownError(
                f"the supervisor ended with {self._host.returncode}:\n{self.tail()}\n{holder}".rstrip()
            )

    def tail(self) -> str:
        """The supervisor's last lines."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])

    def kill(self) -> list[str]:
        """kill -9 of the supervisor, which takes everything with it; return who died."""
        assert self._host is not None
        before = self.processes()
        self._host.kill()
        self._host.wait()
        self._host = None
        died = [name for name, entry in before.items() if gone(entry, 10.0)]
        # The next start empties its logs.
        shutil.copytree(self.data / "log", self.data / f"log-until-kill-{self._starts}")
        return died

    @contextlib.contextmanager
    def unsupervised(self) -> Iterator[None]:
        """Stop the supervisor for the length of a `with` block: what ends meanwhile is started again afterwards.

        For a moment: it reads what the others write to their logs, and who cannot write waits.
        """
        assert self._host is not None
        self._host.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._host.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop everything as Ctrl-C does, for good."""
        self._held.close()
        if self._host is None:
            return
        for entry in self.processes().values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(entry.pid, signal.SIGCONT)
        self._host.send_signal(signal.SIGTERM)
        try:
            self._host.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._host.kill()
            self._host.wait()
        self._host = None

    def processes(self) -> dict[str, Entry]:
        """The supervisor's children that live, by name."""
        entries = read_record(self.data / "run" / "stack.json").get("processes")
        found = [Entry(**entry) for entry in entries] if isinstance(entries, list) else []
        return {entry.name: entry for entry in found if alive(entry)}

    def wait_up(self, within_s: float = UP_WITHIN_S) -> list[str]:
        """Wait until every child runs and answers; return what does not after `within_s` seconds."""
        deadline = time.monotonic() + within_s
        while (missing := self._missing()) and time.monotonic() < deadline:
            self.check()
            time.sleep(4 * POLL_S)
        return missing

    def _missing(self) -> list[str]:
        running = self.processes()
        wanted = (*CHILDREN, "pooler") if self._env.get(POOLER_VARIABLE) else CHILDREN
        missing = [name for name in wanted if name not in running]
        if missing:
            return missing
        try:
            self.control.stats()
            with self.redis() as client:
                client.ping()
        except (SimulatorError, redis.RedisError) as error:
            return [type(error).__name__]
        return []


def alive(entry: Entry) -> bool:
    """Tell whether it is still the process that was recorded, and no zombie."""
    try:
        return born(entry.pid) == entry.born and psutil.Process(entry.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def send(entry: Entry, number: signal.Signals) -> bool:
    """Send a signal; False when there is nobody to get it."""
    if not alive(entry):
        return False
    try:
        os.kill(entry.pid, number)
    except ProcessLookupError:
        return False
    return True


def listening_on(port: int) -> str:
    """Say in words who has the port; "" when nobody has."""
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(connection.pid)
                return f"port {port} is held by {process.pid} (parent {process.ppid()}): {process.cmdline()}"
            return f"port {port} is held by {connection.pid}"
    return ""


def gone(entry: Entry, within_s: float) -> bool:
    """Wait until it is alive no more, at most `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while alive(entry):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S / 5)
    return True
