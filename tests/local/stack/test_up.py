"""The whole product, started as a person starts it."""

import os
import signal
import sys
import urllib.request
from pathlib import Path

import pytest
from dotenv import dotenv_values

from local.stack import ports
from tests.local.stack.support import alive, environment, eventually, record, running
from tests.ports import held, port_of

UP = [sys.executable, "-m", "local.stack", "up", "--data"]


@pytest.mark.e2e
def test_it_comes_up_and_goes_without_a_trace(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "up.log"
    with held() as holder:
        comes_and_goes(data, log, port_of(holder))


def comes_and_goes(data: Path, log: Path, port: int) -> None:
    with running([*UP, str(data)], log, environment(PORT=str(port), WORKER_PROCESSES="1")) as process:
        eventually(lambda: "Stop        Ctrl-C" in log.read_text() or process.poll() is not None, "the banner")
        text = log.read_text()
        assert "SIMULATED" in text, text
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200
        shared = dotenv_values(data / "run" / "stack.env")
        assert shared["PORT"] == str(port)
        pids = record(data)
        assert list(pids) == ["postgres", "valkey", "simulator", "worker-1", "web", "beat"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert not any(alive(pid) for pid in pids.values())
    assert not ports.answers(port)
    assert os.listdir(data / "run") == ["lock"]
    assert not Path(shared["REDIS_URL"].removeprefix("unix://").split("/valkey.sock")[0]).exists()  # type: ignore[union-attr]
