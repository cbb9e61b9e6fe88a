"""The scene that an injector is given."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from local.stack.registry import Entry
from tests.faults.injectors.twilio_faults import TwilioFaults
from tests.faults.journal import Journal
from tests.faults.load import Load
from tests.faults.losses import Loss
from tests.faults.stack import WORKERS, RunningStack
from tests.faults.verdict import Violation

Family = Literal["process", "redis", "postgres", "pooler", "crash", "people", "clock", "twilio"]


class Reservations:
    """Processes that an injector has in its hands: two faults at once on one process would prove neither."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def one_of(self, names: Sequence[str]) -> Iterator[str | None]:
        """Hold the first free name for the length of a `with` block; None when all are held."""
        with self._lock:
            free = [name for name in names if name not in self._taken]
            self._taken.update(free[:1])
        try:
            yield free[0] if free else None
        finally:
            with self._lock:
                self._taken.difference_update(free[:1])


@dataclass(frozen=True, slots=True)
class Scene:
    """The running product under load.

    Args:
        found: takes what an injector sees itself.
        losses: what PostgreSQL has lost so far.
        rng: of this injection alone, so that its choices do not depend on what else is under way.
    """

    stack: RunningStack
    load: Load
    journal: Journal
    twilio: TwilioFaults
    found: Callable[[Sequence[Violation]], object]
    losses: list[Loss]
    rng: Random
    reservations: Reservations = field(default_factory=Reservations)

    @contextlib.contextmanager
    def victim(self, *names: str) -> Iterator[Entry | None]:
        """A living process of these, held for the length of a `with` block; None when there is none."""
        order = self.rng.sample(names, len(names))
        with self.reservations.one_of(order) as name:
            yield self.stack.processes().get(name) if name else None

    def died(self, entry: Entry, at: float, *, with_all: bool = False) -> None:
        """Note a death that left work under way."""
        if entry.name in WORKERS:
            self.journal.worker_died(entry.pid, at, with_all=with_all)


Injector = Callable[[Scene], str | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Args:
        inject: does it, sees whether it took effect, and returns what happened; None when nothing did.
        alone: nothing else may be under way meanwhile.
        weight: how often it comes among the others.
        long: whether it takes so long, or is so like another, that only `scripts/faults` has it.
    """

    kind: str
    family: Family
    inject: Injector
    alone: bool = False
    weight: int = 1
    long: bool = False
