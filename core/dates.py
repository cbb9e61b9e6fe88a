"""Dates that a person can mean. The calendar's edges are none of them: in another time zone they lie outside it."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.core.exceptions import ValidationError

YEAR: Final = re.compile(r"\s*([0-9]{4})")
FECHA_LEJANA: Final = "Elija una fecha entre los años 1900 y 2200."


@dataclass(frozen=True, slots=True)
class Anos:
    """A validator, for the fields of forms, filters and serializers: a date or a moment within two years.

    Args:
        primero, ultimo: the years, both allowed; both begin a decade.
        texto: why another is refused.
    """

    primero: int
    ultimo: int
    texto: str

    def __call__(self, value: date) -> None:
        """Refuse a date of another year.

        Raises:
            ValidationError: it is one.
        """
        if not self.holds(value):
            raise ValidationError(self.texto, code="out_of_range")  # for "invalid" forms have a text of their own

    def holds(self, value: date) -> bool:
        """Tell whether the date is of one of these years."""
        return self.primero <= value.year <= self.ultimo

    def holds_written(self, text: str) -> bool:
        """Tell the same of a date in ISO 8601 before it is read: reading one of the calendar's edges may overflow."""
        year = YEAR.match(text)
        return year is None or self.primero <= int(year[1]) <= self.ultimo

    @property
    def pattern(self) -> str:
        """A regular expression of how such dates begin, in Python's words and ECMA's."""
        decades = (f"{year // 10}[0-9]" for year in range(self.primero, self.ultimo, 10))
        return f"^({'|'.join(decades)}|{self.ultimo})-"


# The last day of the calendar has no next one, and its hours cannot be told in UTC: PostgreSQL's driver fails on them.
de_este_mundo: Final = Anos(1900, 2200, FECHA_LEJANA)
