"""The kinds of sender that a message can come from, and how fast Twilio lets each kind send."""

import re
from enum import Enum
from typing import Final

NO_LIMIT: Final = 0.0

INVALIDO: Final = (
    "Escriba un número como +573001234567, un código corto como 85432, un nombre de hasta 11 letras y cifras,"
    " o un Messaging Service (MG…)."
)


class Kind(Enum):
    NUMBER = "número"
    TOLL_FREE = "número gratuito"
    SHORT_CODE = "código corto"
    NAME = "nombre"
    SERVICE = "Messaging Service"


# The first that matches. A name: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
PATTERNS: Final = (
    (Kind.SERVICE, re.compile(r"MG[0-9a-fA-F]{32}")),
    (Kind.TOLL_FREE, re.compile(r"\+18(00|33|44|55|66|77|88)[0-9]{7}")),
    (Kind.NUMBER, re.compile(r"\+[1-9][0-9]{6,14}")),
    (Kind.SHORT_CODE, re.compile(r"[0-9]{3,6}")),
    (Kind.NAME, re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9+\-_&]([A-Za-z0-9+\-_& ]{0,9}[A-Za-z0-9+\-_&])?")),
)

# Segments per second that Twilio releases by default, to the country where it is slowest. What comes faster waits at
# Twilio, for hours if need be, where a pause no longer reaches it. A Messaging Service spreads over its senders, whose
# number only Twilio knows. https://help.twilio.com/articles/115002943027
SEGMENTS_PER_S: Final = {
    Kind.NUMBER: 1.0,
    Kind.TOLL_FREE: 3.0,
    Kind.SHORT_CODE: 100.0,
    Kind.NAME: 10.0,
    Kind.SERVICE: NO_LIMIT,
}


# All of them, for the API's description.
PATTERN: Final = f"^({'|'.join(pattern.pattern for _, pattern in PATTERNS)})$"


def kind_of(value: str) -> Kind | None:
    """Return the kind of a sender; None when the text is no sender.

    >>> kind_of("+573001112233")
    <Kind.NUMBER: 'número'>
    """
    return next((kind for kind, pattern in PATTERNS if pattern.fullmatch(value)), None)


def default_rate(value: str) -> float:
    """Return the segments per second of a sender of which nothing else is known; `NO_LIMIT` for no limit.

    Args:
        value: a sender; what is none gets the lowest rate.
    """
    if not value:
        return NO_LIMIT
    return SEGMENTS_PER_S[kind_of(value) or Kind.NUMBER]
