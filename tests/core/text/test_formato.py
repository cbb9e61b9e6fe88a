from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from core.text import formato


@pytest.mark.parametrize(
    ("segundos", "text"),
    [
        (0, "0 s"),
        (8, "8 s"),
        (200, "3 min 20 s"),
        (180, "3 min"),
        (7_500, "2 h 5 min"),
        (3_605, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(segundos: int, text: str) -> None:
    assert formato.duracion(segundos) == text


@time_machine.travel(datetime(2026, 11, 23, 17, 0, tzinfo=UTC), tick=False)  # noon in Bogotá
@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 11, 34, tzinfo=UTC), "hoy, 6:34 a. m."),
        (datetime(2026, 11, 23, 4, 59, tzinfo=UTC), "ayer, 11:59 p. m."),  # already the 23rd in UTC
        (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), "hoy, 12:00 a. m."),
        (datetime(2026, 11, 24, 14, 0, tzinfo=UTC), "mañana, 9:00 a. m."),
        (datetime(2026, 11, 25, 14, 0, tzinfo=UTC), "25 nov 2026, 9:00 a. m."),
        (datetime(2025, 3, 1, 18, 5, tzinfo=UTC), "1 mar 2025, 1:05 p. m."),
    ],
)
def test_moments_are_local(moment: datetime, text: str) -> None:
    assert formato.momento(moment).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(("rate", "text"), [(1_234.4, "1.234/s"), (2.5, "2,5/s"), (0.5, "30/min")])
def test_a_slow_rate_is_said_by_the_minute(rate: float, text: str) -> None:
    assert formato.ritmo(rate) == text


@pytest.mark.parametrize(("raw", "text"), [("+573001234567", "+57 300 1234567"), ("no es", "no es"), ("", "")])
def test_phones_are_spaced(raw: str, text: str) -> None:
    assert formato.telefono(raw) == text


@time_machine.travel(datetime(2026, 11, 23, 17, 0, tzinfo=UTC), tick=False)  # noon in Bogotá
@pytest.mark.parametrize(
    ("moment", "zona", "text"),
    [
        (datetime(2026, 11, 23, 18, 0, tzinfo=UTC), None, "hoy, 1:00 p. m."),
        (datetime(2026, 11, 24, 13, 0, tzinfo=UTC), None, "mañana, 8:00 a. m."),
        (datetime(2026, 11, 30, 13, 0, tzinfo=UTC), None, "el lunes 30 nov, 8:00 a. m."),
        (datetime(2027, 1, 2, 13, 0, tzinfo=UTC), None, "el sábado 2 ene 2027, 8:00 a. m."),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), ZoneInfo("Europe/Madrid"), "mañana, 12:30 a. m."),
    ],
)
def test_moments_to_come_are_said_by_their_day(moment: datetime, zona: ZoneInfo | None, text: str) -> None:
    assert formato.proximo(moment, zona).replace("\N{NO-BREAK SPACE}", " ") == text
