"""Ours from 1,000 recipients upwards: what each costs, and what grows."""

import asyncio
import time
from dataclasses import asdict, dataclass
from statistics import median

from tests.bench.errors import BenchError
from tests.bench.memory import peaks, watched
from tests.bench.options import Options
from tests.bench.product import give_clients, send_campaign
from tests.bench.run import PARTS, Run
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.usage import part_of

USERNAME = "bench-scaling"
SMALL = 2_000  # a campaign of up to so many is over in seconds: the median of several counts
COST_SIZE, MEMORY_SIZE = 100_000, 1_000_000
GONE_WITHIN_S = 30.0
COST_GOAL, MEMORY_GOAL = 1.1, 1.2
SPEED = (
    "recipients",
    "a second",
    "time, ×",
    "CPU ms each",
    "CPU, ×",
    "transactions each",
    "first SMS ms",
    "others",
)
MEMORY = ("recipients", "web", "worker", "beat", "Valkey, growth", "database, KiB each")
NOTES = (
    "×: of one message, against the smallest campaign. CPU: the product, PostgreSQL, Valkey and the stand-in.",
    "Transactions: PostgreSQL's own count, the bundled server has no pg_stat_statements; alone, a statement is one.",
    "Memory in MiB: the highest resident size since the start (web: sum of its processes; worker: the largest).",
)


@dataclass(frozen=True, slots=True)
class Size:
    """The measures of campaigns of one size, in processes started for them.

    Attributes:
        runs: one, or several of a small size.
        memory: peak in MiB by process.
        valkey_mib: how far its memory rose above what it held idle.
        transactions: of PostgreSQL for each recipient.
        database_kib: growth of the database for each recipient.
    """

    recipients: int
    runs: list[Run]
    memory: dict[str, float]
    valkey_mib: float
    transactions: float
    database_kib: float

    @property
    def rate(self) -> float:
        return median(run.rate for run in self.runs)

    @property
    def cpu_ms(self) -> float:
        return median(run.cpu_ms for run in self.runs)

    @property
    def others(self) -> float:
        return max(run.others for run in self.runs)

    @property
    def worker_mib(self) -> float:
        return max(mib for name, mib in self.memory.items() if part_of(name) == "workers")


async def section(stage: Stage, options: Options) -> Section:
    sizes = []
    for count in options.sizes:
        await give_clients(stage, USERNAME, count)
        sizes.append(await measure(stage, count, options))
        stage.say(f"{count:,} recipients: {sizes[-1].rate:.0f}/s, {sizes[-1].cpu_ms:.2f} ms of CPU each")
    return report(sizes)


async def measure(stage: Stage, count: int, options: Options) -> Size:
    """Send campaigns of one size in fresh processes."""
    await stage.clean()
    committed, statements = await transactions(stage), stage.statements
    async with stage.product():
        await send_campaign(stage, USERNAME, min(options.warm_up, count))
        await stage.clean()
        size = await database_size(stage)
        async with watched(stage.redis()) as valkey:
            runs = [
                await send_campaign(stage, USERNAME, count) for _ in range(options.repeated if count <= SMALL else 1)
            ]
        memory = peaks(stage.pids)
        grown = await database_size(stage) - size
    await alone(stage)
    spent = await transactions(stage) - committed - (stage.statements - statements)
    return Size(
        recipients=count,
        runs=runs,
        memory={name: mib for name, mib in memory.items() if name == "web" or name == "beat" or "worker" in name},
        valkey_mib=valkey.growth_mib,
        transactions=spent / (min(options.warm_up, count) + count * len(runs)),
        database_kib=grown / 1024 / count,
    )


async def alone(stage: Stage) -> None:
    """Wait until PostgreSQL has seen that the product is gone: its connections add to the statistics as they end."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + GONE_WITHIN_S
    while (await stage.sql(query))[0][0]:
        if time.monotonic() > deadline:
            raise BenchError(f"the product's connections did not end within {GONE_WITHIN_S:.0f} s")
        await asyncio.sleep(0.1)


async def transactions(stage: Stage) -> int:
    query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    [(found,)] = await stage.sql(query)
    return int(found)


async def database_size(stage: Stage) -> int:
    """Bytes."""
    [(found,)] = await stage.sql("SELECT pg_database_size(current_database())")
    return int(found)


def report(sizes: list[Size]) -> Section:
    first = sizes[0]
    speed, memory = table("Scaling: speed and cost", *SPEED), table("Scaling: memory and disk", *MEMORY)
    parts = {part: name for part, name in PARTS.items() if part in first.runs[0].cpu}
    cpu = table("Scaling: CPU milliseconds of each message, by process", "recipients", *parts.values())
    for size in sizes:
        speed.add_row(
            f"{size.recipients:,}",
            f"{size.rate:,.0f}",
            f"{first.rate / size.rate:.2f}",
            f"{size.cpu_ms:.2f}",
            f"{size.cpu_ms / first.cpu_ms:.2f}",
            f"{size.transactions:.2f}",
            f"{median(run.first_s for run in size.runs) * 1000:,.0f}",
            f"{size.others:.0%}",
        )
        cpu.add_row(
            f"{size.recipients:,}",
            *(f"{median(run.part_ms(part) for run in size.runs):.2f}" for part in parts),
        )
        memory.add_row(
            f"{size.recipients:,}",
            *(f"{mib:,.0f}" for mib in (size.memory["web"], size.worker_mib, size.memory["beat"])),
            f"{size.valkey_mib:,.1f}",
            f"{size.database_kib:,.2f}",
        )
    return Section(
        name="scaling",
        tables=[speed, cpu, memory],
        data={str(size.recipients): as_json(size) for size in sizes},
        others=max(size.others for size in sizes),
        goals=[goal for size in sizes for goal in goals(first, size)],
        notes=list(NOTES),
    )


def goals(first: Size, size: Size) -> list[Goal]:
    """Return what this size says about the goals; nothing unless it is the one that they name."""
    found = []
    if size.recipients == COST_SIZE:
        cpu, wall = size.cpu_ms / first.cpu_ms, first.rate / size.rate
        text = f"{cpu:.2f} × CPU ({wall:.2f} × time)"
        measure = f"cost per recipient, {COST_SIZE:,} against {first.recipients:,}"
        found.append(Goal(measure, f"≤ {COST_GOAL} ×", text, cpu <= COST_GOAL))
    if size.recipients == MEMORY_SIZE:
        web, worker = size.memory["web"] / first.memory["web"], size.worker_mib / first.worker_mib
        text = f"{web:.2f} × web, {worker:.2f} × worker"
        measure = f"memory of web and each worker, {MEMORY_SIZE:,} against {first.recipients:,}"
        found.append(Goal(measure, f"≤ {MEMORY_GOAL} ×", text, max(web, worker) <= MEMORY_GOAL))
    return found


def as_json(size: Size) -> dict[str, object]:
    return {**asdict(size), "per_second": size.rate, "cpu_ms": size.cpu_ms}
