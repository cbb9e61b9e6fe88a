"""Trying the failed of an ended campaign again: judged anew, and nobody twice."""

from typing import Any

import pytest
from django.db import transaction

from campaigns.models import CampanaSMS, Lote, SMSLog
from campaigns.services import mover_campana
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, sms_log
from workers.engine import campana, chords, lotes


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The rows of each chord, instead of a broker that no worker reads."""
    seen: list[list[int]] = []
    monkeypatch.setattr(chords, "publish", lambda *, log_ids, **options: seen.append(list(log_ids)))
    monkeypatch.setattr(chords, "close_later", lambda lote_id: None)
    return seen


@pytest.fixture
def ended(owner: Usuario) -> CampanaSMS:
    """One sent, and four failed: refused, without a phone, unknown, opted out."""
    clientes = ClienteFactory.create_batch(5, usuario=owner)
    found = CampanaFactory.create(usuario=owner, total_clientes=5, estado="procesando")
    lote = Lote.objects.create(campana=found, numero=1, cliente_ids=[c.pk for c in clientes], total=5, estado="abierto")
    fields: list[dict[str, Any]] = [
        {"estado": "enviado", "twilio_sid": "SM1"},
        {"estado": "fallido", "codigo": "21211", "intentos": 1},
        {"estado": "fallido", "codigo": "sin_telefono", "telefono": "", "mensaje": ""},
        {"estado": "fallido", "codigo": "desconocido"},
        {"estado": "fallido", "codigo": "21610"},
    ]
    for cliente, values in zip(clientes, fields, strict=True):
        sms_log(found, lote, cliente, **values)
    lotes.close(lote.pk)
    assert campana.finish(found.pk)
    found.refresh_from_db()
    return found


def again(ended: CampanaSMS) -> list[SMSLog]:
    mover_campana(campana=ended, action="reintentar")
    campana.advance(ended.pk)
    return list(ended.logs.order_by("pk"))


def test_it_publishes_only_those_who_certainly_got_nothing(ended: CampanaSMS, published: list[list[int]]) -> None:
    rows = again(ended)
    assert [row.estado for row in rows] == ["enviado", "pendiente", "pendiente", "fallido", "fallido"]
    assert published == [[rows[1].pk, rows[2].pk]]
    assert (rows[1].codigo, rows[1].error, rows[1].intentos) == ("", "", 0)


def test_it_judges_by_the_clients_present_data(ended: CampanaSMS, published: list[list[int]]) -> None:
    _, refused, *_ = ended.logs.order_by("pk")
    assert refused.cliente is not None
    type(refused.cliente).objects.filter(pk=refused.cliente.pk).update(
        telefono="3009998877", telefono_e164="+573009998877", nombre="Nueva"
    )
    sent, row, *_ = again(ended)
    assert (row.telefono, row.mensaje) == ("+573009998877", "Hola Nueva!")
    assert sent.mensaje != row.mensaje


def test_one_who_now_has_another_recipients_phone_gets_nothing(ended: CampanaSMS, published: list[list[int]]) -> None:
    sent, refused, *_ = ended.logs.order_by("pk")
    assert refused.cliente is not None
    type(refused.cliente).objects.filter(pk=refused.cliente.pk).update(telefono="x", telefono_e164=sent.telefono)
    row = again(ended)[1]
    assert (row.estado, row.codigo) == ("fallido", "telefono_duplicado")


def test_it_ends_again_with_the_new_sums(ended: CampanaSMS, published: list[list[int]]) -> None:
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 1, 4)
    rows = again(ended)
    for number, row in enumerate(rows[1:3]):
        SMSLog.objects.filter(pk=row.pk).update(estado="enviado", twilio_sid=f"SM2{number}")
    lotes.close(ended.lotes.get().pk)
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("completado", 3, 2)
    assert ended.completado_en is not None


def test_cancelling_it_meanwhile_leaves_the_rows_as_they_were(ended: CampanaSMS, published: list[list[int]]) -> None:
    mover_campana(campana=ended, action="reintentar")
    ended.refresh_from_db()
    mover_campana(campana=ended, action="cancelar")
    campana.advance(ended.pk)
    ended.refresh_from_db()
    assert (ended.estado, ended.enviados_exitosos, ended.enviados_fallidos) == ("cancelado", 1, 4)
    assert list(ended.logs.order_by("pk").values_list("codigo", flat=True))[1] == "21211"
    assert published == []


def test_a_second_click_changes_nothing(ended: CampanaSMS, published: list[list[int]]) -> None:
    with transaction.atomic():
        mover_campana(campana=ended, action="reintentar")
    campana.advance(ended.pk)
    campana.advance(ended.pk)
    assert len(published) == 1
