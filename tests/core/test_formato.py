from datetime import UTC, datetime

import pytest
import time_machine

from core import formato


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
