"""The report of a run at its end."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.faults.compressed import COMPRESSED_BY, environment
from tests.faults.conditions import described
from tests.faults.injectors import FAULTS, LEFT_OUT
from tests.faults.injectors.scene import Family
from tests.faults.journal import Journal
from tests.faults.measures import Detection, Measures
from tests.faults.mutants import MUTANTS
from tests.faults.options import Options
from tests.faults.verdict import Kind, Violation

SHOWN = 20
INFRASTRUCTURE: Final[tuple[Family, ...]] = ("process", "redis", "postgres", "crash", "clock")


class Report:
    """Grows during the run.

    Attributes:
        looks: how often a progress was read through the API and added up.
        vanished, forgotten: campaigns that PostgreSQL has lost, and messages of them.
        exchanged: messages that count for another row than they were made for; see `credit`.
        calm: who closed the Lotes that were sent before anything was broken; "" when none were.
        worlds, outages: a line for each stay in one.
    """

    def __init__(self, options: Options, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.seconds = 0.0
        self.rounds = self.campaigns = self.recipients = self.accepted = self.looks = 0
        self.exchanged = self.vanished = self.forgotten = 0
        self.calm = ""
        self.worlds: list[str] = []
        self.outages: list[str] = []
        self.measures = Measures(finalize_within_s=options.finalize_within_s)
        self.violations: list[Violation] = []
        self.injected: Counter[str] = Counter()
        self.without_effect: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._lock = threading.Lock()

    def found(self, violations: Sequence[Violation]) -> list[Violation]:
        """Add what is new, and return it."""
        with self._lock:
            new = [violation for violation in dict.fromkeys(violations) if violation not in set(self.violations)]
            self.violations += new
        return new

    def take(self, journal: Journal) -> None:
        """Take over the journal's counts."""
        self.injected, self.without_effect, self.requests = journal.injected, journal.without_effect, journal.requests

    @property
    def counts(self) -> dict[Kind, int]:
        found = Counter(violation.kind for violation in self.violations)
        return {kind: found[kind] for kind in Kind}

    @property
    def ok(self) -> bool:
        """Tell whether nothing was violated; of a mutant, whether it was reported as what it is."""
        mutant = MUTANTS.get(self.options.mutant)
        return self.counts[mutant.reported] > 0 if mutant else not self.violations

    @property
    def conditions(self) -> str:
        return described(environment(COMPRESSED_BY) if self.options.outages else {})

    @property
    def verdict(self) -> str:
        mutant = MUTANTS.get(self.options.mutant)
        if mutant:
            said = "reported" if self.ok else "NOT REPORTED"
            return f"mutant {self.options.mutant} ({mutant.what}): {said} as {mutant.reported}"
        return "nothing lost, nothing sent twice" if self.ok else f"VIOLATED: logs and ledger are in {self.folder}"

    def of_families(self, *families: str) -> dict[str, int]:
        """Kinds of these families that took effect, with how often."""
        return {kind: n for kind, n in self.injected.items() if FAULTS[kind].family in families}

    def text(self) -> str:
        """Return the report for the terminal."""
        infrastructure = self.of_families(*INFRASTRUCTURE)
        people, periods = self.of_families("people"), self.of_families("twilio")
        met = f"{sum(self.requests.values()):,} in {sum(periods.values()):,} periods"
        lines = [
            f"seed {self.options.seed}, {self.seconds / 60:.1f} minutes, {self.rounds} rounds",
            f"conditions: {self.conditions}",
            "",
            f"recipients: {self.recipients:,} in {self.campaigns:,} campaigns of {self.options.shops} shops",
            f"messages accepted by the simulator: {self.accepted:,}",
            f"process and infrastructure faults: {sum(infrastructure.values()):,}",
            *_table(infrastructure, self.without_effect),
            *(f"  left out: {kind}: {why}" for kind, why in LEFT_OUT.items()),
            f"people: {sum(people.values()):,}",
            *_table(people, self.without_effect),
            f"requests and callbacks that met a fault of the simulator: {met}",
            *_table(dict(self.requests), Counter()),
            "",
            "  ".join(f"{kind} {count}" for kind, count in self.counts.items()),
            *(f"  {violation}" for violation in self.violations[:SHOWN]),
            *([f"  … and {len(self.violations) - SHOWN} more"] if len(self.violations) > SHOWN else []),
            *(f"  world {line}" for line in self.worlds),
            *(f"  outage {line}" for line in self.outages),
            *self._measured(),
            "",
            self.verdict,
        ]
        return "\n".join(lines)

    def _measured(self) -> Iterator[str]:
        m = self.measures
        yield f"worst detection: {detected(m.detection)}"
        yield f"  of the deaths of the whole stack, with its new start: {detected(m.detection_all)}"
        yield (
            f"worst finalization: {seconds(m.finalization)}, from a campaign's last row to its end "
            f"(bound {m.finalize_within_s:g} s)"
        )
        yield (
            f"worst recovery: {seconds(m.recovery)}, from a round's last fault to the end of its last campaign "
            f"(bound {self.options.final_within_s:g} s)"
        )
        yield f"messages that stand for another campaign's same words to the same phone: {self.exchanged:,}"
        if self.vanished:
            yield f"campaigns lost with PostgreSQL's last commits: {self.vanished:,}, of {self.forgotten:,} messages"
        if self.calm:
            yield f"Lotes closed before anything was broken: {self.calm}"
        yield f"progress read through the API and added up: {self.looks:,} times"

    def as_json(self) -> str:
        """Return the report for machines."""
        told = {
            "ok": self.ok,
            "verdict": self.verdict,
            "seed": self.options.seed,
            "seconds": round(self.seconds, 1),
            "conditions": self.conditions,
            "rounds": self.rounds,
            "campaigns": self.campaigns,
            "recipients": self.recipients,
            "accepted": self.accepted,
            "faults": self.of_families(*INFRASTRUCTURE),
            "people": self.of_families("people"),
            "periods": self.of_families("twilio"),
            "requests": self.requests,
            "left_out": LEFT_OUT,
            "without_effect": self.without_effect,
            "violations": {str(kind): count for kind, count in self.counts.items()},
            "details": [str(violation) for violation in self.violations],
            "exchanged": self.exchanged,
            "vanished": self.vanished,
            "forgotten": self.forgotten,
            "calm": self.calm,
            "worlds": self.worlds,
            "outages": self.outages,
            "measures": asdict(self.measures),
        }
        return json.dumps(told, indent=2, ensure_ascii=False)

    def write(self, path: Path) -> None:
        """Write it to a file."""
        path.write_text((self.as_json() if path.suffix == ".json" else self.text()) + "\n")


def seconds(value: float | None) -> str:
    return "none measured" if value is None else f"{value:.1f} s"


def detected(found: Detection) -> str:
    return (
        f"{seconds(found.worst_accepted)}, from a worker's death to the end of its claim on a message that Twilio had "
        f"accepted ({found.held_accepted:,} such); {seconds(found.worst)} of all {found.held:,} that it held"
    )


def _table(counts: dict[str, int], without_effect: Counter[str]) -> Iterator[str]:
    for kind, count in sorted(counts.items()):
        more = f"   ({without_effect[kind]} more took no effect)" if without_effect[kind] else ""
        yield f"  {kind:<28} {count:>7,}{more}"
