"""The worlds: what Twilio does to an account, all the while, as its documentation tells it.

In each of them some of the answers are lost and no callback comes, so that the list is all that tells what was sent.
What the simulator does, and on which page it is documented, is said in `local.simulator.alterations` and `faults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.conditions import RECONCILE_INTERVAL_S

# The code of a recipient who was refused while the answer was lost: one that opts nobody out.
REFUSED: Final = "21612"


def lost(share: float) -> tuple[Mapping[str, object], ...]:
    """Answers that never come back.

    Args:
        share: of all requests, 0–1. Two in three are accepted before that, the others never.
    """

    def rule(kind: str, of: float, **more: object) -> Mapping[str, object]:
        return {"kind": kind, "probability": share * of, **more}

    # Each rule is asked after those before it have passed a request on: the shares are near enough.
    return (
        rule("cut", 0.25, accepted=True, name="cut-after"),
        rule("cut", 0.25, accepted=True, reset=True, name="reset-after"),
        rule("error", 0.2, accepted=True, status=502, name="5xx-after"),
        rule("cut", 0.15, name="cut-before"),
        rule("error", 0.15, status=503, name="5xx-before"),
    )


@dataclass(frozen=True, slots=True)
class World:
    """The conditions that an account meets.

    Args:
        what: in words.
        behaviour: of the simulator, besides lost answers and callbacks that are dropped.
        rules: faults that come before those of the lost answers.
        service: whether the campaigns go out through a Messaging Service.
        excused: codes of Twilio's with which a recipient may end `fallido` here.
    """

    what: str
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Mapping[str, object], ...] = ()
    service: bool = False
    excused: frozenset[str] = frozenset()


WORLDS: Final[Mapping[str, World]] = {
    "plain": World("Twilio lists what was accepted, word by word"),
    "trial": World("a trial account's prefix stands before each text", {"trial": True}),
    "redact-body": World("texts are redacted", {"redact_body": True, "ignore_retention": True}),
    "redact-to": World("numbers are redacted", {"redact_to": True, "ignore_retention": True}),
    "redact-late": World(
        "texts and numbers are redacted some seconds after they were accepted",
        {"redact_body": True, "redact_to": True, "ignore_retention": True, "redact_after_s": 3.0},
    ),
    "redact-some": World(
        "texts and numbers of every second message are redacted",
        {"redact_body": True, "redact_to": True, "ignore_retention": True, "alter_probability": 0.5},
    ),
    "smart-encoding": World(
        "letters are replaced, whatever was asked for", {"smart_encoding": True, "ignore_smart_encoded": True}
    ),
    "whitespace": World("white space is trimmed and folded", {"whitespace": True}),
    "rcs": World("every second message goes by RCS", {"rcs_to": 0.5}, service=True),
    "refusals": World(
        "refused requests are recorded, and their answers are lost too",
        rules=(
            {"kind": "cut", "refused": int(REFUSED), "probability": 0.05, "name": "refused-cut"},
            {"kind": "refuse", "code": int(REFUSED), "probability": 0.02, "name": "refused"},
        ),
        excused=frozenset({REFUSED}),
    ),
    "list-late": World(
        "lists are behind by more than the time between two looks", {"list_delay_s": 3 * RECONCILE_INTERVAL_S}
    ),
    "list-stops": World(
        "lists fall further and further behind, and catch up much later",
        {"list_delay_s": 0.5, "list_delay_growth": 0.9, "list_delay_for_s": 60.0},
    ),
    "clock-ahead": World("Twilio's clock is two hours ahead of ours", {"clock_offset_s": 7200.0}),
    "clock-behind": World("Twilio's clock is two hours behind ours", {"clock_offset_s": -7200.0}),
}
