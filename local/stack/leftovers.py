"""End what a killed run left behind: what its registry recorded, and servers still on our data folders."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from local.stack.registry import RUN_MARK, Entry, born

PATIENCE_S = 5.0
SERVER_PATIENCE_S = 30.0
SERVERS = ("postgres", "valkey")
PROGRAMS = ("postgres", "valkey-server")


def end_recorded(record: dict[str, object]) -> list[str]:
    """End what a killed run left behind: first what uses the servers, then the servers.

    Args:
        record: what that run's registry had written.

    Returns:
        The names of the processes that were still there.
    """
    processes = record.get("processes")
    entries = [Entry(**entry) for entry in processes] if isinstance(processes, list) else []
    ended: list[str] = []
    for servers, patience in ((False, PATIENCE_S), (True, SERVER_PATIENCE_S)):
        pids: dict[int, str] = {}
        for entry in reversed(entries):
            if (entry.name in SERVERS) == servers and (found := members(entry, str(record.get("run_id", "")))):
                ended.append(entry.name)
                pids |= found
                # Ask the leader, which asks its own; all of them when it is gone.
                signal_all({entry.pid: entry.born} if entry.pid in found else found, entry.stop_signal)
        insist(pids, patience)
    return ended


def end_servers(folders: Iterable[Path]) -> list[str]:
    """End servers that work in one of the folders though no record names them (the record was deleted).

    Two servers on one data folder would ruin it.
    """
    wanted = {str(folder.resolve()) for folder in folders if folder.exists()}
    found: dict[int, str] = {}
    for process in psutil.process_iter():
        try:
            ours = process.name() in PROGRAMS and process.cwd() in wanted
        except psutil.Error:
            continue
        if ours and (moment := born(process.pid)):
            found[process.pid] = moment
    if found:
        signal_all(found, signal.SIGINT)
        insist(found, SERVER_PATIENCE_S)
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


def insist(pids: dict[int, str], patience: float) -> None:
    """Wait, at most `patience` seconds, for processes that were asked to stop; then end them by force."""
    if not gone(pids, patience):
        signal_all(pids, signal.SIGKILL)
        gone(pids, patience)


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
