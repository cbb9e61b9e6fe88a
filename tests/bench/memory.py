"""The most memory that processes had."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from tests.bench.usage import tree

MIB = 2**20
EVERY_S = 0.25


def peaks(pids: Mapping[str, int]) -> dict[str, float]:
    """The largest resident memory since birth of each process with its descendants, in MiB, by name.

    What they share counts in each of them, so a tree's sum is more than it holds.
    """
    return {name: sum(peak(process) for process in tree(pid)) / MIB for name, pid in pids.items()}


def peak(process: psutil.Process) -> int:
    """Bytes. Linux keeps the largest; elsewhere the present value stands for it."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


@dataclass(slots=True)
class Highest:
    """Bytes that the Redis server used: before, and at most meanwhile."""

    before: int
    most: int

    @property
    def growth_mib(self) -> float:
        return (self.most - self.before) / MIB


@asynccontextmanager
async def watched(server: redis.Redis) -> AsyncIterator[Highest]:
    """Look at a Redis server's memory several times a second."""
    before = used(server)
    found = Highest(before, before)

    async def look() -> None:
        while True:
            found.most = max(found.most, await asyncio.to_thread(used, server))
            await asyncio.sleep(EVERY_S)

    task = asyncio.create_task(look())
    try:
        yield found
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def used(server: redis.Redis) -> int:
    memory = server.info("memory")
    return int(memory["used_memory"])
