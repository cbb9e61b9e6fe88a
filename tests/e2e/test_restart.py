"""Workers that stop in order, as at every deploy, lose nothing, repeat nothing and leave nothing in doubt."""

import pytest

from tests.e2e.system import LOTE_SIZE, Shop, System, until
from tests.e2e.test_campaign import phones

pytestmark = pytest.mark.e2e


# Sent in nine seconds at the very least, by two workers of 16 threads: a worker that stops is gone long before.
LOTES = 12
LATENCY_S = 1.2


def test_a_worker_that_stops_leaves_nothing_in_doubt(system: System, shop: Shop) -> None:
    numbers = phones(LOTES * LOTE_SIZE, "50")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=LATENCY_S)
    campana = shop.campaign(ids)
    until(lambda: shop.progress(campana), lambda now: now["exitosos"] > 0)
    with system.without_worker(1):
        now = shop.progress(campana)
        assert now["inciertos"] == 0
        assert now["exitosos"] < len(ids)
    # What it had fetched and not begun went back to the queue: the other worker goes on with it at once.
    ended = shop.wait_for(campana, "completado", "error")
    assert ended["exitosos"] == len(ids)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers
    assert system.sql("SELECT max(intentos) FROM campaigns_smslog WHERE campana_id = %s", campana) == [(1,)]


def test_a_rolling_restart_in_mid_campaign_costs_nothing(system: System, shop: Shop) -> None:
    numbers = phones(LOTES * LOTE_SIZE, "51")
    ids = shop.clients(*numbers)
    system.simulator.control.set_faults(latency_s=LATENCY_S)
    campana = shop.campaign(ids)
    seen_inciertos = 0
    for number in (1, 2):
        until(lambda: shop.progress(campana), lambda now: now["exitosos"] > 0)
        with system.without_worker(number):
            seen_inciertos += shop.progress(campana)["inciertos"]
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], seen_inciertos) == (len(ids), 0)
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers
