"""Test keys: what they make is a test, and they see nothing else."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.bajas.services import invitado_de
from campaigns.models import CampanaSMS, Programacion
from core.models import LlaveApi, Usuario
from tests import pages
from tests.campaigns.support import running_campana
from tests.core.api.support import error_of
from tests.factories import CampanaFactory, ClienteFactory, llave_de, open_lote, sms_log, una_programacion

CAMPANAS, PROGRAMACIONES = "/api/v1/campanas/", "/api/v1/programaciones/"


@pytest.fixture
def tester(owner: Usuario) -> APIClient:
    key = llave_de(owner, "leer", "clientes", "campanas", prueba=True, ultimo_uso_en=timezone.now())
    return APIClient(headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def body(owner: Usuario) -> dict[str, Any]:
    return {"mensaje": "Hola", "cliente_ids": [ClienteFactory.create(usuario=owner).pk]}


def test_a_key_is_one_by_its_word(api: APIClient) -> None:
    made = api.post("/api/v1/llaves/", {"nombre": "Pruebas", "alcances": ["campanas"], "prueba": True}).json()
    assert made["llave"].startswith("sms_test_")
    assert made["prueba"] is True
    assert LlaveApi.objects.get().prueba
    error = error_of(api.post("/api/v1/llaves/", {"nombre": "x", "alcances": ["todo"], "prueba": True}), 400)
    assert error["attr"] == "alcances"


def test_it_changes_no_template_that_a_real_campaign_would_send(tester: APIClient, api: APIClient) -> None:
    new = {"nombre": "Promo", "mensaje": "Hola {nombre}"}
    made = tester.post("/api/v1/plantillas/", new)
    assert made.status_code == 201
    path = f"/api/v1/plantillas/{made.json()['id']}/"
    for answer in (
        tester.put(path, {**new, "mensaje": "x"}),
        tester.patch(path, {"mensaje": "x"}),
        tester.delete(path),
    ):
        assert "Una llave de prueba crea plantillas" in error_of(answer, 403)["detail"]
    assert tester.get(path).json() == made.json()
    assert api.patch(path, {"mensaje": "Adiós"}).status_code == 200


def test_the_page_makes_one_too(owner: Usuario) -> None:
    form = {"nombre": "Pruebas", "alcances": "campanas", "dias": "30", "prueba": ["false", "on"]}
    assert "sms_test_" in pages.signed_in(owner).post("/cuenta/llaves/", form).content.decode()
    page = pages.get(owner, "/cuenta/llaves/")
    assert "Prueba<" in page
    assert "Los clientes, etiquetas y segmentos que crea o cambia son de verdad" in page


def test_what_it_makes_is_marked(tester: APIClient, api: APIClient, body: dict[str, Any], owner: Usuario) -> None:
    made = tester.post(CAMPANAS, body)
    assert (made.status_code, made.json()["prueba"]) == (201, True)
    assert api.post(CAMPANAS, body).json()["prueba"] is False
    assert [row["prueba"] for row in api.get(CAMPANAS).json()["results"]] == [False, True]
    assert [row["id"] for row in tester.get(CAMPANAS).json()["results"]] == [made.json()["id"]]
    assert "nada salió" in pages.get(owner, f"/campanas/{made.json()['id']}/")
    assert "nada salió" in pages.get(owner, "/campanas/")


def test_its_rows_are_marked(tester: APIClient, owner: Usuario) -> None:
    campana = running_campana(owner, prueba=True)
    rows = tester.get(f"{CAMPANAS}{campana.pk}/logs/").json()["results"]
    assert rows
    assert all(row["prueba"] is True for row in rows)
    assert tester.get(f"{CAMPANAS}{campana.pk}/progreso/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("get", "progreso/"),
        ("get", "logs/"),
        ("get", "sucesos/"),
        *(("post", f"{move}/") for move in ("pausar", "reanudar", "cancelar", "reintentar", "aprobar", "rechazar")),
    ],
)
def test_it_neither_sees_nor_moves_a_real_campaign(tester: APIClient, owner: Usuario, method: str, path: str) -> None:
    campana = running_campana(owner)
    before = CampanaSMS.objects.values().get(pk=campana.pk)
    assert getattr(tester, method)(f"{CAMPANAS}{campana.pk}/{path}").status_code == 404
    assert CampanaSMS.objects.values().get(pk=campana.pk) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("patch", ""),
        ("delete", ""),
        ("get", "ocurrencias/"),
        *(("post", f"{move}/") for move in ("pausar", "reanudar", "ejecutar")),
    ],
)
def test_it_neither_sees_nor_runs_a_real_schedule(tester: APIClient, owner: Usuario, method: str, path: str) -> None:
    row = una_programacion(owner)
    assert getattr(tester, method)(f"{PROGRAMACIONES}{row.pk}/{path}").status_code == 404
    assert not CampanaSMS.objects.exists()
    assert Programacion.objects.get().activa


def test_a_schedule_of_its_own_makes_tests(tester: APIClient, body: dict[str, Any]) -> None:
    asked = {"nombre": "x", "mensaje": "Hola", "audiencia": {"cliente_ids": body["cliente_ids"]}}
    made = tester.post(PROGRAMACIONES, {**asked, "frecuencia": "diaria", "hora": "09:00"})
    assert (made.status_code, made.json()["prueba"]) == (201, True)
    assert tester.post(f"{PROGRAMACIONES}{made.json()['id']}/ejecutar/").status_code == 201
    assert CampanaSMS.objects.get().prueba


def test_a_real_key_with_the_same_idempotency_key_gets_no_test(
    tester: APIClient, api: APIClient, body: dict[str, Any]
) -> None:
    """Or a shop would take a test for its campaign."""
    headers = {"Idempotency-Key": "una"}
    first = tester.post(CAMPANAS, body, headers=headers)
    again = tester.post(CAMPANAS, body, headers=headers)
    assert (first.json()["id"], again["Idempotent-Replayed"]) == (again.json()["id"], "true")
    assert api.post(CAMPANAS, body, headers=headers).status_code == 409


def test_its_link_opts_nobody_out(owner: Usuario) -> None:
    cliente = ClienteFactory.create(usuario=owner)
    for prueba in (False, True):
        campana = CampanaFactory.create(usuario=owner, prueba=prueba)
        log = sms_log(campana, open_lote(campana, [cliente]), cliente)
        assert (invitado_de(log.pk) is None) is prueba
