"""The counts of the workers, and what they say about the chords."""

import pytest

from tests import closings
from tests.closings import Closings
from workers.metrics.measures import Closer


def test_it_counts_what_was_closed_since() -> None:
    before = Closings.read([("chord", 10), ("sweep", 3)])
    found = Closings.read([("chord", 109), ("sweep", 4), ("cancel", 2)]).since(before)
    assert (found.total, found.by_chord) == (102, 99)
    assert str(found) == "99 by their chords, 1 by sweep, 2 by cancel"


@pytest.mark.parametrize(
    ("by", "lotes", "suffices"),
    [
        ({"chord": 3}, 3, True),
        ({"chord": 2, "sweep": 1}, 3, False),
        ({"chord": 99, "sweep": 1}, 100, True),
        ({"chord": 98, "sweep": 2}, 100, False),
        ({}, 1, False),
    ],
)
def test_ninety_nine_of_a_hundred_suffice(by: dict[str, int], lotes: int, suffices: bool) -> None:
    assert Closings(by).suffices(lotes) is suffices


def test_it_calls_the_chord_as_the_product_does() -> None:
    assert Closer.CHORD.value == closings.CHORD
