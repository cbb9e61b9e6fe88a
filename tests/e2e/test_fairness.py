"""Nobody waits long for somebody else's large campaigns: counted in messages, in the simulator's order."""

from collections.abc import Iterator

import pytest

from tests.e2e.clients import clients
from tests.e2e.system import LOTE_SIZE, Shop, System, until

pytestmark = pytest.mark.e2e

CAMPAIGNS = 5  # large ones of one shop at the same time
EACH = 8 * LOTE_SIZE
SMALL = 10
LATENCY_S = 0.3

THREADS = 2 * 16
IN_HAND = 2 * THREADS  # fetched by the two workers, those under way included
QUEUED = CAMPAIGNS * LOTE_SIZE  # each has a slice of the least size in the queue
# While the small campaign is created, announced, opened and published, the others go on.
MEANWHILE = 3 * THREADS


@pytest.fixture
def other(system: System) -> Shop:
    """Another shop; made before anybody is busy."""
    return system.shop()


@pytest.fixture
def busy(system: System, shop: Shop) -> Iterator[Shop]:
    """A shop whose large campaigns keep every thread at work."""
    ids = clients(system, shop, CAMPAIGNS * EACH, "51")
    system.simulator.control.set_faults(latency_s=LATENCY_S)
    campanas = [shop.campaign(ids[start : start + EACH]) for start in range(0, len(ids), EACH)]
    until(lambda: system.simulator.control.stats().accepted, lambda accepted: accepted > 2 * THREADS)
    yield shop
    for campana in campanas:
        shop.post(f"/campanas/{campana}/cancelar/", expect=[200, 409])  # it may have ended
    for campana in campanas:
        until(lambda pk=campana: shop.progress(pk)["completado_en"], bool)  # type: ignore[misc]


def overtaken_by(system: System, shop: Shop, prefix: str) -> int:
    """Send a small campaign; how many other messages went out between its creation and its end."""
    ids = clients(system, shop, SMALL, prefix)
    before = system.simulator.control.stats().accepted
    campana = shop.campaign(ids)
    assert shop.wait_for(campana, "completado", "error")["exitosos"] == SMALL
    accepted = list(system.simulator.control.ledger())
    ours = [n for n, row in enumerate(accepted) if row.to.startswith(f"+57300{prefix}")]
    assert len(ours) == SMALL
    return ours[-1] + 1 - before - SMALL


def test_a_small_campaign_does_not_wait_for_its_own_shops_large_ones(system: System, busy: Shop) -> None:
    assert overtaken_by(system, busy, "52") <= QUEUED + IN_HAND + MEANWHILE
    assert system.simulator.control.stats().accepted < CAMPAIGNS * EACH


def test_a_small_campaign_does_not_wait_for_another_shops_large_ones(system: System, other: Shop, busy: Shop) -> None:
    assert overtaken_by(system, other, "53") <= IN_HAND + MEANWHILE
    assert system.simulator.control.stats().accepted < CAMPAIGNS * EACH


def test_every_message_of_shops_that_send_together_goes_out_once(system: System) -> None:
    shops = [system.shop() for _ in range(3)]
    campanas = [
        (shop, shop.campaign(clients(system, shop, 4 * LOTE_SIZE, f"5{4 + number}")))
        for number, shop in enumerate(shops)
    ]
    for shop, campana in campanas:
        assert shop.wait_for(campana, "completado", "error")["exitosos"] == 4 * LOTE_SIZE
    stats = system.simulator.control.stats()
    assert (stats.accepted, stats.duplicates) == (12 * LOTE_SIZE, 0)
