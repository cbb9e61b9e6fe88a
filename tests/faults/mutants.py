"""A product with a known fault, to see that the oracle reports it: `mutations` has the code."""

from dataclasses import dataclass
from typing import Final

from tests.faults.verdict import Kind

VARIABLE: Final = "FAULTS_MUTANT"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A product with a known fault.

    Args:
        what: the fault, in words.
        reported: what the oracle must call it.
        faults: kinds of faults that bring it out.
        outages: or, outages that do.
        calm: whether it comes out while nothing is broken, and needs no round.
    """

    what: str
    reported: Kind
    faults: tuple[str, ...]
    outages: tuple[str, ...] = ()
    calm: bool = False


MUTANTS: Final = {
    "blind-retry": Mutant(
        "an uncertain message is sent again at once, and callbacks are not listened to",
        Kind.DUPLICATED, ("5xx-after", "cut-after", "kill-worker"),
    ),
    "record-first": Mutant(
        "a message is recorded as sent before the call",
        Kind.LOST, ("5xx-before", "429", "kill-worker"),
    ),
    "give-up": Mutant(
        "an uncertain message counts as failed",
        Kind.WRONG, ("5xx-after", "cut-after"),
    ),
    "no-sweeper": Mutant(
        "nobody looks for what was lost",
        Kind.STUCK, ("redis-flushall", "kill-worker"),
    ),
    "no-quarantine": Mutant(
        "nobody notices that PostgreSQL has lost commits",
        Kind.DUPLICATED, ("postgres-promoted",),
    ),
    "any-account": Mutant(
        "doubts of one account are looked up in another",
        Kind.WRONG, ("another-account",),
    ),
    "outage-budget": Mutant(
        "so many failed connections are a recipient's own fault, and nobody is held for them",
        Kind.LOST, (), outages=("unreachable",),
    ),
    "no-callback": Mutant(
        "the callback of a chord closes nothing, and the sweeper makes up for it",
        Kind.STUCK, (), calm=True,
    ),
}  # fmt: skip
