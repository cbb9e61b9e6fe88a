"""`POST /clientes/enviar-sms/`: shapes, refusals and preferences; tests/e2e runs it with real workers."""

import threading
from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.api import enviar_sms
from campaigns.api.vista_previa import plain
from campaigns.campana import espera
from campaigns.campana.services import CLAVE_REUTILIZADA, Idempotency
from campaigns.models import Ajustes, CampanaSMS, Gasto
from campaigns.vista_previa.reparto import NUNCA
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log

URL = "/clientes/enviar-sms/"


@pytest.fixture(autouse=True)
def _no_waiting(settings: Settings) -> None:
    settings.SEND_WAIT_S = 0.0


def signed_in(usuario: Usuario, **kwargs: Any) -> Client:
    client = Client(**kwargs)
    client.force_login(usuario)
    return client


def post(usuario: Usuario, body: Any, headers: dict[str, str] | None = None) -> Any:
    return signed_in(usuario).post(URL, body, content_type="application/json", headers=headers)


def ids(usuario: Usuario, n: int = 2) -> list[int]:
    return [c.pk for c in ClienteFactory.create_batch(n, usuario=usuario)]


def ended(usuario: Usuario, key: str, rows: list[dict[str, Any]]) -> CampanaSMS:
    """A finished campaign that a call with this key and body {} made."""
    sent = sum(row["estado"] == "enviado" for row in rows)
    campana = CampanaFactory.create(
        usuario=usuario, estado="completado", total_clientes=len(rows), enviados_exitosos=sent,
        enviados_fallidos=len(rows) - sent, completado_en=timezone.now(),
        idempotency_key=key, idempotency_hash=Idempotency.of(key, {}).hash,
    )  # fmt: skip
    clientes = ClienteFactory.create_batch(len(rows), usuario=usuario)
    lote = open_lote(campana, clientes)
    for cliente, row in zip(clientes, rows, strict=True):
        sms_log(campana, lote, cliente, **row)
    return campana


def test_it_creates_the_campaign_and_tells_what_there_is_so_far(owner: Usuario) -> None:
    chosen = ids(owner)
    body = {"cliente_ids": chosen, "mensaje": "Hola {nombre}", "nombre_campana": "Promoción Marzo 2024"}
    answer = post(owner, body)
    assert answer.status_code == 202
    campana = CampanaSMS.objects.get()
    progreso = f"http://testserver/api/v1/campanas/{campana.pk}/progreso/"
    assert answer.json() == {
        "success": True,
        "campana_id": campana.pk,
        "total_clientes": 2,
        "enviados_exitosos": 0,
        "enviados_fallidos": 0,
        "detalles": [],
        "estado": "pendiente",
        "progreso_url": progreso,
    }
    assert answer["Location"] == progreso
    assert (campana.nombre, campana.mensaje) == ("Promoción Marzo 2024", "Hola {nombre}")


@pytest.mark.parametrize("nombre", [{}, {"nombre_campana": ""}, {"nombre_campana": None}])
def test_it_makes_a_name(nombre: dict[str, Any], owner: Usuario) -> None:
    assert post(owner, {"cliente_ids": ids(owner), "mensaje": "Hola", **nombre}).status_code == 202
    assert CampanaSMS.objects.get().nombre.startswith("Campaña ")


def test_it_tells_what_happened_to_each(owner: Usuario) -> None:
    rows = [
        {"estado": "enviado", "twilio_sid": "SM1", "intentos": 1},
        {"estado": "fallido", "codigo": "21211", "error": "Invalid phone number", "intentos": 1},
    ]
    campana = ended(owner, "k", rows)
    answer = post(owner, {}, {"Idempotency-Key": "k"})
    assert answer.status_code == 200
    assert answer["Idempotent-Replayed"] == "true"
    first, second = campana.logs.order_by("pk")
    assert answer.json() == {
        "success": True,
        "campana_id": campana.pk,
        "total_clientes": 2,
        "enviados_exitosos": 1,
        "enviados_fallidos": 1,
        "detalles": [
            {"cliente_id": first.cliente_id, "nombre": first.nombre, "estado": "enviado", "twilio_sid": "SM1"},
            {
                "cliente_id": second.cliente_id,
                "nombre": second.nombre,
                "estado": "fallido",
                "error": "Invalid phone number",
            },
        ],
    }


