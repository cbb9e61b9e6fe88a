"""Passkeys: what is refused. tests/browser/test_factor.py makes one and signs in with it."""

import json
from typing import Any

import pytest
from django.test import Client

from core.factor import passkeys, services
from core.models import Factor, LlaveAcceso, Usuario
from tests.pages import signed_in

PONER, CODIGO = "/cuenta/factor/llaves/", "/cuentas/ingresar/codigo/"
RIGHT = {"username": "duena", "password": "clave-de-prueba"}
SIGNED = {"clientDataJSON": "e30", "attestationObject": "oA", "authenticatorData": "AAAA", "signature": "AAAA"}
SHAPED = {"id": "abc", "rawId": "abc", "type": "public-key", "response": SIGNED}
GARBAGE = [
    "",
    "x",
    "null",
    "[]",
    "{}",
    '{"id": 7}',
    '{"id": "\\u0000"}',
    '{"id": "abc", "rawId": "abc", "type": "public-key", "response": {}}',
    json.dumps(SHAPED | {"type": "x"}),
    json.dumps(SHAPED),
    json.dumps(SHAPED | {"id": "abd"}),
    "[" * 15_000,
    '{"id": "' + "a" * 30_000 + '"}',
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def factor(owner: Usuario) -> Factor:
    return Factor.objects.create(usuario=owner, secreto=services.secreto_nuevo())


def llave_de(factor: Factor, credencial: str = "abc") -> LlaveAcceso:
    made: LlaveAcceso = factor.llaves.create(nombre="La mía", credencial=credencial, clave_publica="oA", contador=0)
    return made


@pytest.mark.parametrize("respuesta", GARBAGE, ids=range(len(GARBAGE)))
def test_what_no_browser_said_is_refused(owner: Usuario, factor: Factor, respuesta: str) -> None:
    client = signed_in(owner)
    client.get(PONER)
    assert "No se pudo añadir" in client.post(PONER, {"respuesta": respuesta}).content.decode()
    llave_de(factor)
    sign = Client()
    assert sign.post("/cuentas/ingresar/", RIGHT)["Location"] == CODIGO
    sign.get(CODIGO)

    answer = sign.post(CODIGO, {"respuesta": respuesta})

    assert answer.status_code == 200
    assert "no sirve aquí" in answer.content.decode()
    assert "_auth_user_id" not in sign.session
    assert LlaveAcceso.objects.count() == 1


def test_each_challenge_is_new_and_of_the_host(owner: Usuario, factor: Factor, settings: Any) -> None:
    settings.PUBLIC_URL = "https://sms.tienda.co:443/x"
    client = signed_in(owner)
    seen = set()
    for _ in range(3):
        client.get(PONER)
        options = json.loads(passkeys.opciones_para_poner(factor, client.session["reto"]))
        assert options["rp"]["id"] == "sms.tienda.co"
        assert options["challenge"] == client.session["reto"]
        seen.add(options["challenge"])
    assert len(seen) == 3
    assert passkeys._origen() == "https://sms.tienda.co"


def test_only_its_owner_is_asked_for_it_and_takes_it_away(owner: Usuario, stranger: Usuario, factor: Factor) -> None:
    theirs = llave_de(Factor.objects.create(usuario=stranger, secreto=services.secreto_nuevo()))
    assert passkeys.opciones_para_ingresar(owner, passkeys.reto_nuevo()) is None
    assert signed_in(owner).post(f"{PONER}{theirs.pk}/quitar/").status_code == 404
    asked = passkeys.opciones_para_ingresar(stranger, passkeys.reto_nuevo())
    assert asked is not None
    assert [one["id"] for one in json.loads(asked)["allowCredentials"]] == ["abc"]
    assert signed_in(stranger).post(f"{PONER}{theirs.pk}/quitar/").status_code == 302
    assert not LlaveAcceso.objects.exists()


def test_it_goes_with_the_factor(owner: Usuario, factor: Factor) -> None:
    llave_de(factor)
    services.quitar(usuario=owner)
    assert not LlaveAcceso.objects.exists()
