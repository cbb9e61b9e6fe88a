"""Workers stand back for the programs that share their machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.process.conftest import StartWorker
from workers.process import priority

SCRIPT = "import os; from workers.process.priority import stand_back; stand_back({nice}); print(os.nice(0))"


def niceness(nice: int) -> int:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(nice=nice)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize("nice", [0, 7])
def test_it_stands_back_as_far_as_it_is_told(nice: int) -> None:
    assert niceness(nice) == min(19, os.nice(0) + nice)


def test_it_stands_back_also_where_only_sessions_are_weighed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "nice", lambda nice: nice)
    monkeypatch.setattr(os, "getsid", lambda pid: os.getpid())
    monkeypatch.setattr(priority, "AUTOGROUP", tmp_path / "autogroup")
    priority.stand_back(7)
    assert (tmp_path / "autogroup").read_text() == "7"
    monkeypatch.setattr(priority, "AUTOGROUP", tmp_path / "nowhere" / "autogroup")
    priority.stand_back(7)  # not Linux


def test_it_leaves_a_session_of_others_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "nice", lambda nice: nice)
    monkeypatch.setattr(os, "getsid", lambda pid: os.getpid() + 1)
    monkeypatch.setattr(priority, "AUTOGROUP", tmp_path / "autogroup")
    priority.stand_back(7)
    assert not (tmp_path / "autogroup").exists()


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_a_worker_stands_back_with_all_its_threads(start_worker: StartWorker) -> None:
    worker = start_worker(WORKER_NICE="3")
    worker.wait_until(lambda: worker.said(" ready."))
    threads = Path(f"/proc/{worker.process.pid}/task")
    if not threads.exists():
        pytest.skip("about Linux")
    found = {os.getpriority(os.PRIO_PROCESS, int(thread.name)) for thread in threads.iterdir()}
    assert found == {min(19, os.nice(0) + 3)}
