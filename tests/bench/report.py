"""The tables on the terminal and the figures in a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.bench.section import Section, table

BUSY = 0.1
WIDTH = 120


def show(
    console: Console, machine: Mapping[str, str], sections: Sequence[Section], failures: Mapping[str, str]
) -> None:
    """Print everything.

    Args:
        failures: why a benchmark could not be run, by its name.
    """
    console.width = max(console.width, WIDTH)  # a narrow terminal wraps; a pipe should not lose columns
    console.print()
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()), soft_wrap=True, highlight=False)
    for section in sections:
        for made in section.tables:
            console.print()
            console.print(made)
        for note in section.notes:
            console.print(f"  {note}", soft_wrap=True, highlight=False, style="dim")
    if any(section.goals for section in sections):
        console.print()
        console.print(goals(sections))
    if (others := max((section.others for section in sections), default=0.0)) > BUSY:
        console.print(
            f"\n[yellow]Somebody else used up to {others:.0%} of this machine meanwhile: trust the ratios and the CPU,"
            " not the rates and the times.[/yellow]",
            soft_wrap=True,
        )
    for name, why in failures.items():
        console.print(f"\n[red]{name} could not be run:[/red] {escape(why)}", soft_wrap=True, highlight=False)


def goals(sections: Sequence[Section]) -> Table:
    made = table("Goals", "measure", "goal", "found", "")
    for goal in (goal for section in sections for goal in section.goals):
        verdict = "[green]reached[/green]" if goal.reached else "[red]not reached[/red]"
        made.add_row(goal.measure, goal.goal, goal.found, verdict)
    return made


def write(path: Path, machine: Mapping[str, str], sections: Sequence[Section]) -> None:
    """Raises OSError: the file cannot be written."""
    found = {section.name: section.data for section in sections}
    goals = [
        {"measure": goal.measure, "goal": goal.goal, "found": goal.found, "reached": goal.reached}
        for section in sections
        for goal in section.goals
    ]
    path.write_text(
        json.dumps({"machine": dict(machine), **found, "goals": goals}, indent=2, ensure_ascii=False) + "\n"
    )