def test_it_bounds_the_details(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enviar_sms, "DETALLES", 1)
    rows = [{"estado": "enviado", "twilio_sid": f"SM{number}", "intentos": 1} for number in range(3)]
    campana = ended(owner, "k", rows)
    body = post(owner, {}, {"Idempotency-Key": "k"}).json()
    assert len(body["detalles"]) == 1
    assert body["detalles_url"] == f"http://testserver/api/v1/campanas/{campana.pk}/logs/"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cliente_ids": None}, "cliente_ids"),
        ({"cliente_ids": []}, "cliente_ids"),
        ({"cliente_ids": [1, "x"]}, "cliente_ids"),
        ({"cliente_ids": [999_999_999]}, "cliente_ids"),
        ({"mensaje": ""}, "mensaje"),
        ({"mensaje": "Hola {apellido}"}, "mensaje"),
        ({"mensaje": "x" * 1601}, "mensaje"),
        ({"nombre_campana": "x" * 201}, "nombre_campana"),
        ({"campana": "x"}, "campana"),
    ],
)
def test_it_names_the_field_at_fault(change: dict[str, Any], field: str, owner: Usuario) -> None:
    answer = post(owner, {"cliente_ids": ids(owner), "mensaje": "Hola", **change})
    assert answer.status_code == 400
    body = answer.json()
    assert body["success"] is False
    assert list(body["errors"]) == [field]
    assert all(isinstance(text, str) for text in body["errors"][field])
    assert not CampanaSMS.objects.exists()


def test_it_names_the_ids_that_are_not_the_shops(owner: Usuario, stranger: Usuario) -> None:
    [strange] = ids(stranger, 1)
    answer = post(owner, {"cliente_ids": [*ids(owner), strange], "mensaje": "Hola"})
    assert answer.json()["errors"] == {"cliente_ids": [f"No existen clientes con estos ids: {strange}."]}


def test_it_refuses_what_is_not_json(owner: Usuario) -> None:
    answer = post(owner, "{")
    assert answer.status_code == 400
    assert answer.json()["success"] is False


@pytest.mark.django_db
def test_it_requires_a_session() -> None:
    answer = Client().post(URL, {}, content_type="application/json")
    assert answer.status_code == 401
    assert list(answer.json()) == ["success", "errors"]


def test_it_requires_an_admin(teammate: Usuario, owner: Usuario) -> None:
    answer = post(teammate, {"cliente_ids": ids(owner), "mensaje": "Hola"})
    assert answer.status_code == 403
    assert answer.json()["errors"]["non_field_errors"] == ["Solo un administrador puede hacer este cambio."]
    assert not CampanaSMS.objects.exists()


def test_it_requires_the_csrf_token(owner: Usuario) -> None:
    client = signed_in(owner, enforce_csrf_checks=True)
    answer = client.post(URL, {"cliente_ids": ids(owner), "mensaje": "Hola"}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["success"] is False


def test_it_does_not_answer_a_get(owner: Usuario) -> None:
    assert signed_in(owner).get(URL).status_code == 405


def test_a_key_makes_one_campaign_and_no_other(owner: Usuario) -> None:
    body = {"cliente_ids": ids(owner), "mensaje": "Hola"}
    key = {"Idempotency-Key": "una"}
    first, again = post(owner, body, key), post(owner, body, key)
    assert first.json()["campana_id"] == again.json()["campana_id"]
    assert again["Idempotent-Replayed"] == "true"
    other = post(owner, {**body, "mensaje": "Adiós"}, key)
    assert other.status_code == 409
    assert other.json()["errors"]["non_field_errors"] == [CLAVE_REUTILIZADA]


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("respond-async", "respond-async"),
        ("wait=0", "wait=0"),
        ("respond-async, wait=0", "wait=0, respond-async"),
        ("", None),
        ("return=minimal", None),
    ],
)
def test_it_says_which_preference_it_honoured(prefer: str, applied: str | None, owner: Usuario) -> None:
    answer = post(owner, {"cliente_ids": ids(owner), "mensaje": "Hola"}, {"Prefer": prefer})
    assert answer.status_code == 202
    assert answer.headers.get("Preference-Applied") == applied


