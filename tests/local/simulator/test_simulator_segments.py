"""Segment counts: the boundaries of both alphabets."""

import pytest

from local.simulator.segments import count_segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ñÑéàùìòÇ¿¡" * 16, 1),
        # The extension costs two.
        ("€" * 80, 1),
        ("€" * 81, 2),
        # A pair is not split between parts: 152 + € would need 154.
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        # One á makes it UCS-2; so do í ó ú, but not é.
        ("á" + "a" * 69, 1),
        ("á" + "a" * 70, 2),
        ("á" + "a" * 133, 2),
        ("á" + "a" * 134, 3),
        ("ç" * 71, 2),
        # An emoji is two, and is not split either.
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 66 + "😀" + "a" * 66, 3),
        ("a" * 65 + "😀" + "a" * 67, 2),
        ("\n\r", 1),
    ],
)
def test_it_counts(text: str, segments: int) -> None:
    assert count_segments(text) == segments
