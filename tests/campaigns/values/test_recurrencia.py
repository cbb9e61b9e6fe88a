"""When a programación occurs: rules, zones, and refusals."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.programaciones.palabras import en_palabras
from campaigns.values import recurrencia as reglas
from campaigns.values.recurrencia import Recurrencia, normalizar
from core.errors import InvalidInputError
from tests.campaigns.programaciones.calendario import COMIENZO, FIN, HORARIOS, ZONAS, momentos


def of(**changes: Any) -> Recurrencia:
    fields = {"frecuencia": "diaria", "hora": time(9), "zona": "America/Bogota", "desde": date(2026, 1, 1)}
    if changes.get("frecuencia") == "cron":
        fields["hora"] = None
    return Recurrencia(**{**fields, **changes})


def wall(recurrencia: Recurrencia, after: datetime, count: int = 3) -> list[str]:
    """The next ones as the clock on the wall shows them, with its offset."""
    found = islice(recurrencia.despues_de(after), count)
    return [f"{moment.astimezone(ZoneInfo(recurrencia.zona)):%m-%d %H:%M %z}" for moment in found]


@pytest.mark.parametrize("zona", ZONAS)
@pytest.mark.parametrize("name", HORARIOS)
def test_a_year_is_what_the_calendar_says(name: str, zona: str) -> None:
    recurrencia = of(**HORARIOS[name].fields, zona=zona)
    found = list(takewhile(lambda moment: moment < FIN, recurrencia.despues_de(COMIENZO)))
    assert found == momentos(HORARIOS[name], zona)
    assert {moment.second + moment.microsecond for moment in found} == {0}


@pytest.mark.parametrize(
    ("changes", "after", "expected"),
    [
        ({}, "2026-11-24T13:59:59Z", ["11-24 09:00 -0500", "11-25 09:00 -0500", "11-26 09:00 -0500"]),
        # strictly after
        ({}, "2026-11-24T14:00:00Z", ["11-25 09:00 -0500", "11-26 09:00 -0500", "11-27 09:00 -0500"]),
        ({}, "2026-11-24T13:59:59.999999Z", ["11-24 09:00 -0500", "11-25 09:00 -0500", "11-26 09:00 -0500"]),
        (
            {"frecuencia": "semanal", "dias": (7, 2)},
            "2026-11-24T15:00:00Z",
            ["11-29 09:00 -0500", "12-01 09:00 -0500", "12-06 09:00 -0500"],
        ),
        # the 31st is the last day, the 29th and 30th are it where there is no other
        (
            {"frecuencia": "mensual", "dia_mes": 31},
            "2027-01-01T00:00:00Z",
            ["01-31 09:00 -0500", "02-28 09:00 -0500", "03-31 09:00 -0500", "04-30 09:00 -0500"],
        ),
        (
            {"frecuencia": "mensual", "dia_mes": 30},
            "2028-01-01T00:00:00Z",
            ["01-30 09:00 -0500", "02-29 09:00 -0500", "03-30 09:00 -0500", "04-30 09:00 -0500"],
        ),
        (
            {"frecuencia": "mensual", "dia_mes": 29},
            "2027-01-01T00:00:00Z",
            ["01-29 09:00 -0500", "02-28 09:00 -0500", "03-29 09:00 -0500"],
        ),
        ({"frecuencia": "mensual", "dia_mes": 29}, "2028-02-01T00:00:00Z", ["02-29 09:00 -0500", "03-29 09:00 -0500"]),
        ({"frecuencia": "mensual", "dia_mes": 1}, "2027-01-31T00:00:00Z", ["02-01 09:00 -0500", "03-01 09:00 -0500"]),
        # the first day and the last one, as the zone counts days
        (
            {"desde": date(2026, 12, 1), "hasta": date(2026, 12, 2)},
            "2026-11-24T00:00:00Z",
            ["12-01 09:00 -0500", "12-02 09:00 -0500"],
        ),
        (
            {"hora": time(0), "desde": date(2026, 12, 1), "hasta": date(2026, 12, 1)},
            "2026-11-24T00:00:00Z",
            ["12-01 00:00 -0500"],
        ),
        ({"hora": time(23, 59), "hasta": date(2026, 11, 23)}, "2026-11-24T00:00:00Z", ["11-23 23:59 -0500"]),
        ({"hasta": date(2026, 11, 23)}, "2026-11-24T00:00:00Z", []),
        # an hour that is skipped: the first moment after it
        (
            {"zona": "Europe/Madrid", "hora": time(2, 30)},
            "2027-03-27T00:00:00Z",
            ["03-27 02:30 +0100", "03-28 03:00 +0200", "03-29 02:30 +0200"],
        ),
        # … also when the skipped hour begins the day, and the day is the first one
        (
            {"zona": "America/Santiago", "hora": time(0), "desde": date(2027, 9, 5)},
            "2027-01-01T00:00:00Z",
            ["09-05 01:00 -0300", "09-06 00:00 -0300", "09-07 00:00 -0300"],
        ),
        # an hour that comes twice: the first of the two
        (
            {"zona": "Europe/Madrid", "hora": time(2, 30)},
            "2027-10-30T00:00:00Z",
            ["10-30 02:30 +0200", "10-31 02:30 +0200", "11-01 02:30 +0100"],
        ),
        # … also when asked between the two, or in the second
        ({"zona": "Europe/Madrid", "hora": time(2, 30)}, "2027-10-31T00:45:00Z", ["11-01 02:30 +0100"]),
        ({"zona": "Europe/Madrid", "hora": time(2, 30)}, "2027-10-31T01:10:00Z", ["11-01 02:30 +0100"]),
        # a cron's `*` hours are hours of the wall too
        (
            {"frecuencia": "cron", "cron": "0 * * * *", "zona": "Europe/Madrid"},
            "2027-10-30T23:30:00Z",
            ["10-31 02:00 +0200", "10-31 03:00 +0100", "10-31 04:00 +0100"],
        ),
        (
            {"frecuencia": "cron", "cron": "0 */2 * * *", "zona": "Europe/Madrid"},
            "2027-03-28T00:30:00Z",
            ["03-28 03:00 +0200", "03-28 04:00 +0200", "03-28 06:00 +0200"],
        ),
        # 2:00 is skipped and 3:00 is there: one moment, once
        (
            {"frecuencia": "cron", "cron": "0 2,3 * * *", "zona": "Europe/Madrid"},
            "2027-03-28T00:00:00Z",
            ["03-28 03:00 +0200", "03-29 02:00 +0200", "03-29 03:00 +0200"],
        ),
        # cron's own: either kind of day, the last of the month, the second Friday
        (
            {"frecuencia": "cron", "cron": "0 9 1 * mon"},
            "2026-11-24T15:00:00Z",
            ["11-30 09:00 -0500", "12-01 09:00 -0500", "12-07 09:00 -0500"],
        ),
        ({"frecuencia": "cron", "cron": "0 9 L 2 *"}, "2026-11-24T15:00:00Z", ["02-28 09:00 -0500"]),
        ({"frecuencia": "cron", "cron": "0 9 * * FRI#2"}, "2026-11-24T15:00:00Z", ["12-11 09:00 -0500"]),
    ],
)
def test_it_occurs(changes: dict[str, Any], after: str, expected: list[str]) -> None:
    assert wall(of(**changes), datetime.fromisoformat(after), len(expected) or 3)[: len(expected) or 3] == expected


minutes = st.integers(0, 60 * 24 * 365)


@pytest.mark.parametrize("zona", ZONAS)
@pytest.mark.parametrize("name", HORARIOS)
@given(minute=minutes, second=st.integers(0, 59))
def test_what_comes_next_does_not_depend_on_when_one_asks(name: str, zona: str, minute: int, second: int) -> None:
    """The engine asks from wherever it stands; two answers would be two campaigns, or none."""
    after = COMIENZO + timedelta(minutes=minute, seconds=second)
    later = [moment for moment in momentos_de(name, zona) if moment > after]
    if later:
        assert next(of(**HORARIOS[name].fields, zona=zona).despues_de(after)) == later[0]


@cache
def momentos_de(name: str, zona: str) -> list[datetime]:
    return momentos(HORARIOS[name], zona)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0 9 * * 1-5", "0 9 * * 1-5"),
        ("  05  */8 1,15  jan mon ", "5 0,8,16 1,15 JAN MON"),
        ("0 22-23,1 * * *", "0 1,22,23 * * *"),
        ("59 * * * *", f"59 {','.join(map(str, range(24)))} * * *"),
    ],
)
def test_a_cron_has_its_hours_written_out(written: str, meant: str) -> None:
    assert normalizar(written) == meant


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("", reglas.FALTA_CRON),
        ("   ", reglas.FALTA_CRON),
        ("@daily", reglas.CRON_CAMPOS),
        ("0 9 * *", reglas.CRON_CAMPOS),
        ("0 0 9 * * *", reglas.CRON_CAMPOS),  # with seconds
        ("0 9 * * 1" + ",1" * 60, reglas.CRON_CAMPOS),
        ("* 9 * * *", reglas.CRON_MINUTO),
        ("*/15 9 * * *", reglas.CRON_MINUTO),
        ("0,30 9 * * *", reglas.CRON_MINUTO),
        ("٣ 9 * * *", reglas.CRON_MINUTO),
        ("60 9 * * *", reglas.CRON_MALO.format(campo="los minutos")),
        ("0 24 * * *", reglas.CRON_MALO.format(campo="la hora")),
        ("0 x * * *", reglas.CRON_MALO.format(campo="la hora")),
        ("0 9 32 * *", reglas.CRON_MALO.format(campo="el día del mes")),
        ("0 9 30 2 *", reglas.CRON_MALO.format(campo="el día del mes")),  # never comes
        ("0 9 * 13 *", reglas.CRON_MALO.format(campo="el mes")),
        ("0 9 * * LUN", reglas.CRON_MALO.format(campo="el día de la semana")),
        ("0 9 * * 8", reglas.CRON_MALO.format(campo="el día de la semana")),
        ("0 9 * * ²L", reglas.CRON_MALO.format(campo="el día de la semana")),
    ],
)
def test_it_refuses_a_cron(cron: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        of(frecuencia="cron", cron=cron).validar()
    assert (refusal.value.message, refusal.value.field) == (said, "cron")


@given(st.lists(st.text("0123456789*/,-L#WMONSUN", min_size=1, max_size=8), min_size=5, max_size=5))
def test_a_cron_is_refused_in_one_way_or_works(fields: list[str]) -> None:
    try:
        recurrencia = of(frecuencia="cron", cron=" ".join(["0", *fields[1:]]))
        recurrencia.validar()
    except InvalidInputError:
        return
    found = list(islice(recurrencia.despues_de(COMIENZO), 3))
    assert found == sorted(set(found))
    assert all(later - sooner >= timedelta(hours=1) for sooner, later in pairwise(found))


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"hora": None}, "hora", reglas.FALTA_HORA),
        ({"hora": time(9, 0, 1)}, "hora", reglas.CON_SEGUNDOS),
        ({"frecuencia": "semanal"}, "dias", reglas.FALTAN_DIAS),
        ({"frecuencia": "semanal", "dias": (1, 8)}, "dias", reglas.DIA_SEMANA.format(dia=8)),
        ({"frecuencia": "semanal", "dias": (0,)}, "dias", reglas.DIA_SEMANA.format(dia=0)),
        ({"frecuencia": "mensual"}, "dia_mes", reglas.DIA_MES),
        ({"frecuencia": "mensual", "dia_mes": 0}, "dia_mes", reglas.DIA_MES),
        ({"frecuencia": "mensual", "dia_mes": 32}, "dia_mes", reglas.DIA_MES),
        ({"zona": "Bogota"}, "zona", reglas.ZONA.format(zona="Bogota")),
        ({"zona": "localtime"}, "zona", reglas.ZONA.format(zona="localtime")),
        ({"zona": "../../etc/passwd"}, "zona", reglas.ZONA.format(zona="../../etc/passwd")),
        ({"zona": ""}, "zona", reglas.ZONA.format(zona="")),
        ({"desde": date(1999, 12, 31)}, "desde", reglas.ANNO),
        ({"desde": date(9999, 12, 31)}, "desde", reglas.ANNO),
        ({"hasta": date(2101, 1, 1)}, "hasta", reglas.ANNO),
        ({"hasta": date(2025, 12, 31)}, "hasta", reglas.AL_REVES),
    ],
)
def test_it_names_what_is_wrong(changes: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        of(**changes).validar()
    assert (refusal.value.field, refusal.value.message) == (field, said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Todos los días a las 9:00 a. m."),
        ({"hora": time(13, 5)}, "Todos los días a la 1:05 p. m."),
        ({"frecuencia": "semanal", "dias": (1,)}, "Los lunes a las 9:00 a. m."),
        ({"frecuencia": "semanal", "dias": (6, 3)}, "Los miércoles y sábados a las 9:00 a. m."),
        ({"frecuencia": "semanal", "dias": (5, 4, 3, 2, 1)}, "De lunes a viernes a las 9:00 a. m."),
        ({"frecuencia": "semanal", "dias": (1, 3, 5)}, "Los lunes, miércoles y viernes a las 9:00 a. m."),
        ({"frecuencia": "semanal", "dias": (1, 2, 3, 4, 5, 6, 7)}, "Todos los días a las 9:00 a. m."),
        ({"frecuencia": "mensual", "dia_mes": 15}, "El día 15 de cada mes a las 9:00 a. m."),
        (
            {"frecuencia": "mensual", "dia_mes": 30},
            "El día 30 de cada mes, o el último si no lo tiene, a las 9:00 a. m.",
        ),
        ({"frecuencia": "mensual", "dia_mes": 31}, "El último día de cada mes a las 9:00 a. m."),
        ({"frecuencia": "cron", "cron": "0 9 * * 1-5"}, "Según la expresión «0 9 * * 1-5»"),
        ({"zona": "America/Mexico_City"}, "Todos los días a las 9:00 a. m., hora de Mexico City (America/Mexico_City)"),
    ],
)
def test_it_is_said_in_words(changes: dict[str, Any], said: str) -> None:
    assert en_palabras(of(**changes)).replace("\N{NO-BREAK SPACE}", " ") == said


def test_the_last_moments_of_the_calendar_are_no_trouble() -> None:
    recurrencia = of(desde=date(reglas.ANNO_MAX, 12, 31))
    recurrencia.validar()
    assert next(recurrencia.despues_de(COMIENZO)) == datetime(2100, 12, 31, 14, tzinfo=UTC)
