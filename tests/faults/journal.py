"""The journal of what was done to the product, and when: for the report, and for a person who reads the logs of a
violation."""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Killed:
    """A worker's death.

    Args:
        at: a Unix second.
        with_all: whether everything else died at the same moment.
    """

    pid: int
    at: float
    with_all: bool


class Journal:
    """Safe to share among threads.

    Args:
        path: of the file that every line goes to, as it happens.

    Attributes:
        away: when there was no stack at all, from and to, in Unix seconds.
    """

    def __init__(self, path: Path) -> None:
        self.injected: Counter[str] = Counter()
        self.without_effect: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.killed: list[Killed] = []
        self.away: list[tuple[float, float]] = []
        self.last_fault = time.time()
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """A line."""
        with self._lock:
            self._file.write(f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%S.%f} {text}\n")

    def took_effect(self, kind: str, text: str) -> None:
        """A fault happened."""
        with self._lock:
            self.injected[kind] += 1
            self.last_fault = time.time()
        self.say(f"{kind}: {text}")

    def took_none(self, kind: str, why: str = "") -> None:
        """A fault was tried and nothing came of it: it counts for nothing."""
        with self._lock:
            self.without_effect[kind] += 1
        self.say(f"{kind}: no effect {why}".rstrip())

    def requests_met(self, kind: str, times: int) -> None:
        """Note that so many requests or callbacks met a fault of the simulator."""
        with self._lock:
            self.requests[kind] += times

    def worker_died(self, pid: int, at: float, *, with_all: bool = False) -> None:
        """A worker was killed with whatever it was doing."""
        with self._lock:
            self.killed.append(Killed(pid, at, with_all))

    def close(self) -> None:
        self._file.close()
