"""Start processes in order, keep them alive, stop them in the opposite order.

Why not a library: honcho ends everything when one process ends and knows no order; circus wants a ZeroMQ
broker and Tornado; supervisor wants a configuration file and a daemon. None waits for readiness, ties the
children's life to the supervisor's (PDEATHSIG), or finds what a killed run left behind.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.stack.errors import StackError
from local.stack.output import Log, Printer
from local.stack.process import Child, Spec
from local.stack.registry import Registry
from local.stack.stoppable import Stoppable, together

POLL_S = 0.05


@dataclass(frozen=True)
class Restarts:
    """When a process that ended is started again.

    Attributes:
        quick: seconds; a life shorter than this counts as a failed start.
        most: failed starts in a row after which the whole stack gives up.
        first, longest: seconds of the pause, which doubles from the one up to the other.
    """

    quick: float = 10.0
    most: int = 5
    first: float = 0.5
    longest: float = 30.0


@dataclass
class Kept:
    spec: Spec
    log: Log
    hear: Callable[[str], None]
    child: Child | None = None
    watch: asyncio.Task[None] | None = None


class Supervisor(Stoppable):
    """Owns the processes of one run; all methods belong to one event loop."""

    def __init__(self, registry: Registry, printer: Printer, logs: Path, *, restarts: Restarts | None = None) -> None:
        super().__init__()
        self.registry = registry
        self.printer = printer
        self.logs = logs
        self.restarts = restarts or Restarts()
        self._stages: list[list[Kept]] = []
        printer.on_broken = self.stopping.set

    async def start(self, *specs: Spec) -> None:
        """Start processes side by side and wait until all are ready. They stop after those started later.

        Raises:
            StackError: one ended, or was not ready in time; with the end of its log.
            Interrupted: someone asked to stop.
        """
        stage = [self._prepare(spec) for spec in specs]
        self._stages.append(stage)
        await self.unless_stopped(together([self._begin(kept) for kept in stage]))

    async def step(self, spec: Spec) -> list[str]:
        """Run a process to its end and return its lines.

        Raises:
            StackError: it failed; with the end of its output.
            Interrupted: someone asked to stop.
        """
        lines: list[str] = []
        kept = self._prepare(spec, lines)
        try:
            child = await self._spawn(kept)
            code = await self.unless_stopped(child.wait())
        finally:
            await self._end(kept)
        if code != 0:
            raise StackError(f"{spec.name} failed ({how(code)}):\n{kept.log.tail()}")
        kept.log.path.unlink(missing_ok=True)  # what it said may be a secret shown once
        return lines

    def _prepare(self, spec: Spec, lines: list[str] | None = None) -> Kept:
        log = Log(self.logs / f"{spec.name}.log")

        def hear(text: str) -> None:
            log.write(text)
            if lines is not None:
                lines.append(text)
            elif spec.shown and text.strip():
                self.printer.line(spec.name, text)

        return Kept(spec, log, hear)

    async def _begin(self, kept: Kept) -> None:
        child = await self._spawn(kept)
        ready, ended = asyncio.create_task(self._until_ready(kept)), asyncio.create_task(child.wait())
        try:
            await asyncio.wait((ready, ended), timeout=kept.spec.patience, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
            elif ended.done():
                raise StackError(f"{kept.spec.name} could not start ({how(ended.result())}):\n{kept.log.tail()}")
            elif kept.spec.ready:
                seconds = f"{kept.spec.patience:g}"
                raise StackError(f"{kept.spec.name} was not ready within {seconds} s:\n{kept.log.tail()}")
        finally:
            ready.cancel()
            ended.cancel()
        kept.watch = asyncio.create_task(self._watch(kept, child))

    async def _spawn(self, kept: Kept) -> Child:
        kept.child = child = await Child.start(kept.spec, kept.hear)
        self.registry.add(kept.spec.name, child.pid, kept.spec.stop_signal)
        return child

    async def _until_ready(self, kept: Kept) -> None:
        while not await self._is_ready(kept):
            await asyncio.sleep(POLL_S)

    async def _is_ready(self, kept: Kept) -> bool:
        if kept.spec.ready:
            return await kept.spec.ready()
        return not kept.spec.ready_text or kept.spec.ready_text in kept.log.path.read_text(errors="replace")

    async def _watch(self, kept: Kept, child: Child) -> None:
        """Start the process again whenever it ends, until it is hopeless."""
        failed, name = 0, kept.spec.name
        while True:
            code = await child.wait()
            self.registry.discard(name)
            lived = asyncio.get_running_loop().time() - child.started_at
            failed = failed + 1 if lived < self.restarts.quick else 0
            if failed >= self.restarts.most:
                self._give_up(kept, code)
                return
            pause = min(self.restarts.first * 2**failed, self.restarts.longest)
            self.printer.say(f"{name} ended ({how(code)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            try:
                child = await self._spawn(kept)
            except OSError as error:
                self.fail(StackError(f"{name} cannot be started again: {error}"))
                return

    def _give_up(self, kept: Kept, code: int) -> None:
        times = f"ended {self.restarts.most} times right after its start ({how(code)})"
        self.fail(StackError(f"{kept.spec.name} {times}; giving up:\n{kept.log.tail()}"))

    async def stop(self) -> None:
        """Stop everything, the last started first."""
        self.stopping.set()
        for stage in reversed(self._stages):
            for kept in stage:
                if kept.watch:
                    kept.watch.cancel()
            await together([self._end(kept) for kept in stage])
        self._stages.clear()

    async def _end(self, kept: Kept) -> None:
        if kept.child:
            await kept.child.stop(self.hurry)
        self.registry.discard(kept.spec.name)
        kept.log.close()


def how(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        return f"by {signal.Signals(-code).name}"
    return f"exit code {code}"
