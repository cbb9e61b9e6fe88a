"""The product's reaction times, from the times in PostgreSQL."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.faults.conditions import FINALIZE_WITHIN_S
from tests.faults.database import Database
from tests.faults.journal import Killed
from tests.faults.timeline import DETECTION, FINALIZATION, worker_name
from tests.faults.verdict import Kind, Violation


@dataclass(slots=True)
class Detection:
    """The time that messages stayed in the hands of workers that were killed: from the death to the end of the claim.

    Args:
        held: how many.
        held_accepted: those of them that Twilio had accepted already.
        worst, worst_accepted: of all, and of those, in seconds; None before there is any.
    """

    held: int = 0
    held_accepted: int = 0
    worst: float | None = None
    worst_accepted: float | None = None

    def add(self, seconds: float, *, accepted: bool) -> None:
        self.held += 1
        self.worst = worst(self.worst, seconds)
        if accepted:
            self.held_accepted += 1
            self.worst_accepted = worst(self.worst_accepted, seconds)


@dataclass(slots=True)
class Measures:
    """The measures of a run.

    Args:
        detection: after the deaths of workers.
        detection_all: after the deaths of the whole stack, whose new start is part of it.
        finalization: worst from a campaign's last row to its end, in seconds of the stack's life.
        recovery: worst from a round's last fault to the end of its last campaign, in seconds.
        finalize_within_s: the bound on the finalization, in seconds.
    """

    detection: Detection = field(default_factory=Detection)
    detection_all: Detection = field(default_factory=Detection)
    finalization: float | None = None
    recovery: float | None = None
    finalize_within_s: float = FINALIZE_WITHIN_S

    def add_detections(
        self, database: Database, ids: Sequence[int], killed: Sequence[Killed], accepted: dict[int, float]
    ) -> None:
        """Add what became of the claims of killed workers.

        Args:
            ids: of the campaigns.
            killed: the workers that died while they were sent.
            accepted: when Twilio accepted each row's message, a Unix second, by the row's id.
        """
        for with_all, into in ((False, self.detection), (True, self.detection_all)):
            deaths = [death for death in killed if death.with_all == with_all]
            names, instants = [worker_name(death.pid) for death in deaths], [death.at for death in deaths]
            for log_id, seconds, died_at in database.rows(DETECTION, ids, names, instants):
                if seconds is not None:  # else it is still held, and the judge calls it stuck
                    into.add(float(seconds), accepted=accepted.get(log_id, math.inf) <= died_at)

    def add_finalizations(
        self, database: Database, ids: Sequence[int], away: Sequence[tuple[float, float]]
    ) -> list[Violation]:
        """The campaigns that ended too late after their last row.

        Args:
            ids: of the campaigns.
            away: when there was no stack at all, from and to, in Unix seconds.
        """
        late = []
        for campana_id, last, ended in database.rows(FINALIZATION, ids):
            seconds = max(0.0, outside(float(last), float(ended), away))
            self.finalization = worst(self.finalization, seconds)
            if seconds > self.finalize_within_s:
                text = f"ended {seconds:.1f} s after its last row, and {self.finalize_within_s:g} s is the bound"
                late.append(Violation(Kind.STUCK, campana_id, None, text))
        return late


def outside(since: float, until: float, away: Sequence[tuple[float, float]]) -> float:
    """Return how much of a stretch of time lies in none of the others, which do not overlap."""
    return until - since - sum(max(0.0, min(until, end) - max(since, start)) for start, end in away)


def worst(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return max(known, default=None)


def first_accepted(pairs: Iterable[tuple[int | None, float]]) -> dict[int, float]:
    """Return when the first message of each row was accepted."""
    found: dict[int, float] = {}
    for log_id, at in pairs:
        if log_id is not None:
            found[log_id] = min(at, found.get(log_id, at))
    return found
