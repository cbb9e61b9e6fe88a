"""Delivery and segments, summed Lote by Lote until nothing more is to come."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import CampanaSMS, Lote, SMSLog
from core.models import Usuario
from tests.campaigns.support import add_rows
from tests.factories import CampanaFactory, open_lote
from tests.workers.engine.conftest import Running, take, write
from workers.engine.lote import entregas, lotes
from workers.engine.message.receipts import Receipt, apply_receipt
from workers.gateway.outcomes import Accepted, Permanent


@pytest.fixture
def campana(owner: Usuario) -> CampanaSMS:
    return CampanaFactory.create(usuario=owner, estado="procesando")


def closed(campana: CampanaSMS, numero: int, *, minutes_ago: float = 0, **entrega: int) -> Lote:
    """A closed Lote with so many sent rows of each delivery status ("" is written `sin_informe`)."""
    lote = open_lote(campana, [], numero)
    for status, count in entrega.items():
        add_rows(lote, "enviado", count, entrega="" if status == "sin_informe" else status, segmentos=2)
    total = sum(entrega.values())
    Lote.objects.filter(pk=lote.pk).update(
        estado="cerrado", total=total, exitosos=total, cerrado_en=timezone.now() - timedelta(minutes=minutes_ago)
    )
    lote.refresh_from_db()
    return lote


def test_it_counts_and_settles_when_all_have_their_last_word(campana: CampanaSMS) -> None:
    done = closed(campana, 1, delivered=3, undelivered=1)
    waiting = closed(campana, 2, delivered=1, sent=2, sin_informe=1)
    SMSLog.objects.filter(entrega="undelivered").update(entrega_codigo="30003")
    assert entregas.contar() == 2
    done.refresh_from_db()
    waiting.refresh_from_db()
    assert (done.entregas, done.segmentos, done.asentado) == ({"delivered": 3, "undelivered/30003": 1}, 8, True)
    assert (waiting.entregas, waiting.asentado) == ({"delivered": 1, "sent": 2, "": 1}, False)


@pytest.mark.parametrize(
    ("age", "since", "again"), [(0.1, 1, False), (0.1, 3, True), (60, 300, False), (60, 420, True), (1200, 3500, False)]
)
def test_the_older_the_more_seldom(age: float, since: int, again: bool, campana: CampanaSMS) -> None:
    """Minutes since it closed; seconds since it was counted."""
    lote = closed(campana, 1, minutes_ago=age, sent=1)
    Lote.objects.filter(pk=lote.pk).update(contado_en=timezone.now() - timedelta(seconds=since))
    assert entregas.contar() == int(again)


def test_after_three_days_nothing_more_is_expected(campana: CampanaSMS) -> None:
    lote = closed(campana, 1, minutes_ago=3 * 24 * 60 + 1, sent=2)
    entregas.contar()
    lote.refresh_from_db()
    assert lote.asentado
    assert entregas.contar() == 0


def test_a_lote_that_sent_nothing_is_settled(campana: CampanaSMS) -> None:
    lote = open_lote(campana, [])
    add_rows(lote, "fallido", 2)
    Lote.objects.filter(pk=lote.pk).update(estado="cerrado", total=2, fallidos=2, cerrado_en=timezone.now())
    entregas.contar()
    lote.refresh_from_db()
    assert (lote.entregas, lote.segmentos, lote.asentado) == ({}, 0, True)


def test_segments_that_nobody_told_count_as_the_others_do(campana: CampanaSMS) -> None:
    lote = closed(campana, 1, delivered=4)
    SMSLog.objects.filter(pk=lote.logs.first().pk).update(segmentos=None)  # type: ignore[union-attr]
    entregas.contar()
    lote.refresh_from_db()
    assert lote.segmentos == 8


def test_it_takes_more_lotes_than_a_batch(campana: CampanaSMS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entregas, "BATCH", 2)
    monkeypatch.setitem(entregas.COUNT_PARAMS, "batch", 2)
    for numero in range(1, 6):
        closed(campana, numero, delivered=1)
    assert entregas.contar() == 5
    assert entregas.contar() == 0


def test_a_lote_that_closes_again_is_counted_again(campana: CampanaSMS) -> None:
    lote = closed(campana, 1, delivered=1)
    entregas.contar()
    Lote.objects.filter(pk=lote.pk).update(estado="abierto")
    lotes.close(lote.pk)
    lote.refresh_from_db()
    assert (lote.estado, lote.asentado, lote.contado_en) == ("cerrado", False, None)


@pytest.mark.parametrize(
    ("outcome", "segmentos"),
    [
        (Accepted("SM" + "0" * 32, "queued", 3), 3),
        (Accepted("SM" + "0" * 32, "accepted", None), 1),  # a Messaging Service does not say: the text is counted
        (Permanent("21610", "No quiere"), None),
    ],
)
def test_the_outcome_says_what_is_billed(outcome: Any, segmentos: int | None, running: Running) -> None:
    claim = take(running.logs[0].pk)
    assert claim
    assert write(claim, outcome)
    running.reload()
    assert running.logs[0].segmentos == segmentos


def test_a_callback_that_was_faster_leaves_the_segments_to_the_outcome(running: Running) -> None:
    claim = take(running.logs[0].pk)
    assert claim
    sid = "SM" + "0" * 32
    assert apply_receipt(Receipt(claim.log_id, claim.token, sid, "sent"))
    assert write(claim, Accepted(sid, "queued", 3))
    running.reload()
    log = running.logs[0]
    assert (log.estado, log.segmentos, log.entrega, log.twilio_sid) == ("enviado", 3, "sent", sid)
    # Another message's outcome is not this row's.
    assert not write(claim, Accepted("SM" + "1" * 32, "queued", 5))
    running.reload()
    assert (running.logs[0].segmentos, running.logs[0].twilio_sid) == (3, sid)
