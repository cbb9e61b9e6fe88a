"""The counters and histograms that the workers fill."""

from collections import Counter as Tally
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Histogram

from core.ops.series import REGISTRY
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable

# From a good answer of Twilio, about 100 ms, to the read timeout and beyond.
BOUNDS_S: Final = (0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)

RESULTS: Final[dict[type[Outcome], str]] = {
    Accepted: "accepted",
    Permanent: "refused",
    Retryable: "retry",
    Ambiguous: "ambiguous",
    Account: "account",
}

CALLS: Final = Histogram(
    "sms_twilio_call_seconds",
    "Time of a call that hands a message to Twilio, by what came of it.",
    ["result"],
    buckets=BOUNDS_S,
    registry=REGISTRY,
)
OUTCOMES: Final = Counter(
    "sms_outcomes",
    "Attempts to send, by the estado that came of them and the code of the reason.",
    ["estado", "codigo"],
    registry=REGISTRY,
)
LOTES: Final = Counter(
    "sms_lotes_closed",
    "Lotes closed, by what closed them: their chord, a sweep (their chord was lost), a cancellation or a deadline.",
    ["by"],
    registry=REGISTRY,
)
LEASES: Final = Counter(
    "sms_lease_expiries",
    "Claims whose worker fell silent in the middle of the call; their rows became uncertain.",
    registry=REGISTRY,
)
SETTLED: Final = Counter(
    "sms_inciertos_settled",
    "Uncertain rows that were settled: sent after all, never accepted and free again, refused, or unknown to the end.",
    ["result"],
    registry=REGISTRY,
)


class Closer(StrEnum):
    """The part of the product that closes a Lote."""

    CHORD = "chord"
    SWEEP = "sweep"
    CANCEL = "cancel"
    DEADLINE = "deadline"


# Made once: looking a child up by its label costs more than counting.
_calls: Final = {kind: CALLS.labels(result) for kind, result in RESULTS.items()}


def count_call(outcome: Outcome, seconds: float) -> None:
    _calls[type(outcome)].observe(seconds)


def count_outcomes(outcomes: Iterable[tuple[str, str]]) -> None:
    """Count the outcomes that were written.

    Args:
        outcomes: estado and codigo of each row that was written.
    """
    for (estado, codigo), n in Tally(outcomes).items():
        OUTCOMES.labels(estado, codigo).inc(n)
