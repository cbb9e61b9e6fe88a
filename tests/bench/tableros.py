"""Open dashboards: what a hundred tabs that watch cost the sending rate.

One campaign is sent all along: without tabs, with them, and without them again, so that what the machine does besides
is in both. They watch the shop that sends: its dashboard, its wall and the campaign's own page, in turn.
"""

import asyncio
import time
from dataclasses import dataclass, field

from tests.bench.arithmetic import percentile
from tests.bench.errors import BenchError
from tests.bench.latency import under_way
from tests.bench.options import Options
from tests.bench.product import create, give_clients, send_campaign
from tests.bench.section import Goal, Section, table
from tests.bench.stage import Stage
from tests.bench.tabs import Answers, Tabs, browser
from tests.bench.usage import share_of_others, spent
from tests.e2e.system import PASSWORD

USERNAME = "bench-tableros"
TABS = 100
MOST_OF_THE_RATE = 0.10
SETTLE_S = 35.0  # the web judges how many are watching by the last thirty seconds
# The parts that share the machine, as the accounts call them, and what the table calls them.
PARTS = {
    "web": "web",
    "workers": "workers",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "simulator": "stand-in",
    "tabs": "tabs themselves",
}
DRAIN_S = 2.0  # answers that are under way when the tabs close


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the campaign.

    Attributes:
        sent: messages that the stand-in accepted.
        cpu: CPU seconds by part; `tabs` is what opening and reading them takes.
        others: the share (0–1) of the machine that somebody else used meanwhile.
    """

    sent: int
    seconds: float
    cpu: dict[str, float] = field(default_factory=dict)
    others: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.sent / self.seconds


@dataclass(frozen=True, slots=True)
class Watched:
    """The three stretches, and what the tabs were answered in the second."""

    before: Stretch
    during: Stretch
    after: Stretch
    answers: Answers

    @property
    def cost(self) -> float:
        """The share (0–1) of the sending rate that the tabs took; less than 0 when it grew by chance."""
        return 1 - self.during.rate / ((self.before.rate + self.after.rate) / 2)

    @property
    def cpu_ms_per_answer(self) -> float:
        """CPU milliseconds of the web for each answer, beyond what it spends without tabs."""
        without = (self.before.cpu.get("web", 0.0) + self.after.cpu.get("web", 0.0)) / (
            self.before.seconds + self.after.seconds
        )
        beyond = self.during.cpu.get("web", 0.0) - without * self.during.seconds
        return 1000 * beyond / max(1, self.answers.statuses.total())


async def section(stage: Stage, options: Options) -> Section:
    await give_clients(stage, USERNAME, options.watched_by_tabs)
    async with stage.product():
        await send_campaign(stage, USERNAME, options.warm_up)
        await stage.clean()
        found = await watch(stage, options)
    await stage.clean()
    return report(found)


async def watch(stage: Stage, options: Options) -> Watched:
    """Send to everybody, and open the tabs meanwhile; the rest is left unsent."""
    shop = await stage.shop(USERNAME)
    campana, _ = await create(shop, {"todos": True})
    await under_way(stage)
    async with browser(stage.url, USERNAME, PASSWORD) as tabs:
        before = await stretch(stage, options.tabs_s)
        tabs.open(["/", "/muro/", f"/campanas/{campana}/"], TABS)
        await asyncio.sleep(SETTLE_S)
        tabs.check()
        tabs.answers.forget()
        during = await stretch(stage, options.tabs_s)
        answers = await closed(tabs)
    await asyncio.sleep(DRAIN_S)
    after = await stretch(stage, options.tabs_s)
    [(estado,)] = await stage.sql("SELECT estado FROM campaigns_campanasms WHERE id = %s", campana)
    if estado != "procesando":
        raise BenchError(f"the campaign of {options.watched_by_tabs:,} ended meanwhile: make it larger")
    return Watched(before, during, after, answers)


async def closed(tabs: Tabs) -> Answers:
    tabs.check()
    await tabs.close()
    if not tabs.answers.waits:
        raise BenchError("no tab asked for anything")
    return tabs.answers


async def stretch(stage: Stage, seconds: float) -> Stretch:
    """Let so many seconds go by, and count what is sent in them."""
    usage, first, started = stage.usage(), await accepted(stage), time.monotonic()
    await asyncio.sleep(seconds)
    sent, took, now = await accepted(stage) - first, time.monotonic() - started, stage.usage()
    cpu = spent(usage, now) | {"tabs": now.bench - usage.bench}
    return Stretch(sent, took, cpu, share_of_others(usage, now))


async def accepted(stage: Stage) -> int:
    return (await asyncio.to_thread(stage.simulator.stats)).accepted


def report(found: Watched) -> Section:
    made = table(f"{TABS} open dashboards", "CPU", "a second", *PARTS.values(), "others")
    for name, part in (
        ("no tabs", found.before),
        (f"{TABS} tabs", found.during),
        ("no tabs again", found.after),
    ):
        cpu = (f"{part.cpu.get(who, 0.0) / part.seconds:.1%}" for who in PARTS)
        made.add_row(name, f"{part.rate:,.0f}", *cpu, f"{part.others:.0%}")
    answers, seconds = found.answers, found.during.seconds
    asked = answers.statuses.total()
    note = (
        f"Tabs: {asked / seconds:.1f} answers a second ({answers.statuses[204]} of {asked} with nothing new),"
        f" p50 {percentile(answers.waits, 50) * 1000:.0f} ms, p95 {percentile(answers.waits, 95) * 1000:.0f} ms,"
        f" {answers.size / 1024 / seconds:.0f} KiB/s, {found.cpu_ms_per_answer:.1f} ms of the web's CPU each."
    )
    data = {
        "tabs": TABS,
        "cost": found.cost,
        "cpu_s": [part.cpu for part in (found.before, found.during, found.after)],
        "per_second": [part.rate for part in (found.before, found.during, found.after)],
        "answers_per_second": asked / seconds,
        "answers_s": answers.waits,
        "web_cpu_ms": found.cpu_ms_per_answer,
    }
    goal = Goal(
        f"what {TABS} open dashboards cost the sending rate",
        f"< {MOST_OF_THE_RATE:.0%}",
        f"{max(0.0, found.cost):.1%}",
        found.cost < MOST_OF_THE_RATE,
    )
    others = max(part.others for part in (found.before, found.during, found.after))
    return Section("tableros", [made], data, others=others, goals=[goal], notes=[note])
