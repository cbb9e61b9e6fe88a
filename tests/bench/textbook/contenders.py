"""The textbook's processes on the stage, and a campaign through them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from local.stack.process import Spec
from tests.bench.errors import BenchError
from tests.bench.run import Run, measured
from tests.bench.stage import Stage

REDIS = 7
DATABASE = "textbook"
SETTINGS = "tests.bench.textbook.settings"
CELERY = (sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q")
THREADS = 64
PROCESSES = 2
SLOWEST = {"threads": 30.0, "prefork": 6.0}  # messages a second below which the chord counts as stuck


@dataclass(frozen=True, slots=True)
class Textbook:
    """One way to run it.

    Attributes:
        module: `plain` or `orm`.
        pool: `threads` (2 processes of 64) or `prefork`: one worker without options, as many children as processors.
    """

    module: str
    pool: str

    @asynccontextmanager
    async def up(self, stage: Stage) -> AsyncIterator[None]:
        """Its workers, on an empty Redis database."""
        stage.redis(REDIS).flushdb()
        if self.module == "orm":
            await make_database(stage)
        async with stage.processes(*self._specs(stage)):
            yield

    def _specs(self, stage: Stage) -> list[Spec]:
        threads = self.pool == "threads"
        command: tuple[str, ...] = (*CELERY, "-A", f"tests.bench.textbook.{self.module}", "worker", "-l", "INFO")
        command += ("-P", "threads", "-c", str(THREADS)) if threads else ()
        return [
            Spec(
                name=f"textbook-{number}",
                command=(*command, "-n", f"textbook-{number}@%h"),
                env=stage.session.env | self._env(stage),
                ready_text=" ready.",
                patience=20.0,
                shown=False,
            )
            for number in range(1, PROCESSES + 1 if threads else 2)
        ]

    def _env(self, stage: Stage) -> dict[str, str]:
        env = {"REDIS_URL": stage.redis_url(REDIS), "TEXTBOOK_THREADS": str(THREADS if self.pool == "threads" else 1)}
        if self.module == "orm":
            env |= {"DJANGO_SETTINGS_MODULE": SETTINGS, "TEXTBOOK_DATABASE_URL": database_url(stage)}
        return env

    async def send(self, stage: Stage, count: int) -> Run:
        """Publish a chord of so many and wait for its callback.

        Raises:
            StackError: it did not end in time; with the publisher's last words.
            BenchError: not all were sent once.
        """
        timeout = 30 + count / SLOWEST[self.pool]
        command = ("tests.bench.textbook.publish", self.module, str(count), str(timeout))
        return await measure(stage, count, "publisher", *command, **self._env(stage))


async def loop(stage: Stage, count: int) -> Run:
    """One SDK call after the other, in one process."""
    return await measure(stage, count, "workers", "tests.bench.textbook.loop", str(count), TEXTBOOK_THREADS="1")


async def measure(stage: Stage, count: int, part: str, *command: str, **env: str) -> Run:
    """Run what sends to so many recipients and see that each got one message.

    Args:
        part: what its own CPU seconds count as.
        command: a module that prints as `publish` does, after sending to the first recipient once, not counted.
    """
    stage.simulator.reset()
    before = stage.usage()
    spent = json.loads((await stage.run("publish", *command, **env))[-1])
    run = measured(count, spent["seconds"], before, stage.usage(), ended=spent["cpu_total"], **{part: spent["cpu"]})
    stats = await asyncio.to_thread(stage.simulator.stats)
    if (spent["sent"], stats.distinct_to, stats.accepted) != (count, count, count + 1):
        raise BenchError(f"textbook of {count}: {spent['sent']} sent, the stand-in accepted {stats}")
    return run


async def make_database(stage: Stage) -> None:
    """The ORM's own database, once."""
    if await stage.sql("SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
        return
    await stage.sql(f"CREATE DATABASE {DATABASE}")
    env = {"DJANGO_SETTINGS_MODULE": SETTINGS, "TEXTBOOK_DATABASE_URL": database_url(stage)}
    await stage.run("syncdb", "django", "migrate", "--run-syncdb", **env)


def database_url(stage: Stage) -> str:
    return stage.session.env["DATABASE_URL"].rpartition("/")[0] + f"/{DATABASE}"
