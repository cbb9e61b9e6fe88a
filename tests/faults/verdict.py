"""The verdicts of the oracle."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    LOST = "lost"  # said to be sent and never accepted, or never sent though nothing was wrong with the recipient
    DUPLICATED = "duplicated"  # two accepted messages for one phone of one campaign
    WRONG = "wrong state"  # what is written contradicts the ledger, the counters, or the table of states
    STUCK = "stuck"  # not ended within the bound


@dataclass(frozen=True, slots=True)
class Violation:
    """One disagreement.

    Args:
        log_id: the recipient's row; None when it is about the whole campaign.
    """

    kind: Kind
    campana_id: int
    log_id: int | None
    text: str

    def __str__(self) -> str:
        row = f", row {self.log_id}" if self.log_id is not None else ""
        return f"{self.kind}: campaign {self.campana_id}{row}: {self.text}"
