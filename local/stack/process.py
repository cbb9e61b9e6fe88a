"""One supervised process: what to run, and the running of it."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local.stack.identity import launch
from local.stack.layout import ROOT

LONGEST_LINE_BYTES = 64 * 1024
DRAIN_S = 1.0
KILL_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to run and how it behaves.

    Attributes:
        name: shown before each of its lines; unique.
        ready: asked again and again after the start until it answers True; None when alive is enough.
        ready_text: or, a text that its output shows once it is ready; its absence is forgiven.
        patience: seconds it may take to become ready.
        stop_signal: the signal on which it ends well.
        stop_timeout: seconds it may take to do so.
        hurry_signal: the signal when nobody wants to wait any more.
        death_signal: what the kernel sends it when the supervisor itself is killed (Linux). The databases are
            ending too by then, so what the others could still do would be lost: they end at once.
        launch_flags: options of `launch.py`.
        inherited: file descriptors it keeps.
        shown: whether its lines go to the terminal; they always go to its log.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = ROOT
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_text: str = ""
    patience: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0
    hurry_signal: signal.Signals = signal.SIGKILL
    death_signal: signal.Signals = signal.SIGKILL
    launch_flags: tuple[str, ...] = ()
    inherited: tuple[int, ...] = ()
    shown: bool = True


class Child:
    """A process started from a spec, in a session of its own: the terminal's Ctrl-C does not reach it."""

    def __init__(self, spec: Spec, process: asyncio.subprocess.Process, output: "Lines") -> None:
        loop = asyncio.get_running_loop()
        self.spec = spec
        self.pid = process.pid
        self.started_at = loop.time()
        self._process = process
        self._output = output
        self._ended = loop.create_task(self._until_ended())

    @classmethod
    async def start(cls, spec: Spec, hear: Callable[[str], None]) -> Self:
        """Start it, and hand its lines to `hear`."""
        reading, writing = os.pipe()
        output = Lines(reading, hear)
        try:
            process = await asyncio.create_subprocess_exec(
                *launch(spec.command, flags=spec.launch_flags, death_signal=spec.death_signal),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env=dict(spec.env),
                cwd=spec.cwd,
                pass_fds=spec.inherited,
                start_new_session=True,
            )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(writing)
        return cls(spec, process, output)

    async def _until_ended(self) -> int:
        code = await self._process.wait()
        # Whatever it started and left behind would keep ports, sockets and the pipe.
        self.send_to_all(signal.SIGKILL)
        await self._output.finish(DRAIN_S)
        return code

    async def wait(self) -> int:
        """Its exit code, once it and all it started have ended; -N when signal N ended it."""
        return await asyncio.shield(self._ended)

    async def stop(self, hurry: asyncio.Event) -> None:
        """End it: well if it can, at once when `hurry` is set, and by force in the end."""
        if self._ended.done():
            return
        self.send(self.spec.stop_signal)
        if not await self._ends_within(self.spec.stop_timeout, hurry):
            self.send(self.spec.hurry_signal)
            if not await self._ends_within(KILL_S, asyncio.Event()):
                self.send_to_all(signal.SIGKILL)
        await self.wait()

    async def _ends_within(self, seconds: float, hurry: asyncio.Event) -> bool:
        waiting = asyncio.create_task(hurry.wait())
        await asyncio.wait((self._ended, waiting), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return self._ended.done()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def send_to_all(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class Lines:
    """Hand on a pipe's text line by line. A pipe of our own, as asyncio's `wait` also waits for its pipes."""

    def __init__(self, descriptor: int, hear: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._hear = hear
        self._rest = b""
        self._closed = asyncio.Event()
        os.set_blocking(descriptor, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, LONGEST_LINE_BYTES)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._hear(line.decode("utf-8", "replace").rstrip("\r"))

    async def finish(self, seconds: float) -> None:
        """Read what is left, at most for the given time: a grandchild may hold the other end for ever."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)
        self.close()

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        if self._rest:
            self._hear(self._rest.decode("utf-8", "replace"))
