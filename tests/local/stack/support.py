"""What the tests of the stack share: real processes, watched until a deadline."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 120.0
# A child as stubborn as can be: it outlives the supervisor (it takes back PDEATHSIG) and ignores polite requests.
STUBBORN = """
import ctypes, signal, sys, time
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
for name in ("SIGTERM", "SIGINT", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
PATIENT = "import time; print('up', flush=True); time.sleep(600)"


def eventually(check: Callable[[], bool], what: str) -> None:
    """Wait until something is so, or fail saying what was not."""
    deadline = time.monotonic() + DEADLINE_S
    while not check():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S:g} s: {what}"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def environment(**extra: str) -> dict[str, str]:
    """Ours, without what decides for the stack: an `.env` file, servers, ports, accounts."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    for name in ("DATABASE_URL", "REDIS_URL", "PORT", "STATIC_ROOT", "STACK_RUN_ID", "SECRET_KEY"):
        ours.pop(name, None)
    return {**ours, "ENV_FILE": "", **extra}


def stack(*args: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run `python -m local.stack` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "local.stack", *args],
        cwd=ROOT,
        env=dict(env or environment()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def record(data: Path) -> dict[str, int]:
    """The processes a running stack has written down: name to pid."""
    try:
        written = json.loads((data / "run" / "stack.json").read_text())
    except (OSError, ValueError):
        return {}
    return {entry["name"]: entry["pid"] for entry in written["processes"]}


@contextmanager
def running(
    command: list[str], output: Path, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process whose output goes to a file, killed at the end if a test left it there."""
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=dict(env or environment()), stdout=file, stderr=file)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
