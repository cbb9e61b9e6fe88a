"""The order of the faults: shuffled like cards, so that every kind comes up as often as it should."""

import threading
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final

from tests.faults.injectors.scene import Fault

# In a run that ends when every kind took effect, a kind is given up after so many tries without effect. Some need a
# coincidence: `list-late` a message whose answer was lost, and a look at Twilio's list at that very moment.
TRIES: Final = 200


class Deck:
    """Safe to share among threads.

    Args:
        each: end once every kind took effect this many times; None to go on for ever, by the kinds' weights.
    """

    def __init__(self, faults: Sequence[Fault], rng: Random, *, each: int | None = None) -> None:
        self._faults, self._rng, self._each = faults, rng, each
        self._failed: Counter[str] = Counter()
        self._cards: list[Fault] = []
        self._lock = threading.Lock()
        self._deal(each)

    def _deal(self, each: int | None) -> None:
        self._cards = [fault for fault in self._faults for _ in range(each or fault.weight)]
        self._rng.shuffle(self._cards)

    def draw(self, under_way: frozenset[str] = frozenset()) -> Fault | None:
        """The next fault that is not under way already; None when there is none now."""
        with self._lock:
            if not self._cards and self._each is None:
                self._deal(None)
            for number in reversed(range(len(self._cards))):
                if self._cards[number].kind not in under_way:
                    return self._cards.pop(number)
        return None

    def failed(self, fault: Fault) -> None:
        """Put a kind that took no effect back: it comes again, later."""
        if self._each is None:
            return
        with self._lock:
            self._failed[fault.kind] += 1
            if self._failed[fault.kind] < TRIES:
                self._cards.insert(0, fault)

    @property
    def empty(self) -> bool:
        """Tell whether every kind has had its turns."""
        return self._each is not None and not self._cards
