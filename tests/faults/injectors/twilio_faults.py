"""The simulator's faults: several injections share one simulator, which takes one list of rules."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from local.simulator.client import SimulatorError
from tests.faults.journal import Journal
from tests.faults.stack import RunningStack

Rules = tuple[Mapping[str, object], ...]


class TwilioFaults:
    """Puts the active injections' rules and behaviours together, and counts what fired."""

    def __init__(self, stack: RunningStack, journal: Journal, seed: int) -> None:
        self._stack, self._journal, self._seed = stack, journal, seed
        self._active: list[tuple[Rules, Mapping[str, object]]] = []
        self._counted: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def broken(self, *rules: Mapping[str, object], **behaviour: object) -> Iterator[None]:
        """Rules and behaviour in force for the length of a `with` block.

        Args:
            rules, behaviour: as in `local.simulator.faults`.

        Raises:
            SimulatorError: it is down.
        """
        ours = (tuple(rules), behaviour)
        with self._lock:
            self._active.append(ours)
            try:
                self._push()
            except SimulatorError:
                self._active.remove(ours)
                raise
        try:
            yield
        finally:
            with self._lock:
                self._active.remove(ours)
                with contextlib.suppress(SimulatorError):  # one that was killed has forgotten its rules
                    self._push()

    def times(self, name: str) -> int:
        """How often this has happened so far in this run."""
        with self._lock, contextlib.suppress(SimulatorError):
            self._harvest()
        return self._journal.requests[name]

    def calm(self) -> None:
        """Count what fired, and let nothing go wrong any more.

        Raises:
            SimulatorError: it is down.
        """
        with self._lock:
            self._active.clear()
            self._push()

    def _push(self) -> None:
        self._harvest()
        rules = [rule for active, _ in self._active for rule in active]
        behaviour: dict[str, Any] = {"seed": self._seed}
        for _, more in self._active:
            for name, value in more.items():
                behaviour[name] = {**behaviour.get(name, {}), **value} if isinstance(value, dict) else value
        self._stack.control.set_faults(*rules, **behaviour)

    def _harvest(self) -> None:
        now = self._stack.control.fault_counts()
        for name, times in now.items():
            before = self._counted.get(name, 0)
            # It began anew if it counts less than before: what it had not told is lost, and not made up.
            self._journal.requests_met(name, times - before if times >= before else times)
        self._counted = now
