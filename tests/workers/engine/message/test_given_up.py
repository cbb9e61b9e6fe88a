"""A message that was sent after its row had been given up."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS, Lote, SMSLog, Suceso
from core.errors import ConflictError
from tests.workers.engine.conftest import Running
from workers.engine.campaign import campana, final
from workers.engine.lote import closing, opening
from workers.engine.message import outbox
from workers.engine.message.ledger import Claim
from workers.engine.message.receipts import Receipt, apply_receipt
from workers.engine.pace.rates import Sender
from workers.engine.publish import chords
from workers.gateway.outcomes import Accepted

SID = "SM" + "a" * 32
OURS = ["plazo_vencido", "no_aceptado", "desconocido", "campana_cancelada", "baja", "dns"]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chords, "publish", lambda **options: None)
    monkeypatch.setattr(chords, "close_later", lambda lote_id: None)


def end(running: Running, *codigos: str, sent: int = 0) -> SMSLog:
    """End the campaign with these failures and so many sent; return the first failed row, whose token is still its."""
    for n, log in enumerate(running.logs):
        fields: dict[str, Any] = {"token": uuid.uuid4(), "intentos": 1}
        if n < len(codigos):
            fields |= {"estado": "fallido", "codigo": codigos[n], "error": "…"}
        else:
            fields |= {"estado": "enviado", "twilio_sid": f"SM{n:032}"}
        SMSLog.objects.filter(pk=log.pk).update(**fields)
    closing.close(running.lote.pk)
    assert final.finish(running.campana.pk)
    running.reload()
    return running.logs[0]


def prove(log: SMSLog, status: str = "delivered") -> bool:
    assert log.token is not None
    return apply_receipt(Receipt(log.pk, log.token, SID, status))


def sums(running: Running) -> tuple[str, int, int, int]:
    running.reload()
    found = running.campana
    lote = running.lote
    assert (lote.exitosos, lote.fallidos, lote.desconocidos) == (
        found.enviados_exitosos,
        found.enviados_fallidos,
        found.desconocidos,
    )
    assert found.enviados_exitosos == found.logs.filter(estado="enviado").count()
    return found.estado, found.enviados_exitosos, found.enviados_fallidos, found.desconocidos


@pytest.mark.parametrize("codigo", OURS)
def test_it_is_sent_and_everything_is_summed_again(running: Running, codigo: str) -> None:
    log = end(running, codigo)
    assert sums(running) == ("completado", 2, 1, int(codigo == "desconocido"))
    assert [prove(log), prove(log)] == [True, True]
    assert sums(running) == ("completado", 3, 0, 0)
    assert (log.estado, log.codigo, log.error, log.twilio_sid, log.entrega) == ("enviado", "", "", SID, "delivered")


@pytest.mark.parametrize("codigo", ["21610", "21211", "63999"])
def test_a_refusal_of_twilios_stays_one(running: Running, codigo: str) -> None:
    log = end(running, codigo)
    prove(log)
    assert sums(running) == ("completado", 2, 1, 0)
    assert (log.estado, log.codigo) == ("fallido", codigo)


def test_a_campaign_of_which_nothing_was_sent_is_complete_then(running: Running) -> None:
    log = end(running, "no_aceptado", "21211", "21211")
    assert running.campana.estado == "error"
    assert running.campana.motivo
    prove(log)
    assert sums(running) == ("completado", 1, 2, 0)
    assert running.campana.motivo == ""
    assert Suceso.objects.filter(campana=running.campana).latest("pk").tipo == "completada"


def test_one_that_its_deadline_cut_off_stays_in_error_with_its_figures(running: Running) -> None:
    CampanaSMS.objects.update(vence_en=Now() - timedelta(seconds=1))
    log = end(running, "plazo_vencido", "desconocido", "desconocido")
    assert "se enviaron 0 de 3 mensajes; de 2" in running.campana.motivo
    prove(log)
    assert sums(running) == ("error", 1, 2, 2)
    assert "se enviaron 1 de 3 mensajes; de 2" in running.campana.motivo


def test_a_cancelled_one_stays_cancelled(running: Running) -> None:
    mover_campana(campana=running.campana, action="cancelar", motivo="La canceló ana.")
    log = end(running, "campana_cancelada", "campana_cancelada", "campana_cancelada")
    prove(log)
    assert sums(running) == ("cancelado", 1, 2, 0)
    assert running.campana.motivo == "La canceló ana."


def test_it_is_never_tried_again(running: Running) -> None:
    log = end(running, "no_aceptado")
    prove(log)
    with pytest.raises(ConflictError):
        mover_campana(campana=running.campana, action="reintentar")
    running.reload()
    assert (running.campana.estado, log.estado) == ("completado", "enviado")


def test_a_row_with_a_sid_is_not_opened_again(running: Running) -> None:
    """Its estado may say anything: the SID is the proof of a message."""
    log = end(running, "no_aceptado", "no_aceptado")
    SMSLog.objects.filter(pk=log.pk).update(twilio_sid=SID)
    mover_campana(campana=running.campana, action="reintentar")
    campana.advance(running.campana.pk)
    running.reload()
    assert [row.estado for row in running.logs] == ["fallido", "pendiente", "enviado"]


def test_one_that_waits_to_be_tried_again_is_not(running: Running) -> None:
    """Its Lote is reopened and its rows not yet, when the callback comes."""
    log = end(running, "no_aceptado", "no_aceptado")
    mover_campana(campana=running.campana, action="reintentar")
    prove(log)
    running.reload()
    assert (running.lote.estado, running.lote.exitosos, running.lote.fallidos) == ("pendiente", 2, 1)
    campana.advance(running.campana.pk)
    running.reload()
    assert [row.estado for row in running.logs] == ["enviado", "pendiente", "enviado"]


def test_the_opening_asks_again_where_the_row_is_locked() -> None:
    assert "s.twilio_sid = ''" in opening.AGAIN_SQL.rpartition("WHERE")[2]


def test_a_late_answer_proves_it_too(running: Running) -> None:
    log = end(running, "plazo_vencido")
    assert log.token is not None
    claim = Claim(
        log.pk, running.campana.pk, log.token, log.telefono, log.mensaje, 1, 0.0, Sender("x", 0.0), 60.0, None
    )
    outbox._record([(claim, Accepted(SID, "queued", 1))])
    assert sums(running) == ("completado", 3, 0, 0)
    assert (log.estado, log.twilio_sid) == ("enviado", SID)


def test_the_money_counts_as_spent(running: Running) -> None:
    Lote.objects.update(cupo_dia=Now())
    SMSLog.objects.update(costo=5)
    log = end(running, "plazo_vencido")
    assert running.lote.cupo_monto == 10
    prove(log)
    running.reload()
    assert running.lote.cupo_monto == 15
