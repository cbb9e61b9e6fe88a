"""`scripts/bench`: see `--help`."""

import asyncio
import contextlib
import os
import sys
import time

import psycopg2
import redis
from rich.console import Console
from urllib3.exceptions import HTTPError

from local.simulator.client import SimulatorError
from local.stack import environment, throwaway
from local.stack.commands import CTRL_C
from local.stack.errors import Interrupted, StackError
from local.stack.layout import DEFAULT_DATA, Layout
from local.stack.output import Printer
from local.stack.session import Session
from tests.bench import (
    callbacks,
    cierre,
    comparison,
    ganchos,
    latency,
    lote,
    many,
    preview,
    profile,
    report,
    scaling,
    tableros,
    years,
)
from tests.bench.errors import BenchError
from tests.bench.machine import describe
from tests.bench.options import Options, read_options
from tests.bench.section import Section
from tests.bench.stage import Stage
from tests.e2e.system import UnexpectedAnswerError


async def main(options: Options) -> int:
    """Measure on databases of our own, and remove every trace of it afterwards."""
    env = environment.read()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(throwaway.folder(Layout(DEFAULT_DATA)))
        env |= {"ENV_FILE": "", "STATIC_ROOT": str(folder / "static")}
        try:
            async with Session(folder, env, Printer(sys.stderr, quiet=True)) as session:
                return await session.supervisor.unless_stopped(measure(session, options))
        except Interrupted:
            return CTRL_C


async def measure(session: Session, options: Options) -> int:
    """Run the benchmarks one after the other; the exit code. One that cannot be run does not stop the others."""
    stage = await Stage.open(session)
    machine = await describe(stage)
    sections: list[Section] = []
    failures: dict[str, str] = {}
    for name in options.sections:
        started = time.monotonic()
        try:
            sections.append(await SECTIONS[name](stage, options))
        except FAILURES as error:
            failures[name] = str(error).strip()
        stage.say(f"{name}: {time.monotonic() - started:.0f} s")
    report.show(Console(), machine, sections, failures)
    if options.json:
        report.write(options.json, machine, sections)
    return 1 if failures else 0


SECTIONS = {
    "comparison": comparison.section,
    "scaling": scaling.section,
    "latency": latency.section,
    "tableros": tableros.section,
    "cierre": cierre.section,
    "ganchos": ganchos.section,
    "callbacks": callbacks.section,
    "lote": lote.section,
    "many": many.section,
    "preview": preview.section,
    "years": years.section,
    "profile": profile.section,
}
FAILURES = (BenchError, UnexpectedAnswerError, StackError, SimulatorError, HTTPError, psycopg2.Error, redis.RedisError)

if __name__ == "__main__":
    given = read_options()
    os.umask(0o077)
    try:
        sys.exit(asyncio.run(main(given)))
    except (BenchError, StackError, OSError) as error:
        sys.exit(f"error: {error}")
