"""`POST /clientes/crear/ajax/`, as the reference has it."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from clientes.models import Cliente
from core.models import Usuario
from tests.pages import signed_in

PATH = "/clientes/crear/ajax/"
CARLOS = {"nombre": "Carlos Ruiz", "telefono": "3009876543", "documento": "123456789"}


def post(client: Client, body: Any) -> Any:
    return client.post(PATH, json.dumps(body) if not isinstance(body, str) else body, content_type="application/json")


def test_it_works(owner: Usuario) -> None:
    answer = post(signed_in(owner), CARLOS)
    assert answer.status_code == 200
    cliente = Cliente.objects.get()
    body = answer.json()
    creado = body["cliente"].pop("creado")
    assert body == {"success": True, "cliente": {"id": cliente.pk, **CARLOS, "activo": True}}
    assert datetime.fromisoformat(creado).utcoffset() == timedelta(hours=-5)
    assert creado.endswith("-05:00")
    assert cliente.usuario == owner
    assert cliente.telefono_e164 == "+573009876543"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"nombre": ["This field is required."]}),
        ({"nombre": ""}, {"nombre": ["This field may not be blank."]}),
        ({"nombre": "x" * 151}, {"nombre": ["Ensure this field has no more than 150 characters."]}),
        ({**CARLOS, "telefono": "1" * 21}, {"telefono": ["Ensure this field has no more than 20 characters."]}),
        ({**CARLOS, "activo": "quizas"}, {"activo": ["Must be a valid boolean."]}),
    ],
)
def test_it_says_what_is_wrong(body: dict[str, Any], errors: dict[str, list[str]], owner: Usuario) -> None:
    answer = post(signed_in(owner), body)
    assert (answer.status_code, answer.json()) == (400, {"success": False, "errors": errors})
    assert not Cliente.objects.exists()


def test_it_takes_null_for_what_is_not_known(owner: Usuario) -> None:
    assert post(signed_in(owner), {"nombre": "Ana", "telefono": None}).json()["cliente"]["telefono"] == ""


@pytest.mark.parametrize("body", ["{", "[]", '"hola"'])
def test_it_rejects_what_is_no_object(body: str, owner: Usuario) -> None:
    answer = post(signed_in(owner), body)
    assert answer.status_code == 400
    assert answer.json()["success"] is False


def test_it_requires_an_admin(owner: Usuario, teammate: Usuario) -> None:
    for client, status in ((Client(), 401), (signed_in(teammate), 403)):
        answer = post(client, CARLOS)
        assert answer.status_code == status
        assert answer.json()["success"] is False
        assert answer.json()["errors"]["non_field_errors"]
    assert not Cliente.objects.exists()


def test_it_requires_the_csrf_token(owner: Usuario) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert post(client, CARLOS).status_code == 403
    client.get("/clientes/nuevo/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    answer = client.post(PATH, json.dumps(CARLOS), content_type="application/json", headers=headers)
    assert answer.status_code == 200
