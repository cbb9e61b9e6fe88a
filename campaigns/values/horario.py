"""The hours in which a shop may write to its clients: a timetable of the week, in a time zone, with holidays.

Pure functions of a timetable and a moment. Every moment that goes in or comes out is aware; what comes out is in UTC,
because two moments of one zone compare by the clock on its walls, which shows some hours twice a year.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from holidays.registry import EntityLoader

DIA: Final = 24 * 60  # minutes
# How far ahead a window is looked for: a timetable that is closed for longer never opens.
MIRA: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Franja:
    """The open hours of a day.

    Args:
        abre, cierra: minutes after midnight by the clock on the wall, 0 to 1440; the shop opens at the first and
            closes at the second.
    """

    abre: int
    cierra: int


@dataclass(frozen=True, slots=True)
class Horario:
    """The timetable of a shop.

    Args:
        zona: of the shop.
        semana: Monday first; None is a day without sending.
        pais: ISO 3166 country whose public holidays are closed; "" for none.
        cerrados: other closed days.
    """

    zona: ZoneInfo
    semana: tuple[Franja | None, ...]
    pais: str = ""
    cerrados: frozenset[date] = frozenset()


@lru_cache(maxsize=256)
def festivos(pais: str, year: int) -> frozenset[date]:
    """The public holidays of a country in a year, moved as its law moves them (Colombia: Ley 51 de 1983)."""
    return frozenset(holidays.country_holidays(pais, years=year)) if pais else frozenset()


@lru_cache
def paises() -> tuple[str, ...]:
    """The countries whose holidays are known. `list_supported_countries` would import all of them."""
    return tuple(sorted(EntityLoader.get_country_codes(include_aliases=False)))


def next_open(horario: Horario, at: datetime) -> datetime | None:
    """The first moment from `at` on when messages may leave: `at` itself while it is open; None if there is none."""
    at = at.astimezone(UTC)
    day = at.astimezone(horario.zona).date()
    last = day + MIRA
    while day <= last:
        span = _span(horario, day)
        if span and at < span[1]:
            return max(at, span[0])
        day += timedelta(days=1)
    return None


def close_of(horario: Horario, at: datetime) -> datetime | None:
    """The end of the window that is open at this moment; None while it is closed.

    A window that lasts until midnight goes on if the next day begins with one.
    """
    day = at.astimezone(horario.zona).date()
    span = _span(horario, day)
    if span is None or not span[0] <= at < span[1]:
        return None
    close = span[1]
    # A week of whole days never closes; a week ahead is enough to know.
    for _ in range(7):
        day += timedelta(days=1)
        span = _span(horario, day)
        if span is None or span[0] > close:
            break
        close = span[1]
    return close


def dia_de(zona: ZoneInfo, at: datetime) -> date:
    """The date on the shop's calendar."""
    return at.astimezone(zona).date()


def inicio_del_dia(zona: ZoneInfo, day: date) -> datetime:
    """Return the moment when the shop's calendar turned to this date."""
    # Where the clock is changed at midnight, midnight comes twice or never.
    return min(moment for moment in _readings(zona, day, 0) if dia_de(zona, moment) == day)


def fin_del_dia(zona: ZoneInfo, at: datetime) -> datetime:
    """Return the moment when the shop's calendar turns to the next date."""
    return inicio_del_dia(zona, dia_de(zona, at) + timedelta(days=1))


def _span(horario: Horario, day: date) -> tuple[datetime, datetime] | None:
    """Return when the window of a date opens and closes; None when it has none."""
    franja = horario.semana[day.weekday()]
    if franja is None or day in horario.cerrados or day in festivos(horario.pais, day.year):
        return None
    # An hour that comes twice, or not at all, is read in the stricter way: opens late, closes early.
    opens = max(_readings(horario.zona, day, franja.abre))
    closes = min(_readings(horario.zona, day, franja.cierra))
    return (opens, closes) if opens < closes else None


def _readings(zona: ZoneInfo, day: date, minutes: int) -> set[datetime]:
    """The moments that the clock on the wall can mean: one, or two around a change of the clock."""
    days, left = divmod(minutes, DIA)
    wall = datetime.combine(day + timedelta(days=days), time(left // 60, left % 60), tzinfo=zona)
    return {wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
