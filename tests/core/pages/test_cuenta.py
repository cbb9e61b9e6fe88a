"""One's own account, and the guard at the login."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from core.models import Usuario
from tests.factories import llave_de
from tests.pages import get, signed_in

CLAVE = "una-clave-larga-9"


def with_key(key: str) -> int:
    return int(APIClient(headers={"Authorization": f"Token {key}"}).get("/api/v1/clientes/").status_code)


def test_it_changes_the_name(teammate: Usuario) -> None:
    assert signed_in(teammate).post("/cuenta/", {"first_name": "Luz", "last_name": "Díaz"}).status_code == 302
    assert "Luz Díaz" in get(teammate, "/cuenta/")


def test_an_admin_names_the_shop(owner: Usuario, teammate: Usuario) -> None:
    assert owner.nombre_tienda == "duena"
    form = {"first_name": "Ana", "last_name": "Ruiz", "tienda": "Modas Zafiro"}
    for usuario in (owner, teammate):
        assert signed_in(usuario).post("/cuenta/", form).status_code == 302
        usuario.refresh_from_db()
    assert (owner.nombre_tienda, teammate.tienda) == ("Modas Zafiro", "")
    assert signed_in(owner).post("/cuenta/", {"first_name": "Ana"}).status_code == 302
    owner.refresh_from_db()
    assert owner.tienda == "Modas Zafiro"  # what was not sent stays


def test_a_refused_name_is_not_shown_as_ones_own(owner: Usuario) -> None:
    body = signed_in(owner).post("/cuenta/", {"first_name": "x" * 151}).content.decode()
    assert "id_first_name_error" in body
    assert "<strong>duena</strong>" in body


def test_it_changes_the_password_and_this_session_stays(owner: Usuario) -> None:
    here, there = signed_in(owner), signed_in(owner)
    key = llave_de(owner)
    form = {"old_password": "clave-de-prueba", "new_password1": CLAVE, "new_password2": CLAVE}
    assert here.post("/cuenta/clave/", form).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert with_key(key) == 401
    assert Client().login(username="duena", password=CLAVE)


@pytest.mark.parametrize(
    "change", [{"old_password": "no"}, {"new_password2": "otra"}, {"new_password1": "123", "new_password2": "123"}]
)
def test_it_refuses_a_bad_password(change: dict[str, str], owner: Usuario) -> None:
    form = {"old_password": "clave-de-prueba", "new_password1": CLAVE, "new_password2": CLAVE, **change}
    answer = signed_in(owner).post("/cuenta/clave/", form)
    assert answer.status_code == 200
    assert "_error" in answer.content.decode()
    assert Client().login(username="duena", password="clave-de-prueba")


def test_guesses_are_bounded_at_both_doors(owner: Usuario) -> None:
    wrong = {"username": "duena", "password": "no"}
    guesses = [Client().post("/cuentas/ingresar/", wrong).status_code for _ in range(11)]
    assert guesses == [200] * 10 + [429]
    answer = Client().post("/cuentas/ingresar/", {**wrong, "password": "clave-de-prueba"})
    assert answer.status_code == 429
    assert "Demasiados intentos" in answer.content.decode()
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "sessionid" not in answer.cookies
    assert APIClient().post("/api/v1/auth/token/", wrong).status_code == 429
    assert Client().get("/cuentas/ingresar/").status_code == 200
