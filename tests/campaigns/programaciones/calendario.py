"""Five schedules in three zones, and when they occur by an account of its own.

It looks at the calendar and at the zones' clocks, quarter of an hour by quarter of an hour; the product takes no part.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

# Bogotá keeps one time all year. Santiago skips 0:00-1:00 on 5 Sep 2027 and repeats 23:00-24:00 on 3 Apr; Madrid skips
# 2:00-3:00 on 28 Mar and repeats it on 31 Oct.
ZONAS = ("America/Bogota", "America/Santiago", "Europe/Madrid")
COMIENZO, FIN = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Horario:
    """A timetable, told without cron.

    Args:
        fields: what a person would choose.
        dias: whether it occurs on a day.
        horas: at what hours of that day, by the clock on the wall.
    """

    fields: dict[str, Any]
    dias: Callable[[date], bool]
    horas: tuple[time, ...]


def ultimo(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


HORARIOS = {
    "diaria": Horario({"frecuencia": "diaria", "hora": time(2, 30)}, lambda day: True, (time(2, 30),)),
    "semanal": Horario(
        {"frecuencia": "semanal", "dias": (7,), "hora": time(0, 30)},
        lambda day: day.isoweekday() == 7,
        (time(0, 30),),
    ),
    "fin de mes": Horario(
        {"frecuencia": "mensual", "dia_mes": 31, "hora": time(23, 45)},
        lambda day: day.day == ultimo(day),
        (time(23, 45),),
    ),
    "el 30": Horario(
        {"frecuencia": "mensual", "dia_mes": 30, "hora": time(2, 30)},
        lambda day: day.day == min(30, ultimo(day)),
        (time(2, 30),),
    ),
    "cron": Horario(
        {"frecuencia": "cron", "cron": "30 2,23 * * SAT"},
        lambda day: day.isoweekday() == 6,
        (time(2, 30), time(23, 30)),
    ),
}


def momentos(horario: Horario, zona: str) -> list[datetime]:
    """The year's moments in UTC, each once."""
    found = {moment for day in _dias() if horario.dias(day) for moment in _de(day, horario, ZoneInfo(zona))}
    return sorted(moment for moment in found if COMIENZO < moment < FIN)


def _dias() -> Iterator[date]:
    day = COMIENZO.date() - timedelta(days=1)
    while day <= FIN.date():
        yield day
        day += timedelta(days=1)


def _de(day: date, horario: Horario, zona: ZoneInfo) -> Iterator[datetime]:
    for hora in horario.horas:
        wall = datetime.combine(day, hora)
        moment = wall.replace(tzinfo=zona).astimezone(UTC) - timedelta(hours=3)
        # The first moment at which the wall shows this time, or a later one when it never shows it.
        while moment.astimezone(zona).replace(tzinfo=None) < wall:
            moment += timedelta(minutes=15)
        yield moment
