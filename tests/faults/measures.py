"""How fast the product notices, from the times in PostgreSQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.faults.conditions import FINALIZE_WITHIN_S
from tests.faults.database import Database
from tests.faults.journal import Killed
from tests.faults.timeline import DETECTION, FINALIZATION, worker_name
from tests.faults.verdict import Kind, Violation


@dataclass(slots=True)
class Measures:
    """Worst cases, in seconds; None before there is any.

    Args:
        held: rows in the hands of workers that were killed.
        held_accepted: those of them that Twilio had accepted already.
        detection: from the death to the row being `enviando` no more.
        detection_accepted: the same, of those that Twilio had accepted already.
        finalization: from a campaign's last row to its end.
        recovery: from a round's last fault to the end of its last campaign.
    """

    held: int = 0
    held_accepted: int = 0
    detection: float | None = None
    detection_accepted: float | None = None
    finalization: float | None = None
    recovery: float | None = None

    def add_detections(
        self, database: Database, ids: Sequence[int], killed: Sequence[Killed], accepted: dict[int, float]
    ) -> None:
        """Args:
        ids: of the campaigns.
        killed: the workers that died while they were sent.
        accepted: when Twilio accepted each row's message, a Unix second, by the row's id.
        """
        names, instants = [worker_name(death.pid) for death in killed], [death.at for death in killed]
        for log_id, seconds, died_at in database.rows(DETECTION, ids, names, instants):
            if seconds is None:
                continue  # still held: the judge calls it stuck
            self.held += 1
            self.detection = worst(self.detection, float(seconds))
            if accepted.get(log_id, float("inf")) <= died_at:
                self.held_accepted += 1
                self.detection_accepted = worst(self.detection_accepted, float(seconds))

    def add_finalizations(self, database: Database, ids: Sequence[int]) -> list[Violation]:
        """The campaigns that ended too late after their last row."""
        late = []
        for campana_id, seconds in database.rows(FINALIZATION, ids):
            self.finalization = worst(self.finalization, max(0.0, float(seconds)))
            if seconds > FINALIZE_WITHIN_S:
                text = f"ended {seconds:.1f} s after its last row, and {FINALIZE_WITHIN_S:g} s is the bound"
                late.append(Violation(Kind.STUCK, campana_id, None, text))
        return late


def worst(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return max(known, default=None)


def first_accepted(pairs: Iterable[tuple[int | None, float]]) -> dict[int, float]:
    """When the first message of each row was accepted."""
    found: dict[int, float] = {}
    for log_id, at in pairs:
        if log_id is not None:
            found[log_id] = min(at, found.get(log_id, at))
    return found
