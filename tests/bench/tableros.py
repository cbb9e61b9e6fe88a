"""Open dashboards: what a hundred tabs that watch cost the sending rate.

One campaign is sent all along: without tabs, with them, and without them again, so that what the machine does besides
is in both. They watch the shop that sends: its dashboard, its wall and the campaign's own page, in turn.
"""

import asyncio
from dataclasses import dataclass

from tests.bench.arithmetic import percentile
from tests.bench.errors import BenchError
from tests.bench.latency import under_way
from tests.bench.options import Options
from tests.bench.product import create, give_clients, send_campaign
from tests.bench.section import Goal, Section
from tests.bench.stage import Stage
from tests.bench.stretches import Stretches, still_sent, stretch
from tests.bench.tabs import Answers, Tabs, browser
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
class Watched(Stretches):
    """The three stretches, and what the tabs were answered in the second."""

    answers: Answers

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
    await still_sent(stage, campana, options.watched_by_tabs)
    return Watched(before, during, after, answers)


async def closed(tabs: Tabs) -> Answers:
    tabs.check()
    await tabs.close()
    if not tabs.answers.waits:
        raise BenchError("no tab asked for anything")
    return tabs.answers


def report(found: Watched) -> Section:
    names = "no tabs", f"{TABS} tabs", "no tabs again"
    made = found.table(f"{TABS} open dashboards", names, PARTS)
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
    return Section("tableros", [made], data, others=found.others, goals=[goal], notes=[note])
