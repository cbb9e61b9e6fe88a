from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.values.horario import (
    DIA,
    Franja,
    Horario,
    close_of,
    dia_de,
    festivos,
    fin_del_dia,
    next_open,
    paises,
)

BOGOTA = ZoneInfo("America/Bogota")
ENTRE_SEMANA, SABADO = Franja(8 * 60, 19 * 60), Franja(8 * 60, 15 * 60)
LEY = Horario(BOGOTA, (*[ENTRE_SEMANA] * 5, SABADO, None), pais="CO")
TODO = Franja(0, DIA)


def is_open(horario: Horario, at: datetime) -> bool:
    """Tell whether messages may leave at this moment."""
    return next_open(horario, at) == at


# Ley 51 de 1983, art. 1 and 2, by the calendar: the fixed ones, those moved to Monday, and those that follow Easter
# (5 April 2026, 28 March 2027).
FESTIVOS = {
    2026: "01-01 01-12 03-23 04-02 04-03 05-01 05-18 06-08 06-15 06-29 07-20 08-07 08-17 10-12 11-02 11-16 12-08 12-25",
    2027: "01-01 01-11 03-22 03-25 03-26 05-01 05-10 05-31 06-07 07-05 07-20 08-07 08-16 10-18 11-01 11-15 12-08 12-25",
}
# Ley 2578 de 2026 added a nineteenth: Our Lady of Chiquinquirá, 9 July, moved to Monday.
CHIQUINQUIRA = {2026: date(2026, 7, 13), 2027: date(2027, 7, 12)}
TODOS = [date.fromisoformat(f"{year}-{day}") for year, days in FESTIVOS.items() for day in days.split()]


def bogota(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BOGOTA)


def wall(zona: ZoneInfo, at: datetime | None) -> str:
    return f"{at.astimezone(zona):%Y-%m-%d %H:%M}" if at else ""


def test_there_are_eighteen_holidays_and_the_new_one() -> None:
    for year, days in FESTIVOS.items():
        assert len(days.split()) == 18
        expected = {day for day in TODOS if day.year == year} | {CHIQUINQUIRA[year]}
        assert festivos("CO", year) == expected


@pytest.mark.parametrize("day", [*TODOS, *CHIQUINQUIRA.values()], ids=str)
def test_it_is_closed_on_every_holiday(day: date) -> None:
    moments = [
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=BOGOTA) for hour in range(24) for minute in (0, 59)
    ]
    assert not any(is_open(LEY, at) for at in moments)
    assert {close_of(LEY, at) for at in moments} == {None}
    opens = next_open(LEY, moments[0])
    assert opens is not None
    assert dia_de(BOGOTA, opens) > day
    # The first day after it that is neither Sunday nor a holiday.
    after = day + timedelta(days=1)
    while after.weekday() == 6 or after in festivos("CO", after.year):
        after += timedelta(days=1)
    assert wall(BOGOTA, opens) == f"{after} 08:00"


