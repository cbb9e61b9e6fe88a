"""End what a killed run left behind: what its registry recorded, and servers still on our data folders."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from core.stack.registry import RUN_MARK, Entry, born

PATIENCE_S = 10.0
SERVERS = ("postgres", "valkey-server")


def end_recorded(record: dict[str, object]) -> list[str]:
    """End what a killed run left behind, in the opposite order of its start.

    Args:
        record: what that run's registry had written.

    Returns:
        The names of the processes that were still there.
    """
    processes = record.get("processes")
    entries = [Entry(**entry) for entry in processes] if isinstance(processes, list) else []
    ended = []
    for entry in reversed(entries):
        pids = members(entry, str(record.get("run_id", "")))
        if pids:
            ended.append(entry.name)
            # Ask the leader, which asks its own; all of them when it is gone.
            asked = {entry.pid: entry.born} if entry.pid in pids else pids
            end(pids, asked, entry.stop_signal)
    return ended


def end_servers(folders: Iterable[Path]) -> list[str]:
    """End servers that work in one of the folders though no record names them (the record was deleted).

    Two servers on one data folder would ruin it.
    """
    wanted = {str(folder.resolve()) for folder in folders if folder.exists()}
    found: dict[int, str] = {}
    for process in psutil.process_iter():
        try:
            ours = process.name() in SERVERS and process.cwd() in wanted
        except psutil.Error:
            continue
        if ours and (moment := born(process.pid)):
            found[process.pid] = moment
    if found:
        end(found, found, signal.SIGINT)
    return ["server"] if found else []


def members(entry: Entry, run_id: str) -> dict[int, str]:
    """The process and those it started: number to moment of birth.

    While the leader lives, its session is its own. Once it is gone the number may have been given away, so
    the others are known by the run's mark in their environment.
    """
    led = born(entry.pid) == entry.born
    found: dict[int, str] = {}
    for pid in psutil.pids():
        try:
            if os.getsid(pid) != entry.pid:
                continue
            ours = led or psutil.Process(pid).environ().get(RUN_MARK) == run_id
        except (OSError, psutil.Error):
            continue
        if ours and (moment := born(pid)):
            found[pid] = moment
    return found


def end(pids: dict[int, str], asked: dict[int, str], stop_signal: int) -> None:
    """Ask some to stop; insist with all that are still there after a while."""
    signal_all(asked, stop_signal)
    if not gone(pids, PATIENCE_S):
        signal_all(pids, signal.SIGKILL)
        gone(pids, PATIENCE_S)


def signal_all(pids: dict[int, str], number: int) -> None:
    for pid, moment in pids.items():
        if born(pid) == moment:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def gone(pids: dict[int, str], patience: float) -> bool:
    """Wait until none of them runs, at most `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not any(born(pid) == moment and not is_zombie(pid) for pid, moment in pids.items()):
            return True
        time.sleep(0.05)
    return False


def is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True
