"""The written record of what runs, so that no run leaves anything behind, however it ended.

A lock says whether a stack owns the data folder: the kernel frees it with its owner. The record names every
process with the moment it was born, so that the start after a `kill -9` ends the left-overs and never a
stranger that was given the same number since.
"""

import contextlib
import fcntl
import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil

from local.stack.errors import StackError
from local.stack.keep import write_private

RUN_MARK = "STACK_RUN_ID"


@dataclass(frozen=True)
class Entry:
    """One process.

    Attributes:
        pid: its number, which is also its session's.
        born: when it was born, in a clock of its own (see `born`).
        stop_signal: the signal on which it stops well.
    """

    name: str
    pid: int
    born: str
    stop_signal: int


def born(pid: int) -> str | None:
    """The moment a process was born, or None when there is none.

    On Linux in ticks since this boot, which no change of the clock moves; elsewhere in seconds of the clock.
    """
    try:
        if psutil.LINUX:
            # The second field, the name, may hold spaces and brackets; the 22nd is the time of birth.
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
            return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
        return str(psutil.Process(pid).create_time())
    except (OSError, psutil.Error):
        return None


def read_record(path: Path) -> dict[str, object]:
    """What a run wrote; empty when it wrote nothing, or nothing whole."""
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


class Registry:
    """The lock and the record of one data folder's run."""

    def __init__(self, folder: Path) -> None:
        self.record_path = folder / "stack.json"
        self.lock_path = folder / "lock"
        self.run_id = uuid.uuid4().hex
        self.url = ""
        self.socket_folder: Path | None = None
        self.entries: dict[str, Entry] = {}
        self._lock: IO[str] | None = None

    def take(self) -> None:
        """Own the data folder, or say who does.

        Raises:
            StackError: another stack runs on it.
        """
        try:
            lock = self.lock_path.open("a")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record = read_record(self.record_path)
            where = f" at {record['url']}" if record.get("url") else ""
            raise StackError(f"already running (pid {record.get('pid', 'unknown')}){where}") from None
        except OSError as error:
            raise StackError(f"cannot lock {self.lock_path} ({error.strerror}): check its owner") from error
        self._lock = lock

    def write(self) -> None:
        """Write the record.

        Raises:
            OSError: it cannot be written.
        """
        write_private(
            self.record_path,
            json.dumps(
                {
                    "pid": os.getpid(),
                    "url": self.url,
                    "run_id": self.run_id,
                    "socket_folder": str(self.socket_folder or ""),
                    "processes": [asdict(entry) for entry in self.entries.values()],
                },
                indent=2,
            ),
        )

    def add(self, name: str, pid: int, stop_signal: int) -> None:
        if moment := born(pid):
            self.entries[name] = Entry(name, pid, moment, int(stop_signal))
            self._try_to_write()

    def discard(self, name: str) -> None:
        if self.entries.pop(name, None):
            self._try_to_write()

    def _try_to_write(self) -> None:
        # A disk that filled up meanwhile is no reason to stop watching over the processes.
        with contextlib.suppress(OSError):
            self.write()

    def release(self) -> None:
        """Forget the run: everything it started has ended."""
        self.record_path.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()
            self._lock = None
