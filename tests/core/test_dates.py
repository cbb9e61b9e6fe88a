"""Dates at the calendar's edges, in every field of the pages that takes one."""

import re
from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError

from campaigns.entrantes.selectors import _leer
from campaigns.ley.reglas import POR_NOMBRE
from campaigns.pages.cierres import DiaForm
from clientes import consentimiento
from core.dates import FECHA_LEJANA, Anos, de_este_mundo
from core.errors import InvalidInputError

EDGES = [date.min, date(1899, 12, 31), date(2201, 1, 1), date.max]
WITHIN = [date(1900, 1, 1), date(2026, 2, 28), date(2200, 12, 31)]


@pytest.mark.parametrize("day", EDGES)
def test_it_refuses_the_edges(day: date) -> None:
    with pytest.raises(ValidationError, match=FECHA_LEJANA):
        de_este_mundo(day)
    assert not de_este_mundo.holds_written(day.isoformat())
    assert DiaForm({"dia": day.isoformat()}).errors["dia"] == [FECHA_LEJANA]
    assert _leer(f"{day.isoformat()}T23:59:59+14:00~1~2") is None
    with pytest.raises(InvalidInputError, match=FECHA_LEJANA):
        POR_NOMBRE["dias_cerrados"].rule([date(2026, 1, 1), day])
    with pytest.raises(InvalidInputError):
        consentimiento.validar("Caja", day)


@pytest.mark.parametrize("day", WITHIN)
def test_it_takes_all_others(day: date) -> None:
    de_este_mundo(day)
    assert de_este_mundo.holds_written(f" {day.isoformat()}T00:00:00Z")
    assert DiaForm({"dia": day.isoformat()}).is_valid()
    found = _leer(f"{day.isoformat()}T10:00:00 00:00~1~2")
    assert found is not None
    assert found[0].date() == day
    POR_NOMBRE["dias_cerrados"].rule([day])


@pytest.mark.parametrize("anos", [de_este_mundo, Anos(2000, 2100, "x")])
def test_the_pattern_says_what_the_validator_does(anos: Anos) -> None:
    for year in (1, 999, *range(1850, 2250), 9999):
        assert bool(re.match(anos.pattern, f"{year:04}-01-01")) is anos.holds(datetime(year, 1, 1)), year  # noqa: DTZ001
