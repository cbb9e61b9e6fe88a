"""Stretches of a campaign: how fast it is sent without something else, with it, and without it again.

One campaign is sent all along, so that what the machine does besides is in all three.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.table import Table

from tests.bench.errors import BenchError
from tests.bench.section import table
from tests.bench.stage import Stage
from tests.bench.usage import share_of_others, spent


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
class Stretches:
    """The campaign without, with and without what is measured."""

    before: Stretch
    during: Stretch
    after: Stretch

    @property
    def cost(self) -> float:
        """The share (0–1) of the sending rate that it took; less than 0 when the rate grew by chance."""
        return 1 - self.during.rate / ((self.before.rate + self.after.rate) / 2)

    @property
    def others(self) -> float:
        """The largest share (0–1) of the machine that somebody else used."""
        return max(part.others for part in (self.before, self.during, self.after))

    def table(self, title: str, names: tuple[str, str, str], parts: Mapping[str, str]) -> Table:
        """Return a row for each.

        Args:
            names: of the rows.
            parts: those that share the machine, as the accounts call them, and what the table calls them.
        """
        made = table(title, "CPU", "a second", *parts.values(), "others")
        for name, part in zip(names, (self.before, self.during, self.after), strict=True):
            cpu = (f"{part.cpu.get(who, 0.0) / part.seconds:.1%}" for who in parts)
            made.add_row(name, f"{part.rate:,.0f}", *cpu, f"{part.others:.0%}")
        return made


async def stretch(stage: Stage, seconds: float) -> Stretch:
    """Let so many seconds go by, and count what is sent in them."""
    usage, first, started = stage.usage(), await accepted(stage), time.monotonic()
    await asyncio.sleep(seconds)
    sent, took, now = await accepted(stage) - first, time.monotonic() - started, stage.usage()
    cpu = spent(usage, now) | {"tabs": now.bench - usage.bench}
    return Stretch(sent, took, cpu, share_of_others(usage, now))


async def accepted(stage: Stage) -> int:
    return (await asyncio.to_thread(stage.simulator.stats)).accepted


async def still_sent(stage: Stage, campana: int, recipients: int) -> None:
    """See that the campaign was not over before the last stretch was.

    Raises:
        BenchError: it was.
    """
    [(estado,)] = await stage.sql("SELECT estado FROM campaigns_campanasms WHERE id = %s", campana)
    if estado != "procesando":
        raise BenchError(f"the campaign of {recipients:,} ended meanwhile: make it larger")
