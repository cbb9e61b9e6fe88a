"""Many senders and many processes: whether each long code gets its segment a second, and what an idle fleet costs."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.bench.arithmetic import percentile
from tests.bench.errors import BenchError
from tests.bench.options import Options
from tests.bench.run import PARTS
from tests.bench.section import Goal, Section, table
from tests.bench.senders import sender_of
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others, spent

WARM_UP_S: Final = 20.0
GOAL: Final = 0.95
RATE: Final = 1.0  # segments a second of each sender
SENDERS: Final = 1_000
STATEMENTS_SQL: Final = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
SESSIONS_SQL: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SENDING: Final = ("workers", "postgres", "valkey", "beat")


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time of the whole product.

    Attributes:
        cpu: CPU seconds by part.
        statements, commands: what PostgreSQL and Redis were asked meanwhile.
        sessions: connections to PostgreSQL at its end, ours left out.
        others: the share (0–1) of the machine that somebody else used meanwhile.
    """

    seconds: float
    cpu: Mapping[str, float]
    statements: int
    commands: int
    sessions: int
    others: float


@dataclass(frozen=True, slots=True)
class Many:
    """The figures.

    Attributes:
        shares: of its rate that each sender got, 1 at most, the least first.
        most: of its rate that any sender got.
    """

    processes: int
    idle: Spell
    sending: Spell
    shares: list[float]
    most: float

    @property
    def kept(self) -> float:
        return sum(self.shares) / len(self.shares)


async def section(stage: Stage, options: Options) -> Section:
    await stage.clean()
    # Their shares must last: the first to end would get nothing any more.
    clients = round(RATE * (2 * WARM_UP_S + options.paced_s) * 1.5) + 30
    await stage.open_shop("bench-many")  # whose client the others are copies of
    await make(stage, "shops", options.senders, CLIENTS=str(clients))
    async with stage.product(processes=options.processes):
        await asyncio.sleep(WARM_UP_S / 2)
        idle = await spell(stage, options.idle_s)
        await make(stage, "campaigns", options.senders)
        await all_send(stage, options.senders)
        first, started = await last_message(stage), time.monotonic()
        sending = await spell(stage, options.paced_s)
        took = time.monotonic() - started
        sent = await asyncio.to_thread(by_sender, stage, first)
        stats = await asyncio.to_thread(stage.simulator.stats)
    if stats.duplicates:
        raise BenchError(f"{stats.duplicates} messages were sent twice")
    shares = [sent[sender_of(number)] / took / RATE for number in range(options.senders)]
    await stage.clean()
    kept = sorted(min(1.0, share) for share in shares)
    return report(Many(options.processes, idle, sending, kept, max(shares)))


async def make(stage: Stage, what: str, count: int, **env: str) -> None:
    await stage.run(f"make-{what}", "tests.bench.make_senders", what, str(count), **env)


async def all_send(stage: Stage, senders: int) -> None:
    """Wait until every sender has sent something, and then for the pace to settle.

    Raises:
        BenchError: some have not, in a long while.
    """
    deadline = time.monotonic() + 120.0 + senders / 4
    while (begun := len(await asyncio.to_thread(by_sender, stage, 0))) < senders:
        if time.monotonic() > deadline:
            raise BenchError(f"of {senders:,} senders {begun:,} have begun to send")
        await asyncio.sleep(1.0)
    await asyncio.sleep(WARM_UP_S / 2)


async def last_message(stage: Stage) -> int:
    return await asyncio.to_thread(lambda: max((row.id for row in stage.simulator.ledger()), default=0))


def by_sender(stage: Stage, since: int) -> Counter[str]:
    """Count what the stand-in accepted of each sender after this message."""
    return Counter(row.from_ for row in stage.simulator.ledger(since_id=since))


async def spell(stage: Stage, seconds: float) -> Spell:
    """Let so many seconds go by, and look at what is spent in them."""
    ours = stage.statements
    [(statements,)] = await stage.sql(STATEMENTS_SQL)
    commands, before, started = stage.redis().info("stats")["total_commands_processed"], stage.usage(), time.monotonic()
    await asyncio.sleep(seconds)
    after, took = stage.usage(), time.monotonic() - started
    [(later,)] = await stage.sql(STATEMENTS_SQL)
    asked = stage.redis().info("stats")["total_commands_processed"] - commands
    [(sessions,)] = await stage.sql(SESSIONS_SQL)
    own = stage.statements - ours
    return Spell(took, spent(before, after), later - statements - own, asked, sessions, share_of_others(before, after))


def report(found: Many) -> Section:
    senders = len(found.shares)
    made = table(
        f"{senders:,} senders of {RATE:g} segment a second, {found.processes} worker processes",
        "CPU",
        *(PARTS[part] for part in SENDING),
        "statements/s",
        "Redis/s",
        "sessions",
        "others",
    )
    for name, part in (("nothing to send", found.idle), ("all send", found.sending)):
        made.add_row(
            name,
            *(f"{part.cpu.get(who, 0.0) / part.seconds:.1%}" for who in SENDING),
            f"{part.statements / part.seconds:,.0f}",
            f"{part.commands / part.seconds:,.0f}",
            f"{part.sessions:,}",
            f"{part.others:.0%}",
        )
    note = (
        f"Of their rate the senders got {found.kept:.1%}, the slowest twentieth at most"
        f" {percentile(found.shares, 5):.1%}, and none more than {found.most:.1%}."
    )
    measure = f"{senders:,} paced senders: share of their rate that they get"
    goal = Goal(measure, f"≥ {GOAL:.0%}", f"{found.kept:.1%}", found.kept >= GOAL)
    data = {
        "senders": senders,
        "processes": found.processes,
        "kept": found.kept,
        "most": found.most,
        **{
            name: {
                "seconds": part.seconds,
                "cpu_s": dict(part.cpu),
                "statements": part.statements,
                "commands": part.commands,
                "sessions": part.sessions,
            }
            for name, part in (("idle", found.idle), ("sending", found.sending))
        },
    }
    others = max(found.idle.others, found.sending.others)
    return Section("many", [made], data, others=others, goals=[goal], notes=[note])
