"""However a run ends, nothing of it stays; and nothing that is not its own is touched."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.stack import leftovers
from local.stack.registry import born
from tests.local.stack.support import PATIENT, STUBBORN, alive, environment, eventually, record, running, stack

pytestmark = pytest.mark.stack


@contextmanager
def host(data: Path, code: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A supervisor with two fake processes, once all is up."""
    log = data.with_suffix(".log")
    command = [sys.executable, "-m", "tests.local.stack.host", str(data), code]
    with running(command, log) as process:
        eventually(lambda: "everything is up" in log.read_text(), f"two processes: {log.read_text()}")
        yield process


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_all_when_asked_to_stop(data: Path, number: signal.Signals) -> None:
    with host(data, PATIENT) as process:
        pids = record(data).values()
        process.send_signal(number)
        assert process.wait(120) == 0
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)
    assert not (data / "run" / "stack.json").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PDEATHSIG is Linux's")
def test_its_processes_die_with_a_killed_supervisor(data: Path) -> None:
    with host(data, PATIENT) as process:
        pids = record(data).values()
        process.kill()
        process.wait()
        eventually(lambda: not any(alive(pid) for pid in pids), "the children ended")


def test_it_ends_what_a_killed_run_left(data: Path) -> None:
    with host(data, STUBBORN) as process:
        pids = list(record(data).values())
        process.kill()
        process.wait()
    assert all(alive(pid) for pid in pids)
    with host(data, PATIENT):
        assert not any(alive(pid) for pid in pids)
        assert "ended what an earlier run had left: second, first" in data.with_suffix(".log").read_text()


def test_it_never_ends_a_stranger_with_a_recycled_number(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", PATIENT], start_new_session=True)
    try:
        entry = {"name": "web", "pid": stranger.pid, "born": "another boot:1", "stop_signal": 9}
        assert leftovers.end_recorded({"run_id": "x", "processes": [entry]}) == []
        assert stranger.poll() is None
        entry["born"] = born(stranger.pid) or ""
        assert leftovers.end_recorded({"run_id": "x", "processes": [entry]}) == ["web"]
        assert stranger.wait(30) == -9
    finally:
        stranger.kill()
        stranger.wait()


def test_it_survives_a_half_written_record(data: Path) -> None:
    (data / "run").mkdir(parents=True, mode=0o700)
    (data / "run" / "stack.json").write_text('{"pid": 12, "proc')
    with host(data, PATIENT):
        assert len(record(data)) == 2


def test_a_second_start_says_who_runs_already(data: Path) -> None:
    with host(data, PATIENT) as process:
        pids = record(data)
        done = stack("up", "--data", str(data))
        assert done.returncode == 1
        assert done.stderr == f"error: already running (pid {process.pid}) at http://localhost:1\n"
        assert record(data) == pids


def test_it_ends_a_server_that_no_record_names(data: Path) -> None:
    """The record may be deleted by hand; two servers on one data folder would ruin it."""
    sleep = [sys.executable, "-c", PATIENT]
    keeper = [sys.executable, "-m", "local.stack", "run", "--data", str(data), "--", *sleep]
    with running(keeper, data.with_suffix(".log")) as process:
        eventually(lambda: "valkey" in record(data) and (data / "postgres" / "18" / "postmaster.pid").exists(), "up")
        folder = json.loads((data / "run" / "stack.json").read_text())["socket_folder"]
        servers = dict(record(data))
        process.send_signal(signal.SIGSTOP)  # neither stops its children nor starts them again
        try:
            ended = leftovers.end_servers([data / "postgres" / "18", data / "valkey"])
            assert ended
            eventually(lambda: not any(alive(pid) for pid in servers.values()), "the servers ended")
        finally:
            process.kill()
            process.wait()
    assert folder
    done = stack("run", "--data", str(data), "--", "true", env=environment())
    assert done.returncode == 0, done.stderr
    assert not Path(folder).exists()
