"""What a recipient costs in statements, counted: everything from the claim to the closed Lote, as a worker does it."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory
from workers.engine.lote import lotes
from workers.engine.message import claims, outbox, sending
from workers.gateway.outcomes import Accepted, Outcome

RECIPIENTS = 400
THREADS = 32
FETCHED = 32  # messages that a worker of 32 threads takes at a time


class Twilio:
    numbers = itertools.count(1)

    def send(self, **message: object) -> Outcome:
        time.sleep(0.01)
        return Accepted(f"SM{next(self.numbers):032x}", "queued", 1)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement of every thread from here on."""
    seen: list[str] = []
    execute = CursorWrapper.execute

    def counted(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        seen.append(str(sql))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", counted)
    return seen


@pytest.fixture
def grouping() -> Iterator[None]:
    for batches in (claims.batches, outbox.batches):
        batches.start()
    yield
    for batches in (claims.batches, outbox.batches):
        assert batches.stop(10)


@pytest.mark.django_db(transaction=True)
def test_it_takes_a_few_statements_for_a_hundred_recipients(
    owner: Usuario, monkeypatch: pytest.MonkeyPatch, statements: list[str], grouping: None
) -> None:
    monkeypatch.setattr(sending, "get_gateway", Twilio)
    ids = [cliente.pk for cliente in ClienteFactory.create_batch(RECIPIENTS, usuario=owner)]
    campana = CampanaFactory.create(usuario=owner, total_clientes=RECIPIENTS, estado="procesando")
    lote = campana.lotes.create(numero=1, cliente_ids=ids, total=RECIPIENTS)
    statements.clear()
    with transaction.atomic():
        assert lotes.open_next(campana)
    log_ids = list(lote.logs.order_by("id").values_list("pk", flat=True))
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, RECIPIENTS, FETCHED):
            fetched = log_ids[start : start + FETCHED]
            for log_id in fetched:
                claims.ask_ahead(log_id)
            list(pool.map(sending.send_one, fetched))
    assert outbox.batches.stop(10)
    lotes.close(lote.pk)
    lote.refresh_from_db()
    assert (lote.estado, lote.exitosos) == ("cerrado", RECIPIENTS)
    # One statement for each claim and each outcome would be 800.
    assert len(statements) < RECIPIENTS * 0.25
    hot = [sql for sql in statements if "UPDATE campaigns_campanasms" in sql]
    assert hot == []  # no message writes to its campaign's row
