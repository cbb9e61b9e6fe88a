"""Patterns of the texts and numbers that the API takes, as its description gives them and as its fields read them.

The patterns mean the same in Python and in ECMA 262, which JSON Schema asks for.
"""

import re
from typing import Final

# PostgreSQL holds no NUL.
SIN_NULO: Final = r"^[^\u0000]*$"
# Blanks, control characters and what nobody sees (UAX #44, and the blank of Braille) make no text alone. Each is named:
# Python and ECMA 262 disagree on what a space is.
SIN_TINTA: Final = (
    r"\s\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
CON_TEXTO: Final = rf"^[^\u0000]*[^{SIN_TINTA}][^\u0000]*$"
TINTA: Final = re.compile(f"[^{SIN_TINTA}]")
# ISO 8601 of an hour and its minute; seconds may be written, and are none.
HORA: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$"
# A number as a text; more than one of its fields can hold is left to the field.
DECIMAL: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


def decimal(whole: int, places: int, *, least: float | None) -> str:
    """Return the pattern of a number in decimal notation.

    Args:
        whole: most digits before the point.
        places: most digits behind it.
        least: the least that it may be; above zero means anything but zero.
    """
    sign = "-?" if least is None or least < 0 else "(?!0+([.]0+)?$)" if least > 0 else ""
    return rf"^{sign}[0-9]{{1,{whole}}}([.][0-9]{{1,{places}}})?$"
