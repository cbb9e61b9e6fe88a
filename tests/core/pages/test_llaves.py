"""The page of keys."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from core import llaves
from core.models import LlaveApi, Usuario
from core.pages import una_vez
from tests.factories import llave_de
from tests.pages import get, signed_in

FORM = {"nombre": "Caja", "alcances": ["leer", "clientes"], "dias": "90", "redes": "127.0.0.1\n 2001:db8::/32"}


def with_key(key: str) -> int:
    return int(APIClient(headers={"Authorization": f"Token {key}"}).get("/api/v1/clientes/").status_code)


def test_it_makes_a_key_and_shows_it_once(owner: Usuario) -> None:
    client = signed_in(owner)
    answer = client.post("/cuenta/llaves/", FORM)
    found = re.search(r'id="llave-nueva" value="(\w+)"', answer.content.decode())
    assert found
    key = found[1]
    assert "no-store" in answer["Cache-Control"]
    assert with_key(key) == 200
    assert key not in get(owner, "/cuenta/llaves/")
    row = LlaveApi.objects.get()
    assert (row.alcances, row.redes) == (["leer", "clientes"], ["127.0.0.1/32", "2001:db8::/32"])
    assert row.vence_en is not None
    assert timedelta(days=89) < row.vence_en - timezone.now() <= timedelta(days=90)

    body = get(owner, "/cuenta/llaves/")
    assert "Caja" in body
    assert row.prefijo in body
    assert client.post(f"/cuenta/llaves/{row.pk}/revocar/").status_code == 302
    assert with_key(key) == 401
    assert client.post(f"/cuenta/llaves/{row.pk}/revocar/").status_code == 404
    assert "Caja" not in get(owner, "/cuenta/llaves/")


@pytest.mark.parametrize(
    "change",
    [
        *({"nombre": ""}, {"alcances": []}, {"alcances": ["nada"]}, {"dias": ""}, {"dias": "7"}),
        *({"redes": "casa"}, {"redes": "127.0.0.1/8"}, {"redes": " ".join(["127.0.0.1"] * 21)}),
    ],
)
def test_it_refuses_a_bad_one(owner: Usuario, change: dict[str, Any]) -> None:
    body = signed_in(owner).post("/cuenta/llaves/", {**FORM, **change}).content.decode()
    assert f"id_{next(iter(change))}_error" in body
    assert not LlaveApi.objects.exists()


def test_it_may_never_end(owner: Usuario) -> None:
    signed_in(owner).post("/cuenta/llaves/", {**FORM, "dias": "nunca", "redes": ""})
    assert (LlaveApi.objects.get().vence_en, LlaveApi.objects.get().redes) == (None, [])


def test_a_vendedor_makes_one_to_read_with(owner: Usuario, teammate: Usuario) -> None:
    llave_de(owner, nombre="de la dueña")
    client = signed_in(teammate)
    assert "id_alcances_error" in client.post("/cuenta/llaves/", FORM).content.decode()
    assert "llave-nueva" in client.post("/cuenta/llaves/", {**FORM, "alcances": "leer"}).content.decode()
    assert "de la dueña" not in get(teammate, "/cuenta/llaves/")
    assert "Caja" in get(owner, "/cuenta/llaves/")


def test_a_refusal_of_the_shop_is_said(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llaves, "MAXIMO", 0)
    assert "revoque alguna" in signed_in(owner).post("/cuenta/llaves/", FORM).content.decode()


def test_one_that_is_over_says_so(owner: Usuario) -> None:
    llave_de(owner, vence_en=timezone.now() - timedelta(days=1))
    assert "Vencida" in get(owner, "/cuenta/llaves/")


def test_a_form_that_is_sent_again_makes_nothing_and_shows_nothing(owner: Usuario) -> None:
    """A browser that is told to load the answer anew sends the same form."""
    client = signed_in(owner)

    def token() -> str:
        found = re.search(r'name="una_vez" value="([\w-]+)"', client.get("/cuenta/llaves/").text)
        assert found
        return found[1]

    form = {**FORM, "una_vez": token()}
    assert "id_nombre_error" in client.post("/cuenta/llaves/", {**form, "nombre": ""}).text  # uses nothing up
    assert "llave-nueva" in client.post("/cuenta/llaves/", form).text
    again = client.post("/cuenta/llaves/", form, follow=True)
    assert again.redirect_chain == [("/cuenta/llaves/", 302)]
    assert "llave-nueva" not in again.text
    assert html.escape(una_vez.USADO) in again.text
    assert LlaveApi.objects.count() == 1
    assert "llave-nueva" in client.post("/cuenta/llaves/", {**FORM, "una_vez": token()}).text


def test_so_does_the_form_of_a_webhooks_secret(owner: Usuario) -> None:
    client = signed_in(owner)
    form = {"una_vez": "x"}
    first, again = (client.post("/alertas/secreto/", form) for _ in range(2))
    assert (first.status_code, again.status_code, again["Location"]) == (200, 302, "/alertas/")
