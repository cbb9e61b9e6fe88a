import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.campana.barra import ANCHO, VISIBLE, anchos, tramos
from campaigns.campana.selectors import Progreso


@pytest.mark.parametrize(
    ("counts", "lengths"),
    [
        ([1, 1, 0, 0, 2], [250, 250, 0, 0, 500]),
        ([999_999, 1, 0, 0, 0], [ANCHO - VISIBLE, VISIBLE, 0, 0, 0]),  # one failure in a million is seen
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
    ],
)
def test_it_splits_the_bar(counts: list[int], lengths: list[int]) -> None:
    assert anchos(counts) == lengths


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=5).filter(any))
def test_it_always_fills_the_bar_and_hides_nothing(counts: list[int]) -> None:
    lengths = anchos(counts)
    assert sum(lengths) == ANCHO
    assert all((n == 0) == (length == 0) for n, length in zip(counts, lengths, strict=True))


def test_its_stretches_touch() -> None:
    found = tramos(Progreso(10, 4, 1, 1, 3, 1, 0.0))
    assert [(t.clave, t.n, t.x, t.ancho) for t in found] == [
        ("exitosos", 3, 0, 300),
        ("fallidos", 1, 300, 100),
        ("inciertos", 1, 400, 100),
        ("enviando", 1, 500, 100),
        ("pendientes", 4, 600, 400),
    ]
