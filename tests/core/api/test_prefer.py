import pytest

from core.api.prefer import HEADER_MAX, Prefer
from tests.growth import growth


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Prefer()),
        ("respond-async", Prefer(respond_async=True)),
        ("Respond-Async, WAIT=10", Prefer(respond_async=True, wait=10)),
        ("wait = 10", Prefer(wait=10)),
        ('wait="10"; foo=bar', Prefer(wait=10)),
        ("wait=5, wait=20", Prefer(wait=5)),  # the first counts
        ('foo="a, wait=3"', Prefer()),  # inside quotes it is nobody's preference
        ("wait=-1", Prefer()),
        ("wait=soon", Prefer()),
        ("wait=" + "9" * 40, Prefer()),
        (',,;="', Prefer()),
        ("wait=3, " + "x" * (HEADER_MAX - 8), Prefer(wait=3)),
        ("wait=3, " + "x" * (HEADER_MAX - 7), Prefer()),
    ],
)
def test_it_reads_preferences(header: str, expected: Prefer) -> None:
    assert Prefer.of(header) == expected


@pytest.mark.parametrize("text", ['\\"', '"', "a,", "\\"])
def test_a_long_header_costs_no_more_than_a_short_one(text: str) -> None:
    assert growth(Prefer.of, lambda n: '"' + text * n, 800) < 30