@pytest.mark.parametrize("day", [day for day in TODOS if day.weekday() < 5], ids=str)
def test_without_the_countrys_holidays_the_same_day_is_open(day: date) -> None:
    """The holiday closed it, and not the timetable."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BOGOTA)
    assert is_open(Horario(BOGOTA, LEY.semana), noon)


@pytest.mark.parametrize(
    ("at", "closes", "opens"),
    [
        # Ley 2300 de 2023 within the carriers' hours: Monday to Friday …
        ("2026-11-23 07:59:59", "", "2026-11-23 08:00"),
        ("2026-11-23 08:00:00", "2026-11-23 19:00", "2026-11-23 08:00"),
        ("2026-11-23 18:59:59", "2026-11-23 19:00", "2026-11-23 18:59"),
        ("2026-11-23 19:00:00", "", "2026-11-24 08:00"),
        # … Saturday until three, and then Monday
        ("2026-11-28 14:59:59", "2026-11-28 15:00", "2026-11-28 14:59"),
        ("2026-11-28 15:00:00", "", "2026-11-30 08:00"),
        ("2026-11-29 12:00:00", "", "2026-11-30 08:00"),
        # Holy Week: Wednesday evening, and then Saturday
        ("2026-04-01 19:00:00", "", "2026-04-04 08:00"),
        # the longest stretch: Saturday afternoon, a holiday on Monday
        ("2026-11-14 15:00:00", "", "2026-11-17 08:00"),
        # the end of the year
        ("2026-12-31 19:00:00", "", "2027-01-02 08:00"),
    ],
)
def test_it_opens_and_closes_as_the_law_says(at: str, closes: str, opens: str) -> None:
    moment = bogota(at)
    assert is_open(LEY, moment) is bool(closes)
    assert wall(BOGOTA, close_of(LEY, moment)) == closes
    assert wall(BOGOTA, next_open(LEY, moment)) == opens


def test_it_reads_a_moment_of_another_zone() -> None:
    assert is_open(LEY, datetime(2026, 11, 24, 0, 30, tzinfo=UTC) - timedelta(hours=1))  # 18:30 of Monday in Bogotá
    assert not is_open(LEY, datetime(2026, 11, 24, 0, 30, tzinfo=UTC))


def test_extra_days_are_closed() -> None:
    inventory = Horario(BOGOTA, LEY.semana, "CO", frozenset({date(2026, 11, 23), date(2026, 11, 24)}))
    assert wall(BOGOTA, next_open(inventory, bogota("2026-11-21 16:00"))) == "2026-11-25 08:00"


def test_a_timetable_without_days_never_opens() -> None:
    assert next_open(Horario(BOGOTA, (None,) * 7), bogota("2026-11-23 12:00")) is None


def test_windows_that_touch_at_midnight_are_one() -> None:
    night = Horario(BOGOTA, (Franja(20 * 60, DIA), Franja(0, 6 * 60), *[None] * 5))
    assert wall(BOGOTA, close_of(night, bogota("2026-11-23 23:00"))) == "2026-11-24 06:00"
    always = Horario(BOGOTA, (TODO,) * 7)
    close = close_of(always, bogota("2026-11-23 23:00"))
    assert close is not None
    assert close - bogota("2026-11-23 23:00") > timedelta(days=7)


MADRID, SANTIAGO, NUEVA_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Santiago"), ZoneInfo("America/New_York")


def every_day(zona: ZoneInfo, abre: int, cierra: int) -> Horario:
    return Horario(zona, (Franja(abre, cierra),) * 7)


@pytest.mark.parametrize(
    ("horario", "at", "opens", "closes"),
    [
        # 29 March 2026 in Madrid: 02:00 → 03:00. 02:30 does not exist: read late for opening, early for closing.
        (every_day(MADRID, 150, 600), "2026-03-29T00:00+01:00", "2026-03-29T03:30+02:00", "2026-03-29T10:00+02:00"),
        (every_day(MADRID, 60, 150), "2026-03-29T00:00+01:00", "2026-03-29T01:00+01:00", "2026-03-29T01:30+01:00"),
        # a window across the change lasts an hour less
        (every_day(MADRID, 60, 240), "2026-03-29T00:00+01:00", "2026-03-29T01:00+01:00", "2026-03-29T04:00+02:00"),
        # 25 October 2026: 03:00 → 02:00. 02:30 comes twice: opens the second time, closes the first.
        (every_day(MADRID, 150, 600), "2026-10-25T00:00+02:00", "2026-10-25T02:30+01:00", "2026-10-25T10:00+01:00"),
        (every_day(MADRID, 60, 150), "2026-10-25T00:00+02:00", "2026-10-25T01:00+02:00", "2026-10-25T02:30+02:00"),
        # an ordinary window keeps its hours on the wall on both days
        (
            every_day(NUEVA_YORK, 480, 1140),
            "2026-03-08T00:00-05:00",
            "2026-03-08T08:00-04:00",
            "2026-03-08T19:00-04:00",
        ),
        (
            every_day(NUEVA_YORK, 480, 1140),
            "2026-11-01T00:00-04:00",
            "2026-11-01T08:00-05:00",
            "2026-11-01T19:00-05:00",
        ),
        # 6 September 2026 in Santiago: midnight itself does not exist, the day begins at 01:00
        (every_day(SANTIAGO, 0, 600), "2026-09-05T23:00-04:00", "2026-09-06T01:00-03:00", "2026-09-06T10:00-03:00"),
    ],
)
def test_it_keeps_the_clock_on_the_wall_when_it_is_changed(horario: Horario, at: str, opens: str, closes: str) -> None:
    found = next_open(horario, datetime.fromisoformat(at))
    assert found == datetime.fromisoformat(opens)
    assert close_of(horario, found) == datetime.fromisoformat(closes)


@pytest.mark.parametrize(
    ("zona", "at", "ends"),
    [
        (BOGOTA, "2026-11-23T18:00-05:00", "2026-11-24T00:00-05:00"),
        (BOGOTA, "2026-11-24T00:00-05:00", "2026-11-25T00:00-05:00"),
        (SANTIAGO, "2026-09-05T23:30-04:00", "2026-09-06T01:00-03:00"),  # 24:00 is 01:00
        (SANTIAGO, "2026-04-04T23:30-03:00", "2026-04-05T00:00-04:00"),  # 24:00 is 23:00 once more
        (ZoneInfo("America/Havana"), "2026-10-31T23:30-04:00", "2026-11-01T00:00-04:00"),  # 01:00 is 00:00 once more
    ],
)
def test_the_day_ends_when_the_calendar_turns(zona: ZoneInfo, at: str, ends: str) -> None:
    assert fin_del_dia(zona, datetime.fromisoformat(at)) == datetime.fromisoformat(ends)


zonas = st.sampled_from(
    [BOGOTA, MADRID, SANTIAGO, NUEVA_YORK]
    + [ZoneInfo(name) for name in ("America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")]
)
franjas = st.none() | st.tuples(st.integers(0, DIA), st.integers(0, DIA)).map(lambda t: Franja(min(t), max(t)))
horarios = st.builds(
    Horario,
    zonas,
    st.tuples(*[franjas] * 7),
    st.sampled_from(["", "CO", "ES", "CL"]),
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(horarios, moments)
def test_nothing_leaves_outside_the_hours_on_the_wall(horario: Horario, at: datetime) -> None:
    local = at.astimezone(horario.zona)
    if is_open(horario, at):
        franja = horario.semana[local.weekday()]
        assert franja is not None
        assert franja.abre <= local.hour * 60 + local.minute < franja.cierra
        assert local.date() not in horario.cerrados | festivos(horario.pais, local.year)


@given(horarios, moments)
def test_the_three_answers_agree(horario: Horario, at: datetime) -> None:
    opens, closes = next_open(horario, at), close_of(horario, at)
    assert (opens == at) is is_open(horario, at) is (closes is not None)
    if closes:
        assert closes > at
        assert is_open(horario, closes - timedelta(microseconds=1))
        assert not is_open(horario, closes) or (closes - at) > timedelta(days=6)
    elif opens:
        assert opens > at
        assert is_open(horario, opens)
        assert not is_open(horario, opens - timedelta(microseconds=1))


def test_the_countries_with_holidays_are_known() -> None:
    assert {"CO", "ES", "MX", "US"} <= set(paises())
    assert list(paises()) == sorted(holidays.list_supported_countries(include_aliases=False))
