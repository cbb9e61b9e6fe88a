"""The product behind a real PgBouncer that gives a session to each transaction: nothing lost, and nothing repeated."""

from collections.abc import Iterator

import pytest

from tests.e2e.system import LOTE_SIZE, System, until
from tests.e2e.test_campaign import phones
from tests.pgbouncer import MISSING, PgBouncer, bound, program, running_pgbouncer

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(program() is None, reason=MISSING)]
LOTES = 8


@pytest.fixture
def pooler(system: System) -> Iterator[PgBouncer]:
    bound(system.env["DATABASE_URL"])
    with running_pgbouncer(system.env["DATABASE_URL"]) as pooler:
        yield pooler


def test_a_campaign_is_sent_through_it_though_it_is_killed(system: System, pooler: PgBouncer) -> None:
    numbers = phones(LOTES * LOTE_SIZE, "57")
    with system.with_environment(DATABASE_URL=pooler.url, DATABASE_POOLER="transaction"):
        shop = system.shop()
        ids = shop.clients(*numbers)
        system.simulator.control.set_faults(latency_s=0.5)
        campana = shop.campaign(ids)
        until(lambda: shop.progress(campana), lambda now: now["exitosos"] > 0)
        pooler.kill()
        pooler.start()

        def sent() -> int:
            [(count,)] = system.sql(
                "SELECT count(*) FROM campaigns_smslog WHERE campana_id = %s AND estado = 'enviado'", campana
            )
            return int(count)

        until(sent, lambda count: count == len(ids))
        ended = shop.wait_for(campana, "completado", "error")
    assert (ended["estado"], ended["exitosos"]) == ("completado", len(ids))
    assert sorted(to for to, _ in system.messages(*numbers)) == numbers
