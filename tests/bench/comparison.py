"""Ours against the textbook: the same stand-in, the same Valkey, the same processors, round by round."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from statistics import median

from tests.bench.options import Options
from tests.bench.product import give_clients, send_campaign
from tests.bench.run import Run
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.textbook.contenders import Textbook, loop
from tests.e2e.system import Shop

USERNAME = "bench-comparison"
WARM_UP = 256
OURS, WITH_CALLBACKS = "ours", "ours, status callbacks on"
TEXTBOOK, WITH_ORM = "textbook, no database", "textbook, Django ORM"
RATIO = "durable ÷ textbook without database, throughput"
COLUMNS = ("", "recipients", "a second", "÷ textbook", "CPU ms each", "÷ textbook")
CPU_PARTS = {
    "workers": "workers",
    "publisher": "publisher",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "simulator": "stand-in",
    "web": "web",
}
NOTES: list[str] = []
PREFORK, LOOP = "textbook, default prefork pool", "plain loop of SDK calls"


@dataclass(frozen=True, slots=True)
class Contender:
    """Args:
    count: recipients of one run.
    warm_up: recipients of the run before it, which opens connections and is not counted.
    every_round: else only in the first, since it needs no precision.
    """

    name: str
    count: int
    up: Callable[[Stage], AbstractAsyncContextManager[None]]
    send: Callable[[Stage, int], Awaitable[Run]]
    warm_up: int = WARM_UP
    every_round: bool = True


async def section(stage: Stage, options: Options) -> Section:
    runs = await compare(stage, count=options.recipients, rounds=options.rounds)
    return report(runs, rounds=options.rounds)


async def compare(stage: Stage, *, count: int, rounds: int) -> dict[str, list[Run]]:
    """Let all send, as often as there are rounds, every other round in the opposite order.

    Args:
        count: recipients of the fast ones; the slow ones get as many as take about as long.

    Returns:
        The runs of each contender by its name, in the order of the table.
    """
    await stage.admin(USERNAME)
    await give_clients(stage, USERNAME, count)
    everyone = contenders(count)
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


def contenders(count: int) -> list[Contender]:
    plain, orm, prefork = Textbook("plain", "threads"), Textbook("orm", "threads"), Textbook("plain", "prefork")
    return [
        Contender(OURS, count, Stage.product, ours),
        Contender(TEXTBOOK, count, plain.up, plain.send),
        Contender(WITH_ORM, count, orm.up, orm.send),
        Contender(WITH_CALLBACKS, count, Stage.product, with_callbacks),
        Contender(PREFORK, max(50, count // 20), prefork.up, prefork.send, 10, every_round=False),
        Contender(LOOP, max(25, count // 40), nothing, loop, 0, every_round=False),
    ]


async def ours(stage: Stage, count: int) -> Run:
    return await send_campaign(stage, Shop(stage.url, USERNAME), count)


async def with_callbacks(stage: Stage, count: int) -> Run:
    return await send_campaign(stage, Shop(stage.url, USERNAME), count, callbacks=True)


@asynccontextmanager
async def nothing(stage: Stage) -> AsyncIterator[None]:
    yield


def report(runs: dict[str, list[Run]], *, rounds: int) -> Section:
    """The comparison's table, its figures, and what they say about the goal."""
    wall, cpu = (
        table(f"Comparison, {rounds} × interleaved, medians", *COLUMNS, *CPU_PARTS.values(), "others"),
        CPU_PARTS,
    )
    for name, found in runs.items():
        others = max(run.others for run in found)
        ratio, cpu_ratio = against_textbook(runs, name)
        wall.add_row(
            name,
            f"{found[0].recipients:,}",
            f"{median(run.rate for run in found):,.0f}",
            ratio,
            f"{median(run.cpu_ms for run in found):.2f}",
            cpu_ratio,
            *(f"{median(run.part_ms(part) for run in found):.2f}" for part in cpu),
            f"{others:.0%}",
        )
    rates, cpus = ratios(runs, OURS)
    best, cheapest = median(rates), median(cpus)
    spread = f"{min(rates):.2f} to {max(rates):.2f}"
    return Section(
        name="comparison",
        tables=[wall],
        data={name: [as_json(run) for run in found] for name, found in runs.items()}
        | {"ratio": best, "ratio_by_round": rates, "cpu_ratio": cheapest},
        goals=[
            Goal(RATIO, "≥ 1.0", f"{best:.2f} ({spread})", best >= 1.0),
            Goal("  the same, the further goal", "≥ 1.5", f"{best:.2f}", best >= 1.5),
        ],
        notes=NOTES,
    )


def ratios(runs: dict[str, list[Run]], name: str) -> tuple[list[float], list[float]]:
    """Throughput, and CPU of each message, of each round in units of the textbook's own round."""
    pairs = list(zip(runs[name], runs[TEXTBOOK], strict=False))
    return [a.rate / b.rate for a, b in pairs], [a.cpu_ms / b.cpu_ms for a, b in pairs]


def against_textbook(runs: dict[str, list[Run]], name: str) -> tuple[str, str]:
    rates, cpus = ratios(runs, name)
    return f"{median(rates):.2f}", f"{median(cpus):.2f}"


def as_json(run: Run) -> dict[str, object]:
    return {
        "recipients": run.recipients,
        "seconds": run.seconds,
        "per_second": run.rate,
        "cpu_ms": run.cpu_ms,
        "cpu_s": dict(run.cpu),
        "others": run.others,
    }
