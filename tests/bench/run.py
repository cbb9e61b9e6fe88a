"""One measured campaign."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bench.usage import Snapshot, share_of_others, spent

# The parts of a run's CPU, as the tables call them.
PARTS = {
    "workers": "workers",
    "publisher": "publisher",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "simulator": "stand-in",
    "web": "web",
    "beat": "beat",
}


@dataclass(frozen=True, slots=True)
class Run:
    """The measures of one campaign.

    Attributes:
        recipients: how many messages were sent.
        seconds: from the request that creates it to its end.
        cpu: CPU seconds by part.
        others: the share (0–1) of the machine that somebody else used meanwhile.
        first_s: seconds from the request to the first message's arrival at the stand-in.
        lotes: how many Lotes the campaign had; 0 of who has none.
        by_chord: how many of them the callbacks of their chords closed.
    """

    recipients: int
    seconds: float
    cpu: Mapping[str, float] = field(default_factory=dict)
    others: float = 0.0
    first_s: float = 0.0
    lotes: int = 0
    by_chord: int = 0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.recipients / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of all parts for each message."""
        return sum(self.cpu.values()) / self.recipients * 1000

    def part_ms(self, part: str) -> float:
        return self.cpu.get(part, 0.0) / self.recipients * 1000


def measured(
    recipients: int, seconds: float, before: Snapshot, after: Snapshot, *, ended: float = 0.0, **more: float
) -> Run:
    """A run between two snapshots.

    Args:
        ended: CPU seconds of processes that were born and ended in between.
        more: what of these belongs to the run, by part.
    """
    return Run(recipients, seconds, {**spent(before, after), **more}, share_of_others(before, after, ended=ended))
