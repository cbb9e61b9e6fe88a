"""The cost of a recipient in statements, counted: everything from the claim to the closed Lote, as a worker does it."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory
from workers.engine.lote import closing, opening
from workers.engine.message import claims, loop, outbox
from workers.engine.message.loop import Job, SendLoop
from workers.gateway.outcomes import Accepted, Outcome

RECIPIENTS = 400
AT_ONCE = 32  # messages that a worker has under way


class Twilio:
    numbers = itertools.count(1)

    async def post(self, **message: object) -> Outcome:
        await asyncio.sleep(0.01)
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
    monkeypatch.setattr(loop, "get_gateway", Twilio)
    ids = [cliente.pk for cliente in ClienteFactory.create_batch(RECIPIENTS, usuario=owner)]
    campana = CampanaFactory.create(usuario=owner, total_clientes=RECIPIENTS, estado="procesando")
    lote = campana.lotes.create(numero=1, cliente_ids=ids, total=RECIPIENTS)
    statements.clear()
    with transaction.atomic():
        assert opening.open_next(campana)
    log_ids = list(lote.logs.order_by("id").values_list("pk", flat=True))
    given_back = threading.Semaphore(0)
    sender = SendLoop(at_once=AT_ONCE, give_back=lambda messages: given_back.release(len(messages)), died=pytest.fail)
    sender.start()
    for log_id in log_ids:
        sender.put(Job(log_id, None, log_id))
    assert all(given_back.acquire(timeout=30) for _ in log_ids)
    assert sender.close(10)
    assert outbox.batches.stop(10)
    closing.close(lote.pk)
    lote.refresh_from_db()
    assert (lote.estado, lote.exitosos) == ("cerrado", RECIPIENTS)
    # One statement for each claim and each outcome would be 800.
    assert len(statements) < RECIPIENTS * 0.25
    hot = [sql for sql in statements if "UPDATE campaigns_campanasms" in sql]
    assert hot == []  # no message writes to its campaign's row
