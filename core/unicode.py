"""Unicode normalisation of text that strangers wrote."""

import unicodedata
from typing import Final, Literal

import regex

# Python sorts the marks on a letter by insertion, in one call that no other thread can interrupt: 20,000 marks take
# half a second, ten times as many a minute. No writing needs more than 30: UAX #15, §13, the Stream-Safe Text Format.
MARKS_MAX: Final = 30
# What decomposes into marks: categories Mn, Mc and Me, and the halfwidth voiced sound marks of Japanese.
MARKS: Final = regex.compile(rf"[\p{{M}}\uFF9E\uFF9F]{{{MARKS_MAX}}}")
JOINER: Final = "\N{COMBINING GRAPHEME JOINER}"
# Default_Ignorable_Code_Point (UAX #44) and the marks of interlinear notes, as the inside of a class of `re`.
IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Characters that cost nothing in any order, such as a name has.
SHORT: Final = 200


def normalize(form: Literal["NFC", "NFKD"], text: str) -> str:
    """Return the text in a normalisation form, in a time that grows as its length does.

    In a text longer than SHORT, a run of more than MARKS_MAX marks is parted by a grapheme joiner: see above.
    """
    return unicodedata.normalize(form, text if len(text) <= SHORT else MARKS.sub(rf"\g<0>{JOINER}", text))


def sin_acentos(texto: str) -> str:
    """Return a short text in small letters, each without the marks on it."""
    return "".join(c for c in unicodedata.normalize("NFKD", texto.casefold()) if not unicodedata.combining(c))
