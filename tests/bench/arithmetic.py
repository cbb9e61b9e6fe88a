"""The figures' arithmetic."""

import math
from collections.abc import Sequence
from statistics import median


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest measured value that `percent` % of all do not exceed (nearest rank): one that really occurred.

    Args:
        percent: above 0, to 100.

    Raises:
        ValueError: no values, or a percentage out of range.
    """
    if not values or not 0 < percent <= 100:
        raise ValueError(f"no {percent:g}th percentile of {len(values)} values")
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of round-by-round ratios: what changes on the machine from round to round hits both of a pair.

    Raises:
        ValueError: not the same number of rounds, or none.
    """
    if not ours or len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} rounds make no pairs")
    return median(a / b for a, b in zip(ours, theirs, strict=True))
