"""The tables on the terminal and the figures in a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.section import Section, table


def show(console: Console, machine: Mapping[str, str], sections: Sequence[Section]) -> None:
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
