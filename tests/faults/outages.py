"""The ways in which Twilio is away altogether, for as long as one wants."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from tests.faults.conditions import UP_WITHIN_S
from tests.faults.folder import AWAY
from tests.faults.stack import RunningStack, StackDownError, gone, send

DIES_WITHIN_S: Final = 5.0

ALL_CALLS: Final[tuple[Mapping[str, object], ...]] = tuple(
    {"kind": "error", "status": 503, "on": call, "name": f"503-{call}"} for call in ("create", "list", "fetch")
)


@contextmanager
def unreachable(stack: RunningStack) -> Iterator[None]:
    """Nothing connects: nobody listens at Twilio's address."""
    away = stack.armory.folder / AWAY
    away.parent.mkdir(parents=True, exist_ok=True)
    away.touch()
    try:
        entry = stack.processes()["simulator"]
        if not send(entry, signal.SIGKILL) or not gone(entry, DIES_WITHIN_S):
            raise StackDownError("the simulator did not end")
        yield
    finally:
        away.unlink()
    if missing := stack.wait_up(UP_WITHIN_S):
        raise StackDownError(f"not running again: {', '.join(missing)}")


@contextmanager
def failing(stack: RunningStack) -> Iterator[None]:
    """Every call is answered 503."""
    stack.control.set_faults(*ALL_CALLS)
    yield
    stack.control.clear_faults()


@dataclass(frozen=True, slots=True)
class Outage:
    """A way in which Twilio is away.

    Args:
        what: in words.
        during: lasts as long as its `with` block.
    """

    what: str
    during: Callable[[RunningStack], AbstractContextManager[None]]


OUTAGES: Final = {
    "unreachable": Outage("nothing connects to Twilio", unreachable),
    "5xx": Outage("Twilio answers every call 503", failing),
}
