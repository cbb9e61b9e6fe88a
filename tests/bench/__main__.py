"""`scripts/bench`: see `--help`."""

import asyncio
import contextlib
import os
import sys

from rich.console import Console

from core.stack import environment, throwaway
from core.stack.commands import CTRL_C
from core.stack.errors import Interrupted, StackError
from core.stack.layout import DEFAULT_DATA, Layout
from core.stack.output import Printer
from core.stack.session import Session
from tests.bench import comparison, report
from tests.bench.errors import BenchError
from tests.bench.machine import describe
from tests.bench.options import Options, read_options
from tests.bench.section import Section
from tests.bench.stage import Stage


async def main(options: Options) -> int:
    """Measure on databases of our own, and remove every trace of it afterwards."""
    env = environment.read()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(throwaway.folder(Layout(DEFAULT_DATA)))
        env |= {"ENV_FILE": "", "STATIC_ROOT": str(folder / "static")}
        try:
            async with Session(folder, env, Printer(sys.stderr, quiet=True)) as session:
                await session.supervisor.unless_stopped(measure(session, options))
        except Interrupted:
            return CTRL_C
    return 0


async def measure(session: Session, options: Options) -> None:
    stage = await Stage.open(session)
    machine = await describe(stage)
    sections: list[Section] = []
    for name in options.sections:
        sections.append(await SECTIONS[name](stage, options))
    report.show(Console(), machine, sections)
    if options.json:
        report.write(options.json, machine, sections)


SECTIONS = {"comparison": comparison.section}

if __name__ == "__main__":
    given = read_options()
    os.umask(0o077)
    try:
        sys.exit(asyncio.run(main(given)))
    except (BenchError, StackError) as error:
        sys.exit(f"error: {error}")
