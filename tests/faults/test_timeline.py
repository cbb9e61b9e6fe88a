"""The times that follow from the noted changes, against PostgreSQL itself."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import CampanaSMS, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.faults.measures import outside
from tests.faults.timeline import DETECTION, FINALIZATION, HISTORY, INSTALL, MOVES, worker_name

pytestmark = pytest.mark.django_db

DIED = datetime(2026, 1, 5, 12, 0, 0, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def rows(owner: Usuario) -> list[SMSLog]:
    with connection.cursor() as cursor:
        cursor.execute(INSTALL)
    clientes = ClienteFactory.create_batch(3, usuario=owner)
    campana = CampanaFactory.create(usuario=owner, total_clientes=3, estado="procesando")
    lote = open_lote(campana, clientes)
    return [sms_log(campana, lote, cliente) for cliente in clientes]


def ask(sql: str, *params: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)  # type: ignore[arg-type]
        return list(cursor.fetchall())


def note(row: SMSLog, de: str, a: str, quien: str, seconds: float) -> None:
    """A change so many seconds after the death."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO harness_move VALUES (%s, %s, %s, %s, %s)",
            [row.pk, de, a, quien, DIED + timedelta(seconds=seconds)],
        )


def test_it_notes_each_change_and_who_made_it(rows: list[SMSLog]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL application_name = 'worker:7'")
    row = SMSLog.objects.filter(pk=rows[0].pk)
    row.update(estado="fallido", codigo="21211")
    row.update(estado="fallido", codigo="21610")  # no change of estado
    assert [change[:3] for change in ask(HISTORY, rows[0].pk)] == [("pendiente", "fallido", "worker:7")]
    assert ask(MOVES, [rows[0].campana_id]) == [(rows[0].pk, "pendiente", "fallido")]
    assert ask(MOVES, [rows[0].campana_id + 1]) == []


def test_it_is_installed_twice_and_notes_once(rows: list[SMSLog]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSTALL)
    SMSLog.objects.filter(pk=rows[0].pk).update(estado="fallido", codigo="21211")
    assert len(ask(HISTORY, rows[0].pk)) == 1


def detections(rows: list[SMSLog], pid: int = 7) -> dict[object, object]:
    found = ask(DETECTION, [rows[0].campana_id], [worker_name(pid)], [DIED.timestamp()])
    return {log_id: None if seconds is None else round(float(str(seconds)), 3) for log_id, seconds, _ in found}


def test_it_measures_from_the_death_to_the_end_of_the_claim(rows: list[SMSLog]) -> None:
    held, ended, other = rows
    note(held, "pendiente", "enviando", "worker:7", -2.0)
    note(held, "enviando", "incierto", "worker:8", 6.5)
    note(held, "incierto", "enviado", "worker:8", 9.0)
    note(ended, "pendiente", "enviando", "worker:7", -3.0)
    note(ended, "enviando", "enviado", "worker:7", -1.0)
    note(other, "pendiente", "enviando", "worker:8", -1.0)
    note(other, "enviando", "enviado", "worker:8", 1.0)
    assert detections(rows) == {held.pk: 6.5}
    assert detections(rows, pid=9) == {}


def test_a_claim_that_reached_the_server_after_the_death_counts_from_itself(rows: list[SMSLog]) -> None:
    note(rows[0], "pendiente", "enviando", "worker:7", 0.5)
    note(rows[0], "enviando", "incierto", "worker:8", 9.5)
    assert detections(rows) == {rows[0].pk: 9.0}


def test_a_claim_that_never_ends_has_no_time(rows: list[SMSLog]) -> None:
    note(rows[0], "pendiente", "enviando", "worker:7", -1.0)
    assert detections(rows) == {rows[0].pk: None}


def test_it_measures_from_the_last_row_to_the_campaigns_end(rows: list[SMSLog]) -> None:
    note(rows[0], "enviando", "enviado", "worker:7", 1.0)
    note(rows[1], "enviando", "fallido", "worker:7", 4.0)
    note(rows[1], "enviando", "incierto", "worker:7", 3.0)
    SMSLog.objects.update(creado=DIED)
    campanas = CampanaSMS.objects.filter(pk=rows[0].campana_id)
    campanas.update(completado_en=None)
    assert ask(FINALIZATION, [rows[0].campana_id]) == []
    campanas.update(completado_en=DIED + timedelta(seconds=10))
    [(_, last, ended)] = ask(FINALIZATION, [rows[0].campana_id])
    assert (float(str(last)), float(str(ended))) == (DIED.timestamp() + 4.0, DIED.timestamp() + 10.0)


@pytest.mark.parametrize(
    ("away", "seconds"),
    [
        ([], 10.0),
        ([(0.0, 5.0), (20.0, 90.0)], 10.0),
        ([(5.0, 12.0)], 8.0),
        ([(11.0, 13.0), (19.0, 30.0)], 7.0),
        ([(0.0, 99.0)], 0.0),
    ],
)
def test_a_time_without_any_stack_does_not_count(away: list[tuple[float, float]], seconds: float) -> None:
    assert outside(10.0, 20.0, away) == seconds
