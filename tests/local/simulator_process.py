"""Starts the simulator as what it is in production: a process of its own, spoken to over HTTP."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from local.simulator.client import SimulatorControl
from tests.ports import held, port_of

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_SID = "AC" + "0a" * 16
AUTH_TOKEN = "simulated-token"
STOP_S = 30.0


class RunningSimulator:
    """One simulator process. While it is down, its port refuses connections and is nobody else's.

    Args:
        data: its data directory; what is in it survives a restart.
        flags: of `python -m local.simulator`.
    """

    def __init__(self, data: Path, *flags: str) -> None:
        self.data, self._flags, self._held = data, flags, held()
        try:
            self._start()
        except BaseException:
            self._held.close()
            raise

    def _start(self) -> None:
        port = str(port_of(self._held))
        command = [sys.executable, "-m", "local.simulator", "--port", port, "--data", str(self.data)]
        self.process = subprocess.Popen(
            [*command, *self._flags],
            cwd=ROOT,
            env={**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "listening on" not in line:
            _, errors = self.process.communicate(timeout=STOP_S)
            raise RuntimeError(f"the simulator did not start: {errors}")
        self.url = line.split()[-1]
        self.control = SimulatorControl(self.url)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """An orderly stop."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Start again, on the same port and data, after a kill or a stop."""
        self._start()

    def _end(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            _, self.errors = self.process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, self.errors = self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.returncode is None:
            self.stop()
        self._held.close()


@contextmanager
def running_simulator(data: Path, *flags: str) -> Iterator[RunningSimulator]:
    """A simulator for the length of a `with` block."""
    with RunningSimulator(data, *flags) as simulator:
        yield simulator
