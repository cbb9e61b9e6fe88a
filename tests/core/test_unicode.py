"""Text that was made to keep a normalisation busy."""

import unicodedata
from typing import Literal

import pytest

from core.unicode import JOINER, SHORT, normalize
from tests.growth import growth

FORMS: list[Literal["NFC", "NFKD"]] = ["NFC", "NFKD"]
ORDINARY = ["", "José", "Jose\u0301", "ﬁn", "a\u0327\u0301", "한국어", "नमस्ते", "ﾊﾞ", "café " * 500]
HOSTILE = [
    "\u0315\u0300",
    "\u0f73",  # is no mark by its class, and decomposes into two
    "\uff9e\u0315",
    "\u0344\u0327",
    "\u1dc0\u0f71",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [*ORDINARY, *(f"a{marks}"[:SHORT] for marks in HOSTILE)])
def test_it_normalises(form: Literal["NFC", "NFKD"], text: str) -> None:
    assert normalize(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("marks", HOSTILE)
def test_marks_without_end_cost_what_they_weigh(form: Literal["NFC", "NFKD"], marks: str) -> None:
    assert growth(lambda text: normalize(form, text), lambda n: "a" + marks * n, 2_000) < 30


def test_marks_without_end_are_parted() -> None:
    text = normalize("NFC", "a" + "\u0315\u0300" * SHORT)
    assert JOINER in text
    assert unicodedata.normalize("NFC", text) == text
    assert text.replace(JOINER, "").count("\u0315") == SHORT


def test_it_works_on_both_sides_of_the_bound() -> None:
    for length in (SHORT, SHORT + 1):
        assert normalize("NFC", "e\u0301" * length) == "é" * length
