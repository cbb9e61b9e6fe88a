"""The growth of a function's work with its input: by processor time, never by seconds of the clock."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# What is linear takes about ten times as long for ten times as much, what is quadratic a hundred times.
TIMES = 10
# Below this the clock's own steps would show; a quadratic function is far above it at the larger size.
LEAST_S = 0.001


# A busy machine slows a run down, never up: the fastest of several counts, and as soon as the two sizes fit together
# nothing is repeated any more. What is quadratic never fits.
ROUNDS = 10
FITS = 2 * TIMES


def growth(work: Callable[[T], object], make: Callable[[int], T], size: int) -> float:
    """Return how many times as long `work` takes for TIMES as much of what `make` gives, by the fastest runs."""
    small, large = make(size), make(TIMES * size)
    fast, slow = _once(work, small), _once(work, large)
    for _ in range(ROUNDS):
        if slow <= FITS * fast:
            break
        fast, slow = min(fast, _once(work, small)), min(slow, _once(work, large))
    return slow / fast


def _once(work: Callable[[T], object], given: T) -> float:
    started = time.process_time()
    work(given)
    return max(LEAST_S, time.process_time() - started)
