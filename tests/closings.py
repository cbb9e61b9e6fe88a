"""The closers of Lotes, as the workers count them: the callback of the chord, or what makes up for a lost one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# The share (0–1) of the Lotes that their chords' callbacks close when nothing is broken.
LEAST_BY_CHORD: Final = 0.99
# A worker adds what it has counted to PostgreSQL with its pulse, every few seconds.
COUNTED_WITHIN_S: Final = 30.0
SQL: Final = """
SELECT etiquetas::jsonb ->> 'by', sum(valor)::bigint FROM core_contador
WHERE serie = 'sms_lotes_closed_total' GROUP BY 1
"""
CHORD: Final = "chord"


@dataclass(frozen=True, slots=True)
class Closings:
    """The Lotes that were closed.

    Args:
        by: how many Lotes were closed, by who did it.
    """

    by: Mapping[str, int]

    @classmethod
    def read(cls, rows: Iterable[tuple[Any, ...]]) -> "Closings":
        """Read the counts from the rows of `SQL`."""
        return cls({str(by): int(count) for by, count in rows})

    def since(self, before: "Closings") -> "Closings":
        """Return the Lotes that were closed after `before` was read."""
        return Closings({by: count - before.by.get(by, 0) for by, count in self.by.items()})

    @property
    def total(self) -> int:
        return sum(self.by.values())

    @property
    def by_chord(self) -> int:
        return self.by.get(CHORD, 0)

    def suffices(self, lotes: int) -> bool:
        """Tell whether enough of so many Lotes were closed by their chords."""
        return self.by_chord >= LEAST_BY_CHORD * lotes

    def __str__(self) -> str:
        others = {by: count for by, count in self.by.items() if count and by != CHORD}
        return f"{self.by_chord} by their chords" + "".join(f", {count} by {by}" for by, count in others.items())
