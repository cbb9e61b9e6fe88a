"""Real worker processes on the tests' own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from tests.workers.engine.conftest import running  # noqa: F401 - these tests run campaigns too

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 90.0


@dataclass(frozen=True)
class Worker:
    process: subprocess.Popen[bytes]
    log: Path

    def said(self, text: str) -> bool:
        return text in self.log.read_text()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that happens while the worker lives."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def ends(self) -> int:
        """Its exit code, once it ended by itself."""
        try:
            return self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.log.read_text()) from None

    def end(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts `celery worker` with settings from the environment, and kills it afterwards."""
    workers: list[Worker] = []

    def start(*, app: str = "core", queues: str = "nobody-sends-here", threads: int = 2, **env: str) -> Worker:
        log = tmp_path / f"worker-{len(workers)}.log"
        command = [sys.executable, "-m", "celery", "-q", "-A", app, "worker", "-P", "threads", "-c", str(threads)]
        command += ["-Q", queues, "--without-gossip", "--without-mingle", "-l", "INFO"]
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
        environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "x" * 32, "SWEEP_INTERVAL_S": "0.5", **env}
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        workers.append(Worker(process, log))
        return workers[-1]

    yield start
    for worker in workers:
        worker.process.kill()
        worker.process.wait()
