"""The heart of the shape: a Lote is closed, and a campaign ended, by the callback of its chord."""

import pytest

from tests.e2e.system import LOTE_SIZE, Shop, System, until
from workers.metrics.measures import Closer

pytestmark = pytest.mark.e2e

CAMPAIGNS = 12
CLOSED = "SELECT coalesce(sum(valor), 0)::int FROM core_contador WHERE serie = 'sms_lotes_closed_total'"


def closed(system: System, by: str = "%") -> int:
    """Lotes that the workers counted as closed."""
    [(count,)] = system.sql(f"{CLOSED} AND etiquetas::jsonb ->> 'by' LIKE %s", by)
    return int(count)


def test_campaigns_end_by_their_chords_alone(system: System, shop: Shop) -> None:
    ids = shop.clients(*(f"+57300570{n:04d}" for n in range(3)))
    many = shop.clients(*(f"+57300571{n:04d}" for n in range(5 * LOTE_SIZE)))
    with system.never_swept():
        before = closed(system)
        by_chord = closed(system, Closer.CHORD)
        for _ in range(CAMPAIGNS):
            shop.wait_for(shop.campaign(ids), "completado")
        shop.wait_for(shop.campaign(many), "completado")
        lotes = CAMPAIGNS + 5
        # A worker adds what it counted with its next pulse.
        until(lambda: closed(system) - before, lambda grown: grown == lotes)
        assert closed(system, Closer.CHORD) - by_chord == lotes