@pytest.mark.django_db(transaction=True)
def test_it_waits_until_the_campaign_rests(owner: Usuario, settings: Settings) -> None:
    settings.SEND_WAIT_S = 5.0
    campana = CampanaFactory.create(usuario=owner, estado="procesando")

    def pausar() -> None:
        CampanaSMS.objects.filter(pk=campana.pk).update(estado="pausado")
        connection.close()

    pause = threading.Timer(0.3, pausar)
    pause.start()
    assert espera.esperar(campana, segundos=5.0)
    pause.join()
    campana.refresh_from_db()
    assert campana.estado == "pausado"


def test_only_some_may_wait_at_once(owner: Usuario, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.SEND_WAIT_S = 30.0
    monkeypatch.setattr(espera, "puestos", threading.BoundedSemaphore(1))
    with espera.puestos:
        answer = post(owner, {"cliente_ids": ids(owner), "mensaje": "Hola"}, {"Prefer": "wait=30"})
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert espera.puestos.acquire(blocking=False)


NOCHE = "2026-12-01T02:30:00Z"  # 21:30 of a Monday in Bogotá
DIA = "2026-12-01T15:00:00Z"


def waits(owner: Usuario, settings: Settings, monkeypatch: pytest.MonkeyPatch, **headers: str) -> Any:
    """Post while a call may wait for long: the answer must come without."""
    settings.SEND_WAIT_S = 30.0
    monkeypatch.setattr(enviar_sms, "esperar", lambda *args, **kwargs: pytest.fail("it waited in vain"))
    answer = post(owner, {"cliente_ids": ids(owner), "mensaje": "Hola"}, headers)
    assert answer.status_code == 202
    body = answer.json()
    assert body["campana_id"] == CampanaSMS.objects.get().pk
    assert body["progreso_url"] == answer["Location"]
    return body


@pytest.mark.parametrize("prefer", ["", "wait=20", "respond-async", "wait=20, respond-async"])
def test_it_says_at_once_that_the_window_is_closed(
    prefer: str, owner: Usuario, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ajustes.objects.update(ventanas_activas=True)
    with time_machine.travel(NOCHE, tick=False):
        body = waits(owner, settings, monkeypatch, **({"Prefer": prefer} if prefer else {}))
    assert body["estado"] == "pendiente"
    assert body["espera_hasta"] == "2026-12-01T08:00:00-05:00"
    assert body["motivo"].startswith("Está fuera del horario de envío: se enviará mañana, 8:00 a. m.")


def test_it_says_at_once_that_the_shop_never_opens(
    owner: Usuario, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ajustes.objects.update(ventanas_activas=True, ventanas={})
    body = waits(owner, settings, monkeypatch)
    assert (body["espera_hasta"], body["motivo"]) == (None, NUNCA)


@pytest.mark.parametrize(
    ("tope", "hasta"),
    [("tope_diario", "2026-12-02T00:00:00-05:00"), ("tope_mensual", "2027-01-01T00:00:00-05:00")],
)
def test_it_says_at_once_that_the_money_is_spent(
    tope: str, hasta: str, owner: Usuario, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(DIA, tick=False):
        Ajustes.objects.update(precio_segmento="0.05", **{tope: "1.00"})
        Gasto.objects.create(usuario=owner, dia=date(2026, 12, 1), monto="0.96")
        body = waits(owner, settings, monkeypatch)
    assert body["espera_hasta"] == hasta
    assert body["motivo"].startswith("Del tope de gasto del ")


def test_it_says_at_once_that_a_message_costs_more_than_the_cap(
    owner: Usuario, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ajustes.objects.update(precio_segmento="0.05", tope_diario="0.04")
    assert waits(owner, settings, monkeypatch)["espera_hasta"] is None


def test_it_says_at_once_that_somebody_must_approve(
    owner: Usuario, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ajustes.objects.update(aprobacion_destinatarios=1)
    body = waits(owner, settings, monkeypatch)
    assert body["espera_hasta"] is None
    assert body["motivo"] == plain(CampanaSMS.objects.get().motivo) != ""


def test_it_waits_while_there_is_money_and_an_open_window(owner: Usuario) -> None:
    with time_machine.travel(DIA, tick=False):
        Ajustes.objects.update(ventanas_activas=True, precio_segmento="0.05", tope_diario="1.00")
        Gasto.objects.create(usuario=owner, dia=date(2026, 11, 30), monto="1.00")
        Gasto.objects.create(usuario=owner, dia=date(2026, 12, 1), monto="0.95")
        body = post(owner, {"cliente_ids": ids(owner), "mensaje": "Hola"}).json()
    assert not {"espera_hasta", "motivo"} & body.keys()
