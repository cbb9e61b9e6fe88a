"""Being asked to stop: by a signal, by the terminal's end, or by a process that gave up."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from local.stack.errors import Interrupted, StackError

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stoppable:
    """Work that ends when someone asks to stop.

    Attributes:
        stopping: set by the first request.
        hurry: set by the second: nobody wants to wait any more.
        failure: why the stack asks itself to stop, if it does.
    """

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.hurry = asyncio.Event()
        self.failure: StackError | None = None

    def listen(self) -> None:
        """Take the signals that ask to stop; one that was ignored from the start (nohup) stays ignored."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self.request_stop)

    def request_stop(self) -> None:
        """Ask to stop; asked again, to hurry."""
        if self.stopping.is_set():
            self.hurry.set()
        self.stopping.set()

    def fail(self, failure: StackError) -> None:
        """Ask to stop, and say why."""
        self.failure = self.failure or failure
        self.stopping.set()

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work, but no longer than until someone asks to stop.

        Raises:
            Interrupted: someone did.
            StackError: a process gave up meanwhile.
        """
        task, stop = asyncio.create_task(work), asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            stop.cancel()
            await ended(task)
        raise self.failure or Interrupted

    async def until_stopped(self) -> None:
        """Wait until someone asks to stop.

        Raises:
            StackError: a process gave up meanwhile.
        """
        await self.stopping.wait()
        if self.failure:
            raise self.failure


async def ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task, unless it is done, and wait until it has cleaned up."""
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError, StackError):
            await task


async def together(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do all side by side; when one fails, the others end with it."""
    tasks = [asyncio.create_task(item) for item in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            await ended(task)
