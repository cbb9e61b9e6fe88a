"""Schedules through real processes: two beats, one of them killed, and one message for each client."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.system import Shop, System, until

pytestmark = pytest.mark.e2e
PHONES = ("+573007770001", "+573007770002", "+573007770003")


def campaigns(shop: Shop) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop.get("/campanas/").body["results"]
    return rows


@pytest.fixture
def second_beat(system: System) -> Iterator[str]:
    system.start_beat("beat-2")
    yield "beat-2"
    system.kill("beat-2")


def programacion(shop: Shop) -> int:
    """One that occurs at this minute of every hour, so that the next is an hour away."""
    answer = shop.post(
        "/programaciones/",
        nombre="Cada hora",
        mensaje="Hola {nombre}",
        audiencia={"todos": True},
        frecuencia="cron",
        cron=f"{datetime.now(UTC).minute} * * * *",
        zona="UTC",
    )
    return int(answer.body["id"])


def make_due(system: System, pk: int) -> datetime:
    """Its moment is the minute that runs: nobody waits for the next one."""
    query = "UPDATE campaigns_programacion SET proxima = date_trunc('minute', now()) WHERE id = %s RETURNING proxima"
    [(moment,)] = system.sql(query, pk)
    assert isinstance(moment, datetime)
    return moment


def tick_every_second(system: System, pk: int) -> None:
    """Both beats send its task every second, as no schedule would."""
    query = "INSERT INTO django_celery_beat_intervalschedule (every, period) VALUES (1, 'seconds') RETURNING id"
    [(interval,)] = system.sql(query)
    entry = "UPDATE django_celery_beat_periodictask SET crontab_id = NULL, interval_id = %s WHERE name = %s"
    system.sql(entry, interval, f"programacion-{pk}")
    system.sql("UPDATE django_celery_beat_periodictasks SET last_update = now()")


def ticks(system: System) -> int:
    query = "SELECT count(*) FROM django_celery_results_taskresult WHERE task_name = 'workers.atender_programacion'"
    [(count,)] = system.sql(query)
    return int(count)


def test_two_beats_and_a_killed_one_make_one_campaign(system: System, shop: Shop, second_beat: str) -> None:
    shop.clients(*PHONES)
    pk = programacion(shop)
    tick_every_second(system, pk)
    until(lambda: ticks(system), lambda count: count >= 4)
    system.kill("beat")
    try:
        due = make_due(system, pk)
        [campana] = until(lambda: campaigns(shop), bool)
        assert shop.wait_for(campana["id"], "completado")["exitosos"] == 3
    finally:
        system.start_beat("beat")
    seen = ticks(system)
    until(lambda: ticks(system), lambda count: count >= seen + 4)
    assert len(campaigns(shop)) == 1
    history = shop.get(f"/programaciones/{pk}/ocurrencias/").body["results"]
    assert [(datetime.fromisoformat(row["ocurrencia_utc"]), row["estado"]) for row in history] == [(due, "creada")]
    assert len(system.messages(*PHONES)) == 3
    shop.post(f"/programaciones/{pk}/pausar/")


def test_without_any_beat_the_workers_make_it(system: System, shop: Shop) -> None:
    shop.clients(*PHONES)
    pk = programacion(shop)
    system.kill("beat")
    try:
        make_due(system, pk)
        [campana] = until(lambda: campaigns(shop), bool)
        assert shop.wait_for(campana["id"], "completado")["exitosos"] == 3
    finally:
        system.start_beat("beat")


def test_a_campaign_for_later_waits_for_its_moment(system: System, shop: Shop) -> None:
    ids = shop.clients(*PHONES)
    due = datetime.now(UTC) + timedelta(seconds=4)
    answer = shop.post("/campanas/", cliente_ids=ids, mensaje="Hola", programada_para=due.isoformat())
    campana = answer.body["id"]
    shop.post(f"/campanas/{campana}/reanudar/", expect=[409])
    while datetime.now(UTC) < due - timedelta(seconds=1):
        assert shop.progress(campana)["estado"] == "pendiente"
        assert system.messages(*PHONES) == []
    shop.wait_for(campana, "completado")
    started = datetime.fromisoformat(shop.get(f"/campanas/{campana}/").body["iniciado_en"])
    assert due <= started
    assert len(system.messages(*PHONES)) == 3
