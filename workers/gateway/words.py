"""Texts of others, made fit to be kept."""

import re
from typing import Final

# PostgreSQL holds no NUL, UTF-8 no half of a surrogate pair, and a page no other control character; JSON carries them
# all (RFC 8259, section 7).
UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
LONGEST: Final = 300


def clean(text: str) -> str:
    """Return the text on one line, without what cannot be kept, cut at 300 characters."""
    return " ".join(UNFIT.sub(" ", text[: 10 * LONGEST]).split())[:LONGEST]
