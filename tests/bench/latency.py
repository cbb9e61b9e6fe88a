"""The API's answers under the clock: creating a large campaign, its first message, and progress at full speed."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from tests.bench.arithmetic import percentile
from tests.bench.errors import BenchError
from tests.bench.options import Options
from tests.bench.product import create, first_message, give_clients, send_campaign, timed
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others

USERNAME = "bench-latency"
CREATE_GOAL_MS, PROGRESS_GOAL_MS = 200.0, 20.0
CREATE_CLIENTS = 100_000
READ_EVERY_S = 0.1  # the API lets a user ask 1,200 times a minute
AT_SPEED = 500  # sent messages after which the campaign counts as under way
UNDER_WAY_WITHIN_S = 60.0
CREATED_MEANWHILE = 5


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds.

    Attributes:
        creating: each creation, the workers at rest.
        creating_busy: each creation while another campaign was being sent.
        first: from the request to the first message's arrival at the stand-in.
        progress: each reading at full speed.
        rate: messages a second meanwhile.
        others: the share (0–1) of the machine that somebody else used meanwhile.
    """

    clients: int
    creating: list[float]
    creating_busy: list[float]
    first: float
    progress: list[float]
    rate: float
    others: float


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.clients)
    await stage.clean()
    creating = await create_many(stage, options.creations)
    await stage.clean()
    async with stage.product():
        await send_campaign(stage, USERNAME, options.warm_up)
        await stage.clean()
        found = await watch(stage, options, creating)
    await stage.clean()
    return report(found)


async def create_many(stage: Stage, count: int) -> list[float]:
    """Create and cancel campaigns to everybody. No worker runs: what they would do with the one before would be in
    the time of the next."""
    taken = []
    async with stage.web():
        shop = await stage.shop(USERNAME)
        for number in range(count + 1):
            campana, seconds = await create(shop, {"todos": True})
            if number:  # the first finds nothing in memory
                taken.append(seconds)
            await asyncio.to_thread(shop.post, f"/campanas/{campana}/cancelar/")
    stage.say(f"{count} creations: p95 {percentile(taken, 95) * 1000:.0f} ms")
    return taken


async def watch(stage: Stage, options: Options, creating: list[float]) -> Latency:
    """Send to everybody, and read progress until the time is over; the rest is left unsent."""
    shop = await stage.shop(USERNAME)
    created_at = time.time()
    campana, _ = await create(shop, {"todos": True})
    await under_way(stage)
    before = stage.usage()
    progress: list[float] = []
    first, until = await read(shop, campana, progress), time.monotonic() + options.watched_s
    started, last = time.monotonic(), first
    progress.clear()
    while time.monotonic() < until:
        last = await read(shop, campana, progress)
        await asyncio.sleep(READ_EVERY_S)
    rate = (last["exitosos"] - first["exitosos"]) / (time.monotonic() - started)
    if last["estado"] != "procesando":
        raise BenchError(f"the campaign of {options.clients:,} ended while its progress was read: make it larger")
    busy = [(await create(shop, {"todos": True}))[1] for _ in range(CREATED_MEANWHILE)]
    others = share_of_others(before, stage.usage())
    message = await asyncio.to_thread(first_message, stage)
    if message is None:
        raise BenchError("the stand-in has accepted nothing")
    return Latency(options.clients, creating, busy, message.accepted_at - created_at, progress, rate, others)


async def under_way(stage: Stage) -> None:
    """Wait until the campaign is sent at its pace."""
    deadline = time.monotonic() + UNDER_WAY_WITHIN_S
    while (await asyncio.to_thread(stage.simulator.stats)).accepted < AT_SPEED:
        if time.monotonic() > deadline:
            raise BenchError(f"fewer than {AT_SPEED} messages were sent within {UNDER_WAY_WITHIN_S:.0f} s")
        await asyncio.sleep(READ_EVERY_S)


async def read(shop: Any, campana: int, taken: list[float]) -> dict[str, Any]:
    """One reading of progress; its time goes to `taken`."""
    answer, seconds = await asyncio.to_thread(timed, lambda: shop.get(f"/campanas/{campana}/progreso/"))
    taken.append(seconds)
    now: dict[str, Any] = answer.body
    return now


def report(found: Latency) -> Section:
    made = table("Answers of the API", "", "times", "p50 ms", "p95 ms", "slowest ms")
    busy = f"reading progress at full speed ({found.rate:,.0f}/s)"
    for name, taken in (
        (f"creating a campaign over {found.clients:,} clients", found.creating),
        ("  the same while another is being sent", found.creating_busy),
        ("from the request to the first SMS", [found.first]),
        (busy, found.progress),
    ):
        made.add_row(name, str(len(taken)), *(f"{ms(taken, percent):,.1f}" for percent in (50, 95, 100)))
    goals = []
    if found.clients >= CREATE_CLIENTS:
        goals.append(goal(f"creating a campaign over {found.clients:,} clients", found.creating, CREATE_GOAL_MS))
    goals.append(goal("reading progress while sending at full speed", found.progress, PROGRESS_GOAL_MS))
    data = {
        "clients": found.clients,
        "creating_s": found.creating,
        "creating_while_sending_s": found.creating_busy,
        "first_sms_s": found.first,
        "progress_s": found.progress,
        "per_second": found.rate,
        "others": found.others,
    }
    return Section("latency", [made], data, others=found.others, goals=goals)


def ms(taken: list[float], percent: float) -> float:
    return percentile(taken, percent) * 1000


def goal(measure: str, taken: list[float], most_ms: float) -> Goal:
    found = ms(taken, 95)
    return Goal(measure, f"p95 ≤ {most_ms:.0f} ms", f"{found:.1f} ms", found <= most_ms)
