"""Ours against the textbook: the same stand-in, the same Valkey, the same processors, round by round."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from statistics import median

from tests.bench.arithmetic import paired_ratio
from tests.bench.options import Options
from tests.bench.product import give_clients, send_campaign
from tests.bench.run import PARTS, Run
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.textbook.contenders import PROCESSES, THREADS, Textbook, loop

USERNAME = "bench-comparison"
OURS, WITH_CALLBACKS = "ours", "ours, status callbacks on"
TEXTBOOK, WITH_ORM = "textbook, no database", "textbook, Django ORM"
PREFORK, LOOP = "textbook, default prefork pool", "plain loop of SDK calls"
GOALS = (1.0, 1.5)
RATIO = "durable ÷ textbook without any database"
SPEED = ("", "recipients", "a second", "÷ textbook", "CPU ms each", "÷ textbook", "others")
NOTES = (
    f"Textbook: one flat chord of SDK calls, {PROCESSES} processes of {THREADS} threads, connections for all of them.",
    "Others: the most that anybody else used of the machine during a run.",
)


@dataclass(frozen=True, slots=True)
class Contender:
    """One program of the comparison.

    Args:
        count: recipients of one run.
        warm_up: recipients of the run before it, which opens connections and is not counted; none if 0.
        every_round: else only in the first: it needs no precision.
    """

    name: str
    count: int
    warm_up: int
    up: Callable[[Stage], AbstractAsyncContextManager[None]]
    send: Callable[[Stage, int], Awaitable[Run]]
    every_round: bool = True


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.recipients)
    runs = await compare(
        stage, contenders(options.recipients, min(options.warm_up, options.recipients)), rounds=options.rounds
    )
    return report(runs, rounds=options.rounds)


async def compare(stage: Stage, everyone: list[Contender], *, rounds: int) -> dict[str, list[Run]]:
    """Let all send, as often as there are rounds, every other round in the opposite order.

    Returns:
        The runs of each contender by its name, in the order of the table.
    """
    runs: dict[str, list[Run]] = {contender.name: [] for contender in everyone}
    for number in range(rounds):
        racing = [contender for contender in everyone if contender.every_round or number == 0]
        for contender in racing if number % 2 == 0 else reversed(racing):
            runs[contender.name].append(await race(stage, contender))
            run = runs[contender.name][-1]
            stage.say(
                f"round {number + 1}/{rounds}  {contender.name}: {run.rate:.0f}/s, {run.cpu_ms:.2f} ms of CPU each"
            )
    return runs


async def race(stage: Stage, contender: Contender) -> Run:
    async with contender.up(stage):
        if contender.warm_up:
            await contender.send(stage, contender.warm_up)
        return await contender.send(stage, contender.count)


def contenders(count: int, warm_up: int) -> list[Contender]:
    """List the programs to compare.

    Args:
        count: recipients of the fast ones; the slow ones get as many as take about as long.
    """
    plain, orm, prefork = Textbook("plain", "threads"), Textbook("orm", "threads"), Textbook("plain", "prefork")
    return [
        Contender(OURS, count, warm_up, Stage.product, ours),
        Contender(TEXTBOOK, count, warm_up, plain.up, plain.send),
        Contender(WITH_ORM, count, warm_up, orm.up, orm.send),
        Contender(WITH_CALLBACKS, max(1, count // 2), warm_up, Stage.product, with_callbacks, every_round=False),
        Contender(PREFORK, max(50, count // 20), 10, prefork.up, prefork.send, every_round=False),
        Contender(LOOP, max(25, count // 40), 0, nothing, loop, every_round=False),
    ]


async def ours(stage: Stage, count: int) -> Run:
    return await send_campaign(stage, USERNAME, count)


async def with_callbacks(stage: Stage, count: int) -> Run:
    return await send_campaign(stage, USERNAME, count, callbacks=True)


@asynccontextmanager
async def nothing(stage: Stage) -> AsyncIterator[None]:
    yield


def report(runs: dict[str, list[Run]], *, rounds: int) -> Section:
    """The comparison's tables, its figures, and what they say about the goal."""
    speed = table(f"Comparison: medians of {rounds} rounds", *SPEED)
    cpu = table("CPU milliseconds of each message, by process", "", *PARTS.values())
    for name, found in runs.items():
        rate, cost = ratios(runs, name)
        speed.add_row(
            name,
            f"{found[0].recipients:,}",
            f"{median(run.rate for run in found):,.0f}",
            f"{rate:.2f}",
            f"{median(run.cpu_ms for run in found):.2f}",
            f"{cost:.2f}",
            f"{busiest(found):.0%}",
        )
        cpu.add_row(name, *(f"{median(run.part_ms(part) for run in found):.2f}" for part in PARTS))
    rate, cost = ratios(runs, OURS)
    by_round = [paired_ratio([a.rate], [b.rate]) for a, b in zip(runs[OURS], runs[TEXTBOOK], strict=True)]
    text = f"{rate:.2f} (rounds {min(by_round):.2f} to {max(by_round):.2f}; CPU {cost:.2f} ×)"
    return Section(
        name="comparison",
        tables=[speed, cpu],
        data={
            "ratio": rate,
            "ratio_by_round": by_round,
            "cpu_ratio": cost,
            "runs": {name: [as_json(run) for run in found] for name, found in runs.items()},
        },
        others=max(busiest(found) for found in runs.values()),
        goals=[Goal(RATIO, f"≥ {least}", text, rate >= least) for least in GOALS],
        notes=[*NOTES, chords(runs)],
    )


def chords(runs: dict[str, list[Run]]) -> str:
    """Say in words how many of our Lotes were closed by their chords."""
    ours = [run for found in runs.values() for run in found if run.lotes]
    lotes, closed = sum(run.lotes for run in ours), sum(run.by_chord for run in ours)
    return f"The callbacks of their chords closed {closed:,} of our {lotes:,} Lotes ({closed / max(lotes, 1):.1%})."


def ratios(runs: dict[str, list[Run]], name: str) -> tuple[float, float]:
    """Throughput, and CPU of each message, in units of the textbook's in the same rounds."""
    ours, theirs = runs[name], runs[TEXTBOOK][: len(runs[name])]
    return (
        paired_ratio([run.rate for run in ours], [run.rate for run in theirs]),
        paired_ratio([run.cpu_ms for run in ours], [run.cpu_ms for run in theirs]),
    )


def busiest(runs: list[Run]) -> float:
    return max(run.others for run in runs)


def as_json(run: Run) -> dict[str, object]:
    return {**asdict(run), "per_second": run.rate, "cpu_ms": run.cpu_ms}
