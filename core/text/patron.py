"""Regular expressions that are compiled when they are first used."""

import re
from typing import cast

from django.utils.functional import SimpleLazyObject


def patron(expresion: str) -> re.Pattern[str]:
    """Return the pattern, compiled at its first use.

    Long alternations take long to compile, and few processes ever read a client's reply: compiled when they were
    imported, those of replies were an eighth of the time in which each process starts.
    """
    return cast("re.Pattern[str]", SimpleLazyObject(lambda: re.compile(expresion)))
