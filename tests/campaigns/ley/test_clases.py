"""A campaign that is no advertising leaves at any hour; who made it, and why, is written down."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.ley import clases
from campaigns.models import CampanaSMS, Contacto, Lote, SMSLog
from campaigns.values import codigos
from core.models import Usuario
from tests.conftest import signed_in
from tests.core.api.support import error_of
from tests.factories import AdminFactory, ClienteFactory
from workers.engine.campaign import campana
from workers.engine.lote import lotes

URL = "/api/v1/campanas/"


@pytest.fixture(autouse=True)
def _publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lotes, "_publish", lambda due, *, most: None)


@pytest.fixture
def cerrada(db: None) -> Usuario:
    """A new shop that is closed today, whatever the day."""
    usuario = AdminFactory.create(username="cerrada", ajustes=None)
    today = timezone.localdate()
    days = [str(today + timedelta(days=n)) for n in range(-1, 4)]
    assert signed_in(usuario).patch("/api/v1/ajustes/", {"dias_cerrados": days}).status_code == 200
    return usuario


def made(usuario: Usuario, cliente_id: int, **fields: str) -> CampanaSMS:
    answer = signed_in(usuario).post(URL, {"mensaje": "Su pedido llegó", "cliente_ids": [cliente_id], **fields})
    assert answer.status_code == 201, answer.content
    campana.advance(answer.json()["id"])
    return CampanaSMS.objects.get(pk=answer.json()["id"])


@pytest.mark.parametrize(
    ("fields", "opens"),
    [
        ({}, False),
        ({"clase": "promocional"}, False),
        ({"clase": "transaccional", "clase_motivo": "Pedidos listos"}, True),
        ({"clase": "emergencia", "clase_motivo": "Lote de leche contaminado"}, True),
    ],
)
def test_the_engine_lets_it_leave_outside_the_windows(cerrada: Usuario, fields: dict[str, str], opens: bool) -> None:
    found = made(cerrada, ClienteFactory.create(usuario=cerrada).pk, **fields)
    assert (found.espera_hasta is None) is opens
    assert Lote.objects.filter(estado="abierto").exists() is opens
    assert found.ventana_hasta is None  # nor does Twilio stop at a close


def test_the_cap_on_contacts_is_not_for_it_and_does_not_count_it(cerrada: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=cerrada)
    signed_in(cerrada).patch("/api/v1/ajustes/", {"ventanas_activas": False, "motivo": "Prueba"})
    order: dict[str, Any] = {"clase": "transaccional", "clase_motivo": "Pedidos listos"}
    for _ in range(2):
        made(cerrada, cliente.pk, **order)
    assert not Contacto.objects.exists()
    made(cerrada, cliente.pk)  # advertising: the first of the day
    made(cerrada, cliente.pk, **order)
    made(cerrada, cliente.pk)
    assert list(SMSLog.objects.order_by("id").values_list("codigo", flat=True)) == ["", "", "", "", codigos.FRECUENCIA]


def test_it_says_who_made_it_and_why(cerrada: Usuario) -> None:
    found = made(
        cerrada, ClienteFactory.create(usuario=cerrada).pk, clase="emergencia", clase_motivo="  Lote contaminado "
    )
    assert (found.creada_por, found.clase_motivo) == (cerrada, "Lote contaminado")
    answer = signed_in(cerrada).get(f"{URL}{found.pk}/").json()
    assert (answer["clase"], answer["clase_motivo"]) == ("emergencia", "Lote contaminado")


@pytest.mark.parametrize(
    ("fields", "attr", "detail"),
    [
        ({"clase": "transaccional"}, "clase_motivo", clases.FALTA_MOTIVO.format(clase="transaccional")),
        ({"clase_motivo": "Porque sí"}, "clase_motivo", clases.SOBRA_MOTIVO),
        ({"clase": "urgente", "clase_motivo": "x"}, "clase", None),
        ({"clase": "emergencia", "clase_motivo": "x" * 301}, "clase_motivo", None),
        ({"clase": "emergencia", "clase_motivo": " "}, "clase_motivo", None),
    ],
)
def test_it_requires_a_reason(
    api: APIClient, owner: Usuario, fields: dict[str, str], attr: str, detail: str | None
) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    error = error_of(api.post(URL, {"mensaje": "Hola", "cliente_ids": [cliente.pk], **fields}), 400)
    assert error["attr"] == attr
    assert detail is None or error["detail"] == detail
    assert not CampanaSMS.objects.exists()
