"""One stream of faults: a deck, a pace, and some that are under way at the same time."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random

from tests.faults.deck import Deck
from tests.faults.injectors.scene import Fault

Do = Callable[[Fault, Random], bool]


@dataclass(slots=True)
class Lane:
    """A row of faults, one after the other.

    Args:
        deck: what comes, in which order.
        slots: how many may be under way.
        every: shortest and longest seconds from one to the next.
        rng: of the pace, and of each fault's own choices.
    """

    deck: Deck
    slots: int
    every: tuple[float, float]
    rng: Random
    _pool: ThreadPoolExecutor = field(init=False)
    _under_way: dict[Future[None], str] = field(init=False, default_factory=dict)
    _due: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.slots)

    def tick(self, do: Do, before_alone: Callable[[], None]) -> None:
        """Begin the next fault if it is time and there is room.

        Args:
            do: does it in a thread, and says whether it took effect.
            before_alone: waits until nothing is under way in any lane.
        """
        running = self.running()
        if time.monotonic() < self._due or len(running) >= self.slots:
            return
        fault = self.deck.draw(frozenset(running))
        if fault is None:
            return
        rng = Random(self.rng.getrandbits(64))
        if fault.alone:
            before_alone()
            self._do(do, fault, rng)
        else:
            self._under_way[self._pool.submit(self._do, do, fault, rng)] = fault.kind
        self._due = time.monotonic() + self.rng.uniform(*self.every)

    def _do(self, do: Do, fault: Fault, rng: Random) -> None:
        if not do(fault, rng):
            self.deck.failed(fault)

    def running(self) -> list[str]:
        """The kinds that are under way. Raises what one of them raised."""
        for future in [future for future in self._under_way if future.done()]:
            del self._under_way[future]
            future.result()
        return list(self._under_way.values())

    def settle(self) -> None:
        """Wait until nothing is under way."""
        wait(self._under_way)

    @property
    def over(self) -> bool:
        """Tell whether nothing more is to come."""
        return self.deck.empty and not self.running()

    def close(self) -> None:
        self._pool.shutdown()
