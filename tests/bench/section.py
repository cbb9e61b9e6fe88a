"""A section that a benchmark hands to the report."""

from dataclasses import dataclass, field
from typing import Any

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """One of the goals that the product sets itself.

    Attributes:
        measure, goal, found: in words, as printed.
    """

    measure: str
    goal: str
    found: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The outcome of one benchmark.

    Attributes:
        data: the figures for `--json`.
        others: the largest share (0–1) of the machine that somebody else used during a run.
    """

    name: str
    tables: list[Table]
    data: dict[str, Any]
    others: float = 0.0
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def table(title: str, *columns: str) -> Table:
    """A table whose first column is a name and whose others are figures."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=True)
    return made
