"""A sender's rate, and Twilio's "too many", with real processes."""

import secrets

import pytest

from tests.e2e.clients import clients
from tests.e2e.system import LOTE_SIZE, Shop, System, until

pytestmark = pytest.mark.e2e


def sender(shop: Shop, rate: str | None) -> tuple[int, str]:
    """A sender of the shop's own: its id, and what Twilio knows it by."""
    valor = f"+1500{secrets.randbelow(10**7):07}"
    answer = shop.post("/remitentes/", nombre="Ventas", valor=valor, segmentos_por_segundo=rate)
    return answer.body["id"], valor


def campaign(shop: Shop, ids: list[int], remitente: int) -> int:
    answer = shop.post("/campanas/", cliente_ids=ids, mensaje="Hola {nombre}", remitente=remitente)
    return int(answer.body["id"])


def test_a_sender_sends_no_faster_than_its_rate_and_nearly_as_fast(system: System, shop: Shop) -> None:
    """Three Lotes through two processes of sixteen threads."""
    rate, count = 20, 3 * LOTE_SIZE
    remitente, valor = sender(shop, str(rate))
    campana = campaign(shop, clients(system, shop, count, "61"), remitente)
    assert shop.wait_for(campana, "completado", "error")["exitosos"] == count
    sent = sorted(system.simulator.control.ledger(), key=lambda row: row.accepted_at)
    assert {row.from_ for row in sent} == {valor}
    assert (len(sent), system.simulator.control.stats().duplicates) == (count, 0)
    # Each message left at its turn or later, and arrived a moment after: over long spans the rate shows.
    took = sent[-1].accepted_at - sent[0].accepted_at
    assert took > (count - 1) / rate - 0.5
    assert shop.logs(campana)[0]["intentos"] == 1


def test_a_slow_sender_holds_no_threads_that_others_need(system: System, shop: Shop) -> None:
    """One segment a second, and three campaigns of it; meanwhile another shop sends ten times as many messages."""
    remitente, _ = sender(shop, "1.00")
    slow = [campaign(shop, clients(system, shop, LOTE_SIZE, f"6{2 + n}"), remitente) for n in range(3)]
    other = system.shop()
    # The sender's campaigns take turns: each has sent something long before one has ended.
    begun = until(lambda: [shop.progress(campana) for campana in slow], lambda now: all(c["exitosos"] for c in now))
    assert {now["estado"] for now in begun} == {"procesando"}
    count = 20 * LOTE_SIZE
    before = system.simulator.control.stats().accepted
    fast = other.campaign(clients(system, other, count, "66"))
    assert other.wait_for(fast, "completado", "error")["exitosos"] == count
    meanwhile = system.simulator.control.stats().accepted - before - count
    assert meanwhile < count / 5
    for campana in slow:
        shop.post(f"/campanas/{campana}/cancelar/", expect=[200, 409])  # it may have ended
        until(lambda pk=campana: shop.progress(pk)["completado_en"], bool)  # type: ignore[misc]


def test_too_many_slows_all_processes_down_and_costs_no_attempt(system: System, shop: Shop) -> None:
    """Twilio takes fifteen messages a second. Two processes of sixteen threads would have hundreds refused."""
    remitente, _ = sender(shop, None)
    count = 8 * LOTE_SIZE
    ids = clients(system, shop, count, "67")
    system.simulator.control.set_faults(max_rate=15)
    campana = campaign(shop, ids, remitente)
    ended = shop.wait_for(campana, "completado", "error")
    assert (ended["exitosos"], ended["fallidos"]) == (count, 0)
    stats = system.simulator.control.stats()
    assert (stats.accepted, stats.duplicates) == (count, 0)
    assert {row["intentos"] for row in shop.logs(campana)} == {1}
    # Those under way when the first refusal came, and a few after each pause.
    assert 1 <= stats.refused["20429"] <= 100
