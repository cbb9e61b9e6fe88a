"""A command that has the terminal to itself while the stack runs behind it."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from local.stack.identity import launch
from local.stack.layout import ROOT

GRACE_S = 20.0


async def run(command: Sequence[str], env: Mapping[str, str], stopping: asyncio.Event, hurry: asyncio.Event) -> int:
    """Run a command with our input and output, and end it when someone asks to stop.

    Returns:
        Its exit code, or 128 and the signal's number when a signal ended it, as a shell would say.
    """
    process = await asyncio.create_subprocess_exec(
        *launch(command, death_signal=signal.SIGTERM), env=dict(env), cwd=ROOT
    )
    ended, stop = asyncio.create_task(process.wait()), asyncio.create_task(stopping.wait())
    await asyncio.wait((ended, stop), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not ended.done():
        await end(process, ended, hurry)
    code = await ended
    return code if code >= 0 else 128 - code


async def end(process: asyncio.subprocess.Process, ended: "asyncio.Task[int]", hurry: asyncio.Event) -> None:
    """Let it clean up, then insist."""
    # A terminal's Ctrl-C went to both of us: a second one would interrupt the command's own cleaning up.
    if not shares_terminal():
        process.send_signal(signal.SIGINT)
    for insist in (process.terminate, process.kill):
        await first_of(ended, hurry, GRACE_S)
        if ended.done():
            return
        insist()
        hurry = asyncio.Event()


async def first_of(ended: "asyncio.Task[int]", hurry: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(hurry.wait())
    await asyncio.wait((ended, waiting), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def shares_terminal() -> bool:
    """Whether a Ctrl-C at our terminal reaches our process group, and so the command as well."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
