import pytest

from tests.bench.arithmetic import paired_ratio, percentile

HUNDRED = [float(n) for n in range(100, 0, -1)]


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [
        (HUNDRED, 50, 50.0),
        (HUNDRED, 95, 95.0),
        (HUNDRED, 100, 100.0),
        (HUNDRED, 0.5, 1.0),
        ([3.0], 50, 3.0),
        ([1.0, 9.0], 50, 1.0),
        ([1.0, 9.0], 51, 9.0),
        # The 19th of 20 values does not exceed 95 %: one slow answer in twenty is not hidden behind a mean.
        ([*[1.0] * 19, 500.0], 95, 1.0),
        ([*[1.0] * 18, 500.0, 500.0], 95, 500.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], percent: float, found: float) -> None:
    assert percentile(values, percent) == found


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_it_rejects_what_has_no_percentile(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_a_ratio_is_made_within_each_round() -> None:
    """The second round met a machine half as fast: both were slower, and the ratio is the same."""
    assert paired_ratio([600.0, 300.0, 600.0], [400.0, 200.0, 400.0]) == 1.5


def test_one_odd_round_does_not_decide() -> None:
    assert paired_ratio([100.0, 100.0, 900.0], [100.0, 100.0, 100.0]) == 1.0


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1.0], [1.0, 2.0])])
def test_it_rejects_rounds_without_a_pair(ours: list[float], theirs: list[float]) -> None:
    with pytest.raises(ValueError, match="pairs"):
        paired_ratio(ours, theirs)
