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


def test_two_beats_and_a_killed_one_make_one_campaign(system: System, shop: Shop, second_beat: str) -> None:
    shop.clients(*PHONES)
    # The next whole minute that leaves time to kill a beat before it.
    due = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
    answer = shop.post(
        "/programaciones/",
        nombre="Cada hora",
        mensaje="Hola {nombre}",
        audiencia={"todos": True},
        frecuencia="cron",
        cron=f"{due.minute} * * * *",
        zona="UTC",
    )
    assert answer.status == 201, answer.body
    path = f"/programaciones/{answer.body['id']}"
    assert datetime.fromisoformat(answer.body["proximas"][0]) == due
    until(lambda: datetime.now(UTC), lambda now: now > due - timedelta(seconds=4), timeout_s=90)
    system.kill("beat")
    try:
        [campana] = until(lambda: campaigns(shop), bool)
        assert shop.wait_for(campana["id"], "completado")["exitosos"] == 3
    finally:
        system.start_beat("beat")
    # The one that starts again finds the entry it had not saved, and so do sweeps: nothing more comes of it.
    until(lambda: datetime.now(UTC), lambda now: now > due + timedelta(seconds=20), timeout_s=90)
    assert len(campaigns(shop)) == 1
    history = shop.get(f"{path}/ocurrencias/").body["results"]
    assert [(row["ocurrencia_utc"], row["estado"]) for row in history] == [(f"{due:%Y-%m-%dT%H:%M:00Z}", "creada")]
    assert len(system.messages(*PHONES)) == 3
    ticks = system.sql(
        "SELECT count(*) FROM django_celery_beat_periodictask WHERE name = %s", f"programacion-{answer.body['id']}"
    )
    assert ticks == [(1,)]
    assert shop.post(f"{path}/pausar/").status == 200


def test_a_campaign_for_later_waits_for_its_moment(system: System, shop: Shop) -> None:
    ids = shop.clients(*PHONES)
    due = datetime.now(UTC) + timedelta(seconds=6)
    answer = shop.post("/campanas/", cliente_ids=ids, mensaje="Hola", programada_para=due.isoformat())
    assert answer.status == 201, answer.body
    campana = answer.body["id"]
    assert shop.post(f"/campanas/{campana}/reanudar/").status == 409
    while datetime.now(UTC) < due - timedelta(seconds=1):
        assert shop.progress(campana)["estado"] == "pendiente"
        assert system.messages(*PHONES) == []
    shop.wait_for(campana, "completado")
    started = datetime.fromisoformat(shop.get(f"/campanas/{campana}/").body["iniciado_en"])
    assert due <= started
    assert len(system.messages(*PHONES)) == 3
