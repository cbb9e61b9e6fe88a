"""Ctrl-C in the middle of a benchmark leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.stack.commands import CTRL_C
from local.stack.layout import DEFAULT_DATA, ROOT
from local.stack.throwaway import PREFIX

pytestmark = pytest.mark.e2e
END_S = 120


@pytest.fixture
def bench() -> Iterator[subprocess.Popen[str]]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "DJANGO_SETTINGS"))}
    command = [sys.executable, "-m", "tests.bench", "--only", "comparison", "--recipients", "50"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def data_folder(process: subprocess.Popen[str]) -> Path:
    """The folder whose simulator is a child of the benchmark."""
    commands = [" ".join(child.cmdline()) for child in psutil.Process(process.pid).children()]
    [simulator] = [command for command in commands if "local.simulator" in command]
    place = DEFAULT_DATA / "tmp"
    [folder] = [path for path in place.glob(f"{PREFIX}*") if str(path) in simulator]
    return folder


def test_it_ends_what_it_started_and_removes_its_data(bench: subprocess.Popen[str]) -> None:
    assert bench.stderr
    for line in bench.stderr:
        if "starting the web" in line:
            break
    folder, started = data_folder(bench), psutil.Process(bench.pid).children(recursive=True)
    assert len(started) > 3
    bench.send_signal(signal.SIGINT)
    bench.stderr.read()
    assert bench.wait(END_S) == CTRL_C
    assert [process for process in started if process.is_running()] == []
    assert not folder.exists()
