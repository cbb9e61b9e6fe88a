"""How the work of a function grows with its input: by processor time, never by seconds of the clock."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# What is linear takes about ten times as long for ten times as much, what is quadratic a hundred times.
TIMES = 10
# Below this the clock's own steps would show; a quadratic function is far above it at the larger size.
LEAST_S = 0.001


def growth(work: Callable[[T], object], make: Callable[[int], T], size: int) -> float:
    """How many times as long `work` takes for TIMES as much of what `make` gives. The best of three for each."""
    return max(LEAST_S, _best(work, make(TIMES * size))) / max(LEAST_S, _best(work, make(size)))


def _best(work: Callable[[T], object], given: T) -> float:
    return min(_once(work, given) for _ in range(3))


def _once(work: Callable[[T], object], given: T) -> float:
    started = time.process_time()
    work(given)
    return time.process_time() - started
