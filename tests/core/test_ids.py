import pytest

from core.ids import MAX_ID, sin_repetir
from tests.growth import growth

SAME_HASH = 2**61 - 1  # of a multiple of it: https://docs.python.org/3/library/stdtypes.html#hashing-of-numeric-types


@pytest.mark.parametrize(
    ("ids", "once"),
    [
        ([], []),
        ([3, 1, 3, 2, 1], [3, 1, 2]),
        ([MAX_ID, 0, -1, MAX_ID], [MAX_ID, 0, -1]),
        ([2, 10**400, 2, -(10**400), 10**400], [2, 10**400, -(10**400)]),
    ],
)
def test_it_keeps_the_first_of_each(ids: list[int], once: list[int]) -> None:
    assert sin_repetir(ids) == once
    assert sin_repetir(iter(ids)) == once


@pytest.mark.parametrize("factor", [SAME_HASH, -SAME_HASH, 1, 2**46])
def test_ids_whose_hashes_are_equal_cost_no_more_than_others(factor: int) -> None:
    assert hash(SAME_HASH) == hash(2 * SAME_HASH)
    assert growth(sin_repetir, lambda n: [factor * i for i in range(1, n)], 2_000) < 30
