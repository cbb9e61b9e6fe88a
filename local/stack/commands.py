"""What the three commands do. Each returns the exit code of the whole."""

import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from local.stack import environment, throwaway
from local.stack.errors import Interrupted
from local.stack.layout import DEFAULT_DATA, Layout
from local.stack.output import Printer
from local.stack.session import Session
from local.stack.startup import banner, start_everything

CTRL_C = 128 + signal.SIGINT
STOPPING = "stopping; Ctrl-C again to hurry"


async def up(data: Path | None) -> int:
    """Start everything and keep it up until someone asks to stop.

    Args:
        data: the data folder; None for the clone's own.
    """
    printer = Printer()
    async with Session((data or DEFAULT_DATA).resolve(), environment.read(), printer) as session:
        with contextlib.suppress(Interrupted):
            await start_everything(session)
            printer.plain(banner(session))
            await session.supervisor.until_stopped()
        printer.say(STOPPING)
    printer.say("stopped")
    return 0


async def demo(data: Path | None, *, stay: bool) -> int:
    """Start everything quietly, run the demonstration at the terminal, and stop.

    Args:
        data: the data folder; None for the clone's own.
        stay: keep everything up afterwards, until someone asks to stop.
    """
    printer = Printer(quiet=True)
    async with Session((data or DEFAULT_DATA).resolve(), environment.read(), printer) as session:
        try:
            await start_everything(session)
        except Interrupted:
            return CTRL_C
        printer.say(f"logs are in {session.layout.log}")
        code = await session.in_foreground([sys.executable, "-m", "local.demo"])
        if stay and not session.supervisor.stopping.is_set():
            printer.plain(banner(session))
            await session.supervisor.until_stopped()
        printer.say(STOPPING)
    return code


async def run(command: Sequence[str], data: Path | None) -> int:
    """Run a command with a PostgreSQL and a Valkey of its own, whatever servers the environment names.

    Args:
        data: the data folder; None for a fresh one that is removed afterwards.
    """
    env = environment.read()
    with contextlib.ExitStack() as stack:
        folder = data.resolve() if data else stack.enter_context(throwaway.folder(Layout(DEFAULT_DATA)))
        # Its files were read just now; a second look would also find those of a running development stack.
        env |= {"ENV_FILE": "", "STATIC_ROOT": str(folder / "static")}
        try:
            async with Session(folder, env, Printer(sys.stderr)) as session:
                session.env["SECRET_KEY"] = environment.secret_key(env, session.layout)
                await session.start_databases(always=True, durable=data is not None)
                return await session.in_foreground(command)
        except Interrupted:
            return CTRL_C
