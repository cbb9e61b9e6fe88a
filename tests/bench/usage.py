"""The cost of processes, by the kernel's own accounts."""

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

WORKERS = ("worker", "textbook")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Accounts at one moment, in CPU seconds (user and system).

    Attributes:
        cpu: since birth, by name of the process; what it started is in it.
        bench: of this process alone.
        machine: what anybody spent on this machine, time stolen by its host included.
        at: when, in seconds of the monotonic clock.
    """

    cpu: Mapping[str, float]
    bench: float
    machine: float
    at: float


def snapshot(pids: Mapping[str, int]) -> Snapshot:
    """Read the accounts of the processes now.

    Args:
        pids: process by name.
    """
    return Snapshot(
        {name: sum(sum(process.cpu_times()[:4]) for process in tree(pid)) for name, pid in pids.items()},
        sum(psutil.Process().cpu_times()[:2]),
        busy_seconds(),
        time.monotonic(),
    )


def tree(pid: int) -> list[psutil.Process]:
    """The process and its living descendants. What dead ones spent is in the accounts of who buried them."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def busy_seconds() -> float:
    times = psutil.cpu_times()._asdict()
    # Linux counts the time of guests once more in user.
    return sum(float(value) for name, value in times.items() if name not in {"idle", "iowait", "guest", "guest_nice"})


def spent(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """CPU seconds between two snapshots by part: `worker-1` and `worker-2` are `workers`."""
    parts: dict[str, float] = {}
    for name, cpu in after.cpu.items():
        if name in before.cpu:
            parts[part_of(name)] = parts.get(part_of(name), 0.0) + cpu - before.cpu[name]
    return parts


def part_of(name: str) -> str:
    """Return what the process of that name counts as: every `worker-N` as the workers."""
    kind, _, number = name.rpartition("-")
    return "workers" if kind in WORKERS and number.isdigit() else name


def share_of_others(before: Snapshot, after: Snapshot, *, ended: float = 0.0) -> float:
    """Return how busy the machine was besides: the share (0–1) of its processors that neither we nor the measured used.

    Args:
        ended: CPU seconds of processes of ours that were born and ended between the two.
    """
    ours = sum(spent(before, after).values()) + after.bench - before.bench + ended
    capacity = (after.at - before.at) * (os.cpu_count() or 1)
    return max(0.0, after.machine - before.machine - ours) / capacity
