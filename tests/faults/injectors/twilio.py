"""Twilio misbehaves: each fault is in force for some seconds, and counts when requests met it."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from local.simulator.client import SimulatorError
from tests.faults.conditions import LIST_DELAY_S
from tests.faults.injectors.scene import Fault, Scene

FOR_S: Final = (2.0, 5.0)

# Doubts to look up in the list, while no callback settles them first.
DOUBTS: Final[Mapping[str, object]] = {
    "kind": "error", "status": 502, "accepted": True, "probability": 0.2, "count": 20, "name": "5xx-after"
}  # fmt: skip
NO_CALLBACKS: Final[Mapping[str, object]] = {"callbacks": {"drop": 0.7}}


def rule(kind: str, *, probability: float = 0.3, count: int = 40, **more: object) -> dict[str, object]:
    return {"kind": kind, "probability": probability, "count": count, **more}


RULES: Final[dict[str, dict[str, object]]] = {
    "429": rule("throttle", seconds=1.0),
    "5xx-before": rule("error", status=503),
    "5xx-after": rule("error", status=500, accepted=True),
    "cut-before": rule("cut"),
    "cut-after": rule("cut", accepted=True),
    "reset-after": rule("cut", accepted=True, reset=True),
    "hang-before": rule("hang", probability=0.1, count=20),
    "hang-after": rule("hang", probability=0.1, count=20, accepted=True),
    "garbage-before": rule("garbage"),
    "garbage-after": rule("garbage", accepted=True),
    "account-refused": rule("refuse", code=20003, status=401, probability=0.02, count=2),
}
# A list is asked for only when there is doubt.
LIST_RULES: Final[dict[str, dict[str, object]]] = {
    "list-error": rule("error", on="list", status=500, probability=0.7),
    "list-429": rule("throttle", on="list", probability=0.7),
    "list-hang": rule("hang", on="list", probability=0.5, count=10),
    "list-garbage": rule("garbage", on="list", probability=0.7),
}
# What each is counted as by the simulator.
STATUSES: Final = {"statuses": ["sending", "sent", "delivered", "undelivered", "failed"]}
BEHAVIOURS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "callbacks-shuffled": ("callback_late", {"callbacks": {"shuffle_s": 3.0, **STATUSES}}),
    "callbacks-doubled": ("callback_doubled", {"callbacks": {"duplicate": 0.7, **STATUSES}}),
    "callbacks-dropped": ("callback_dropped", {"callbacks": {"drop": 0.7}}),
    "callbacks-early": ("callback_early", {"callbacks": {"early": True, **STATUSES}}),
}


def misbehave(counted: str, rules: tuple[Mapping[str, object], ...], behaviour: Mapping[str, Any], scene: Scene) -> (
    str | None
):  # fmt: skip
    """Let the simulator misbehave for a while."""
    before = scene.twilio.times(counted)
    try:
        with scene.twilio.broken(*rules, **behaviour):
            time.sleep(scene.rng.uniform(*FOR_S))
    except SimulatorError:
        return None
    times = scene.twilio.times(counted) - before
    return f"{times} times" if times > 0 else None


FAULTS = (
    *(
        Fault(kind, "twilio", partial(misbehave, kind, ({**rule, "name": kind},), {}))
        for kind, rule in RULES.items()
    ),
    *(
        Fault(kind, "twilio", partial(misbehave, kind, ({**rule, "name": kind}, DOUBTS), NO_CALLBACKS))
        for kind, rule in LIST_RULES.items()
    ),
    Fault("list-late", "twilio", partial(
        misbehave, "list_hidden", (DOUBTS,), {"list_delay_s": LIST_DELAY_S, **NO_CALLBACKS}
    )),
    *(
        Fault(kind, "twilio", partial(misbehave, counted, (), behaviour))
        for kind, (counted, behaviour) in BEHAVIOURS.items()
    ),
)  # fmt: skip
