"""Starts the product's processes as they run in production and speaks to them from outside only."""

import copy
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg2
import redis
import urllib3

from local.stack import parts, ports
from tests.docker import acl
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator, running_simulator

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 60.0
WAIT_S = 150.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.3
T = TypeVar("T")

Expected = Collection[int]
DONE: Final = range(200, 300)

PASSWORD = "clave-de-la-tienda"
METRICS_TOKEN = "un-token-de-prueba"
LOTE_SIZE = 20
CELERY = ("celery", "-q", "-A", "core")
WORKER_OPTIONS = ("-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


class UnexpectedAnswerError(AssertionError):
    """The product's answer has another status than the test counts on; with its text."""


class Shop:
    """One admin's view of the API. Every call says which statuses it counts on: those of success, unless told others.

    Raises:
        UnexpectedAnswerError: in every method, when the status is another.
    """

    def __init__(self, base_url: str, username: str) -> None:
        self.username = username
        self._base = base_url
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)
        self._headers: dict[str, str] = {}
        token = self.post("/auth/token/", username=username, password=PASSWORD).body["token"]
        self._headers = {"Authorization": f"Token {token}"}

    def with_key(self, key: str) -> "Shop":
        """Return the same shop for a program that calls with this key."""
        other = copy.copy(self)
        other._headers = {"Authorization": f"Bearer {key}"}
        return other

    def get(self, path: str, *, expect: Expected = DONE) -> Answer:
        return self._call("GET", path, None, expect)

    def post(self, path: str, *, expect: Expected = DONE, **body: Any) -> Answer:
        return self._call("POST", path, body, expect)

    def patch(self, path: str, *, expect: Expected = DONE, **body: Any) -> Answer:
        return self._call("PATCH", path, body, expect)

    def clients(self, *phones: str) -> list[int]:
        """Create one client per phone; their ids."""
        return [self.post("/clientes/", nombre=f"Cliente {n}", telefono=p).body["id"] for n, p in enumerate(phones)]

    def campaign(self, ids: list[int], mensaje: str = "Hola {nombre}") -> int:
        return int(self.post("/campanas/", cliente_ids=ids, mensaje=mensaje).body["id"])

    def progress(self, campana_id: int) -> dict[str, Any]:
        return whole(self.get(f"/campanas/{campana_id}/progreso/").body)

    def wait_for(self, campana_id: int, *estados: str) -> dict[str, Any]:
        """The progress once the campaign is in one of these estados."""
        return until(lambda: self.progress(campana_id), lambda now: now["estado"] in estados)

    def logs(self, campana_id: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(f"/campanas/{campana_id}/logs/?page_size=1000").body["results"]
        return rows

    def _call(self, method: str, path: str, body: Any, expect: Expected) -> Answer:
        answer = self._http.request(method, f"{self._base}/api/v1{path}", json=body, headers=self._headers)
        if answer.status not in expect:
            raise UnexpectedAnswerError(f"{method} {path}: {answer.status} {answer.data[:2000]!r}")
        if not answer.data:
            return Answer(answer.status, None, answer.headers)
        assert answer.headers["Content-Type"] == "application/json", (method, path, answer.headers["Content-Type"])
        return Answer(answer.status, answer.json(), answer.headers)


def whole(progress: dict[str, Any]) -> dict[str, Any]:
    """The same progress, after checking that its parts are all of it."""
    parts = ("pendientes", "enviando", "inciertos", "exitosos", "fallidos")
    assert progress["total"] == sum(progress[part] for part in parts), progress
    return progress


def until(read: Callable[[], T], good: Callable[[T], bool], timeout_s: float = WAIT_S) -> T:
    """Read until it is good, or fail with what was read last."""
    began = time.monotonic()
    while True:
        found = read()
        if good(found):
            return found
        waited = time.monotonic() - began
        assert waited < timeout_s, f"still {found} after {timeout_s:g} s"
        # Who asks ten times a second takes a tenth of a processor from what is waited for.
        time.sleep(min(max(waited / 10, SHORTEST_PAUSE_S), LONGEST_PAUSE_S))


class System:
    """Web, two workers, beat and simulator, on a database and a Redis database of their own.

    Args:
        env: the environment of every process.
        simulator: where the messages go.
        listener: the web's socket, which listens.
        python: the interpreter of the product's processes.
    """

    def __init__(
        self, env: Mapping[str, str], simulator: RunningSimulator, logs: Path, listener: socket.socket, python: str
    ) -> None:
        self.env = env
        self.python = python
        self.simulator = simulator
        self._logs, self._listener = logs, listener
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"http://127.0.0.1:{env['PORT']}"

    def start(
        self, name: str, *module: str, inherited: tuple[int, ...] = (), env: Mapping[str, str] | None = None
    ) -> None:
        """Start `python -m module…`, with more in its environment if need be."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                (self.python, "-m", *module),
                cwd=ROOT,
                env={**self.env, **(env or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=inherited,
            )

    def start_all(self, **env: str) -> None:
        web = ("gunicorn", "core.wsgi:application", "-c", "core/gunicorn_conf.py")
        self.start("web", *web, inherited=(self._listener.fileno(),), env=env)
        for number in (1, 2):
            self.start_worker(number, **env)
        self.start_beat(**env)
        until(self._is_ready, bool)

    @contextmanager
    def with_environment(self, **env: str) -> Iterator[None]:
        """Let all of it run with more in its environment, and as before afterwards."""
        self.stop_all()
        try:
            self.start_all(**env)
            yield
        finally:
            self.stop_all()
            self.start_all()

    def start_beat(self, name: str = "beat", **env: str) -> None:
        beat = (*CELERY, "beat", "-S", parts.SCHEDULER, "--pidfile=", "-n", f"{name}@%h", "-l", "INFO")
        self.start(name, *beat, env=env)

    def start_worker(self, number: int, **env: str) -> None:
        name = f"worker-{number}"
        self.start(name, *CELERY, "worker", *WORKER_OPTIONS, "-n", f"{name}@%h", "-l", "INFO", env=env)

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """SIGTERM, and wait until it has ended by itself."""
        process = self._processes[name]
        process.terminate()
        process.wait(STOP_S)
        del self._processes[name]

    @contextmanager
    def without_worker(self, number: int) -> Iterator[None]:
        """Stop this worker in order, and start it again afterwards, also for the tests that follow a failure."""
        try:
            self.stop(f"worker-{number}")
            yield
        finally:
            self.start_worker(number)

    @contextmanager
    def asleep(self, name: str) -> Iterator[None]:
        """Stop the process as it stands (SIGSTOP), and let it go on afterwards."""
        self._processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._processes[name].send_signal(signal.SIGCONT)

    @contextmanager
    def never_swept(self) -> Iterator[None]:
        """Workers that do not sweep, and no beat that asks for it: what a chord does not do is not done."""
        self.kill("beat")  # it keeps nothing that could be lost
        self._restart_workers(SWEEP_INTERVAL_S="86400")
        try:
            yield
        finally:
            self._restart_workers()
            self.start_beat()
            until(self._is_ready, bool)

    def _restart_workers(self, **env: str) -> None:
        for number in (1, 2):
            self.stop(f"worker-{number}")
            self.start_worker(number, **env)

    def stop_all(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def manage(self, *args: str, **env: str) -> None:
        command = [self.python, "manage.py", *args]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**self.env, **env},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, f"{args[0]} ended with {done.returncode}: {done.stdout[-4000:]}"

    def admin(self, username: str) -> None:
        credentials = {"DJANGO_SUPERUSER_USERNAME": username, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        self.manage("createsuperuser", "--no-input", "--email=", **credentials)
        # An operator who owns a shop, as before the two were apart: tests lend senders to it.
        self.sql("UPDATE core_usuario SET rol = 'admin' WHERE username = %s", username)

    def shop(self) -> Shop:
        """A new admin, so that no test sees another's rows, who sends at any hour: it may be Sunday."""
        shop = self.lawful_shop()
        shop.patch("/ajustes/", ventanas_activas=False, frecuencia_activa=False, motivo="Pruebas contra el simulador")
        return shop

    def lawful_shop(self) -> Shop:
        """A new admin with the settings that a real shop begins with."""
        username = f"tienda-{secrets.token_hex(4)}"
        if not self.sql(COPY_ADMIN_SQL, username, FIRST_ADMIN):
            self.admin(FIRST_ADMIN)
            self.sql(COPY_ADMIN_SQL, username, FIRST_ADMIN)
        return Shop(self.url, username)

    def sql(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.env["DATABASE_URL"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, params)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def redis(self) -> redis.Redis:
        """The server as a test sees it, which may do more than the product."""
        return redis.Redis.from_url(acl.without_user(self.env["REDIS_URL"]))

    def messages(self, *phones: str) -> list[tuple[str, str]]:
        """List what the simulator accepted for these phones: (to, body)."""
        return [(row.to, row.body) for phone in phones for row in self.simulator.control.ledger(to=phone)]

    def _is_ready(self) -> bool:
        for name, process in self._processes.items():
            assert process.poll() is None, f"{name} ended: {(self._logs / f'{name}.log').read_text()[-2000:]}"
        ready = (self._logs / f"worker-{n}.log" for n in (1, 2))
        try:
            web = urllib3.request("GET", f"{self.url}/readyz", retries=False, timeout=2.0).status == 200
        except urllib3.exceptions.HTTPError:
            return False
        return web and all(" ready." in log.read_text() for log in ready)


FIRST_ADMIN = "tienda-primera"
# An admin like the first, who was made by the command as a person makes one: that takes a process and some seconds.
COPY_ADMIN_SQL = """
INSERT INTO core_usuario
    (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined, rol, tienda)
SELECT %s, password, is_superuser, is_staff, is_active, first_name, last_name, email, now(), rol, tienda
FROM core_usuario WHERE username = %s RETURNING id
"""


@contextmanager
def running_system(folder: Path, database_url: str, redis_url: str, python: str) -> Iterator[System]:
    """The system for the length of a `with` block.

    Args:
        folder: for logs and the simulator's ledger.
        database_url: of an empty database.
        redis_url: of an empty Redis database.
        python: the interpreter of the product's processes.
    """
    with ExitStack() as stack:
        simulator = stack.enter_context(
            running_simulator(folder / "simulator", "--send-delay", "0.1", "--delivery-delay", "0.1")
        )
        listener = stack.enter_context(ports.listen_loopback())
        port = str(listener.getsockname()[1])
        env = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": secrets.token_hex(32),
            # Its own: tests of the other process fill theirs at the same time.
            "STATIC_ROOT": str(folder / "static"),
            "PORT": port,
            "WEB_BIND": f"fd://{listener.fileno()}",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": "+15005550006",
            "TWILIO_API_BASE_URL": simulator.url,
            "TWILIO_READ_TIMEOUT_S": "2",
            "WORKER_THREADS": "16",
            "WORKER_MESSAGES": "16",
            "LOTE_SIZE": str(LOTE_SIZE),
            "LOTES_EN_VUELO": "3",
            "SWEEP_INTERVAL_S": "0.5",
            "LEASE_S": "8",
            "RECONCILE_INTERVAL_S": "1",
            "LIST_LAG_S": "2",
            "LOTE_LOST_AFTER_S": "2",
            "RETRY_BACKOFF_S": "0.5",
            "API_RATE_LOGIN": "1000/min",
            "WEB_WORKERS": "1",
            "METRICS_TOKEN": METRICS_TOKEN,
        }
        system = System(env, simulator, folder, listener, python)
        system.manage("migrate", "--no-input")
        system.manage("collectstatic", "--no-input")
        stack.callback(system.stop_all)
        system.start_all()
        yield system
