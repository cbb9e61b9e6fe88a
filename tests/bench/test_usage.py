"""The kernel's accounts, on processes that burn a known amount."""

import subprocess
import sys

import pytest

from tests.bench.run import measured
from tests.bench.usage import Snapshot, share_of_others, snapshot, spent

BURN_S = 0.3
BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass"
# A child burns and is buried; the parent goes on living until its input ends.
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}]); print('done', flush=True); input()"


def test_it_counts_what_dead_children_spent() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        before = snapshot({"worker-1": process.pid})
        process.stdout.readline()
        after = snapshot({"worker-1": process.pid})
        process.stdin.close()
    assert spent(before, after)["workers"] >= BURN_S - 0.02  # in ticks of 10 ms


def snap(at: float, machine: float, bench: float = 0.0, **cpu: float) -> Snapshot:
    return Snapshot({name.replace("_", "-"): value for name, value in cpu.items()}, bench, machine, at)


def test_processes_of_one_part_are_added() -> None:
    before = snap(0, 0, worker_1=1.0, worker_2=2.0, web=5.0)
    after = snap(10, 0, worker_1=2.5, worker_2=2.5, web=5.0, beat=9.0)  # beat was born in between
    assert spent(before, after) == {"workers": 2.0, "web": 0.0}


def test_others_are_what_neither_the_bench_nor_the_measured_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    before, after = snap(0, 100.0, 1.0, web=1.0), snap(10, 114.0, 2.0, web=4.0)
    # 14 in all: 1 the bench's, 3 the web's, 5 of a publisher that has ended; 5 of the 20 possible are left.
    assert share_of_others(before, after, ended=5.0) == pytest.approx(0.25)
    run = measured(1000, 8.0, before, after, ended=5.0, publisher=2.0)
    assert (run.rate, run.cpu_ms, run.part_ms("publisher")) == (125.0, 5.0, 2.0)
    assert run.others == pytest.approx(0.25)
