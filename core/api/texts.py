"""Patterns of the texts and numbers that the API takes, as its description gives them and as its fields read them.

The patterns mean the same in Python and in ECMA 262, which JSON Schema asks for.
"""

import re
from typing import Final

# PostgreSQL holds no NUL.
SIN_NULO: Final = r"^[^\u0000]*$"
# What Python strips and what ECMA 262 calls space differ in these: neither alone makes a text.
CON_TEXTO: Final = r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085\ufeff][^\u0000]*$"
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
