"""A password that somebody else chose opens the page where its owner chooses another, and nothing else."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from core.confinement import DE_FONDO
from core.first_password import CODE
from core.models import LlaveApi, Usuario
from core.pages.cuenta import LA_MISMA
from tests.factories import VendedorFactory
from tests.pages import signed_in

PRIMERA, PROPIA = "la-primera-clave-9", "una-clave-propia-9"
NUEVO = {"first_name": "Marta", "last_name": "Peña", "username": "marta", "password1": PRIMERA, "password2": PRIMERA}


def entered(username: str, clave: str) -> Client:
    client = Client()
    assert client.post("/cuentas/ingresar/", {"username": username, "password": clave}).status_code == 302
    return client


def change(client: Client, old: str, new: str) -> Any:
    return client.post("/cuenta/clave/", {"old_password": old, "new_password1": new, "new_password2": new})


def test_a_new_vendedor_chooses_one_before_anything_else(owner: Usuario) -> None:
    signed_in(owner).post("/usuarios/nuevo/", NUEVO)
    marta = entered("marta", PRIMERA)
    assert marta.get("/clientes/")["Location"] == "/cuenta/"
    body = marta.get("/cuenta/").content.decode()
    assert "la escogió otra persona" in body
    assert "titulo-llaves" not in body
    assert change(marta, PRIMERA, PROPIA).status_code == 302
    assert marta.get("/clientes/").status_code == 200
    assert "titulo-llaves" in marta.get("/cuenta/").content.decode()


def test_it_must_be_another_one(owner: Usuario) -> None:
    signed_in(owner).post("/usuarios/nuevo/", NUEVO)
    marta = entered("marta", PRIMERA)
    assert LA_MISMA in change(marta, PRIMERA, PRIMERA).content.decode()
    assert marta.get("/clientes/")["Location"] == "/cuenta/"


def test_an_admin_who_gives_a_new_one_gives_a_first_one(owner: Usuario, teammate: Usuario) -> None:
    form = {"new_password1": PRIMERA, "new_password2": PRIMERA}
    assert signed_in(owner).post(f"/usuarios/{teammate.pk}/clave/", form).status_code == 302
    assert entered("vendedor", PRIMERA).get("/")["Location"] == "/cuenta/"


def test_so_does_an_operator_by_djangos_admin(owner: Usuario, stranger: Usuario) -> None:
    Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    form = {"password1": PRIMERA, "password2": PRIMERA, "usable_password": "true"}
    assert signed_in(owner).post(f"/admin/core/usuario/{stranger.pk}/password/", form).status_code == 302
    stranger.refresh_from_db()
    assert stranger.clave_ajena


def test_ones_own_new_password_is_ones_own(owner: Usuario) -> None:
    assert change(signed_in(owner), "clave-de-prueba", PROPIA).status_code == 302
    owner.refresh_from_db()
    assert not owner.clave_ajena


def marked() -> Usuario:
    return VendedorFactory.create(clave_ajena=True)


@pytest.mark.parametrize("path", ["/", "/clientes/", "/admin/", "/respuestas/", "/twilio/revision/"])
def test_no_other_page_opens(path: str, db: None) -> None:
    assert signed_in(marked()).get(path)["Location"] == "/cuenta/"


def test_no_token_is_made_and_no_name_written(db: None) -> None:
    client = signed_in(marked())
    assert client.post("/cuenta/llaves/", {"nombre": "x", "alcances": "leer", "dias": "30"})["Location"] == "/cuenta/"
    assert client.post("/cuenta/", {"first_name": "X"})["Location"] == "/cuenta/"
    assert not LlaveApi.objects.exists()
    assert not Usuario.objects.filter(first_name="X").exists()


def test_a_fragment_loads_its_page_again(db: None) -> None:
    answer = signed_in(marked()).get("/vivo/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (401, "true")


def test_what_every_page_counts_in_the_background_loads_none_again(db: None) -> None:
    """The room's own page counts too: it would be loaded for ever."""
    background = {"HX-Request": "true", DE_FONDO: "1"}
    answer = signed_in(marked()).get("/respuestas/sin-leer/", headers=background)
    assert (answer.status_code, "HX-Refresh" in answer) == (204, False)


def test_the_api_says_why_in_its_own_shape(db: None) -> None:
    usuario = marked()
    answer = signed_in(usuario).get("/api/v1/clientes/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, CODE)
    asked: Any = APIClient().post("/api/v1/auth/token/", {"username": usuario.username, "password": "clave-de-prueba"})
    assert (asked.status_code, asked.json()["errors"][0]["code"]) == (400, CODE)
    assert not LlaveApi.objects.exists()


@pytest.mark.parametrize("path", ["/healthz", "/favicon.ico", "/cuentas/ingresar/", "/b/x"])
def test_what_needs_nobody_is_not_in_the_way(path: str, db: None) -> None:
    assert signed_in(marked()).get(path).get("Location") != "/cuenta/"


def test_they_may_leave(db: None) -> None:
    client = signed_in(marked())
    assert client.post("/cuentas/salir/")["Location"] == "/cuentas/ingresar/"


@pytest.mark.parametrize(("said", "marked"), [([], True), (["--propia"], False)])
def test_so_does_an_operator_by_command(
    owner: Usuario, monkeypatch: pytest.MonkeyPatch, said: list[str], marked: bool
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt="": PRIMERA)
    call_command("changepassword", "duena", *said, stdout=StringIO())
    owner.refresh_from_db()
    assert (owner.check_password(PRIMERA), owner.clave_ajena) == (True, marked)
