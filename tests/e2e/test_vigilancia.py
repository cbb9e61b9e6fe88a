"""What the engineer sees of the running product: who is alive, and what the workers counted."""

from typing import Any

import pytest
import urllib3

from core.ops import pulses
from tests.e2e.system import METRICS_TOKEN, Shop, System, until

pytestmark = pytest.mark.e2e


def ready(system: System) -> tuple[int, dict[str, Any]]:
    answer = urllib3.request("GET", f"{system.url}/readyz?all", retries=False, timeout=10.0)
    assert answer.status in {200, 503}, answer.data
    return answer.status, answer.json()


def metric(system: System, name: str) -> float:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    answer = urllib3.request("GET", f"{system.url}/metrics", headers=headers, retries=False, timeout=10.0)
    assert answer.status == 200, answer.data
    lines = answer.data.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_it_tells_what_the_workers_did(system: System, shop: Shop) -> None:
    sent, calls = 'sms_outcomes_total{codigo="",estado="enviado"}', "sms_twilio_call_seconds_count"
    until(lambda: ready(system), lambda now: now[0] == 200)
    # A worker that another test has just started says so with its first pulse, and what it counted comes with the next.
    [(now,)] = system.sql("SELECT now()")
    pulsed = "SELECT count(*) FROM core_pulso WHERE tipo = 'worker' AND visto > %s"
    until(lambda: system.sql(pulsed, now), lambda rows: rows == [(2,)])
    assert metric(system, 'sms_processes{kind="worker"}') == 2
    before = metric(system, sent), metric(system, calls)
    campana = shop.campaign(shop.clients(*(f"+57300560{n:04d}" for n in range(30))))
    shop.wait_for(campana, "completado")
    until(lambda: metric(system, sent) - before[0], lambda grown: grown == 30)
    assert metric(system, calls) - before[1] == 30


def test_a_beat_that_dies_is_missed_and_the_web_goes_on(system: System) -> None:
    until(lambda: ready(system), lambda now: now[0] == 200)
    system.kill("beat")
    try:
        # As if the time had gone by.
        system.sql("UPDATE core_pulso SET visto = visto - %s * interval '1 second' WHERE tipo = 'beat'", pulses.GONE_S)
        _, body = until(lambda: ready(system), lambda now: now[0] == 503)
        assert (body["beat"], body["worker"], body["postgres"]) == ("missing", "ok", "ok")
        assert urllib3.request("GET", f"{system.url}/readyz", retries=False, timeout=10.0).status == 200
    finally:
        system.start_beat()
    until(lambda: ready(system), lambda now: now[0] == 200)
