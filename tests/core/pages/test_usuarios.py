"""The people of a shop: who they are, how they come in, and how they are kept out."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from core.models import Registro, Usuario
from core.pages.usuarios import NO_SIRVE
from tests.factories import VendedorFactory, llave_de
from tests.pages import get, signed_in

CLAVE = "una-clave-larga-9"
NUEVO = {"first_name": "Marta", "last_name": "Peña", "username": "marta", "password1": CLAVE, "password2": CLAVE}


def enter(username: str, clave: str) -> int:
    return Client().post("/cuentas/ingresar/", {"username": username, "password": clave}).status_code


def token_status(key: str) -> int:
    client = APIClient(headers={"Authorization": f"Token {key}"})
    status: int = client.get("/api/v1/clientes/").status_code
    return status


def test_it_lists_only_ones_own(owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
    VendedorFactory.create(username="de-otra-tienda", creado_por=stranger)
    body = get(owner, "/usuarios/")
    assert "vendedor" in body
    assert "de-otra-tienda" not in body
    assert "ajeno" not in body
    assert "/usuarios/" not in get(teammate, "/")


def test_a_new_vendedor_can_sign_in_and_belongs_to_the_shop(owner: Usuario) -> None:
    answer = signed_in(owner).post("/usuarios/nuevo/", NUEVO)
    assert (answer.status_code, answer["Location"]) == (302, "/usuarios/")
    marta = Usuario.objects.get(username="marta")
    assert (marta.rol, marta.creado_por, marta.is_staff) == ("vendedor", owner, False)
    assert enter("marta", CLAVE) == 302


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"username": "duena"}, "Ya existe"),
        ({"username": "DUENA"}, "Ya existe"),
        ({"username": "con espacios"}, "id_username_error"),
        ({"username": ""}, "Este campo es requerido."),
        ({"first_name": ""}, "Este campo es requerido."),
        ({"password2": "otra"}, "id_password2_error"),
        ({"password1": "1234", "password2": "1234"}, "id_password2_error"),
        ({"password1": "martamar", "password2": "martamar"}, "id_password2_error"),
    ],
)
def test_it_shows_the_form_again_with_the_error(change: dict[str, str], said: str, owner: Usuario) -> None:
    answer = signed_in(owner).post("/usuarios/nuevo/", {**NUEVO, **change})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Usuario.objects.filter(first_name="Marta").exists()


@pytest.mark.parametrize("username", ["ajeno", "AJENO", "vendedor", "con espacios", "ñ\u200b", "a" * 151, "-<b>"])
def test_the_same_words_for_a_name_of_somebody_and_for_none(
    username: str, owner: Usuario, teammate: Usuario, stranger: Usuario
) -> None:
    """A list of names is not told apart into those of other shops and those of nobody."""
    text = signed_in(owner).post("/usuarios/nuevo/", {**NUEVO, "username": username}).text
    found = re.search(r'id="id_username_error"[^>]*>(.*?)</', text, re.DOTALL)
    assert found is not None
    assert html.unescape(re.sub("<[^>]+>", "", found[1])).strip() == NO_SIRVE


def test_a_list_of_names_is_not_tried_out(owner: Usuario, stranger: Usuario) -> None:
    """A wrong password would leave nobody behind to show that a name was free."""
    client = signed_in(owner)
    names = ["ajeno", *(f"nombre{n}" for n in range(29))]
    tries = [client.post("/usuarios/nuevo/", {**NUEVO, "username": name, "password2": "otra"}) for name in names]
    assert {answer.status_code for answer in tries} == {200}
    late = [client.post("/usuarios/nuevo/", {**NUEVO, "username": name}) for name in ("ajeno", "marta")]
    assert [answer.status_code for answer in late] == [429, 429]
    assert int(late[0]["Retry-After"]) > 60
    assert not Usuario.objects.filter(username="marta").exists()
    assert Registro.objects.filter(tipo="limite", quien="duena").count() == 1  # of a minute
    other = signed_in(stranger).post("/usuarios/nuevo/", NUEVO)
    assert (other.status_code, client.get("/usuarios/nuevo/").status_code) == (302, 200)


def test_many_people_may_be_made_in_a_day(owner: Usuario) -> None:
    client = signed_in(owner)
    answers = {client.post("/usuarios/nuevo/", {**NUEVO, "username": f"marta{n}"}).status_code for n in range(35)}
    assert answers == {302}


def test_nobody_makes_themselves_an_operator_or_a_shop(owner: Usuario) -> None:
    client = signed_in(owner)
    assert client.post("/usuarios/nuevo/", {**NUEVO, "rol": "plataforma"}).status_code == 200
    client.post("/usuarios/nuevo/", {**NUEVO, "rol": "admin", "creado_por": "", "is_superuser": "true"})
    marta = Usuario.objects.get(username="marta")
    assert (marta.rol, marta.is_superuser, marta.is_staff, marta.tenant_id) == ("admin", False, False, owner.pk)


def test_disabling_ends_sessions_and_token_at_once(owner: Usuario, teammate: Usuario) -> None:
    inside, token = signed_in(teammate), llave_de(teammate)
    assert inside.get("/").status_code == 200
    assert signed_in(owner).post(f"/usuarios/{teammate.pk}/desactivar/")["Location"] == "/usuarios/"
    assert inside.get("/").status_code == 302
    assert token_status(token) == 401
    assert enter("vendedor", "clave-de-prueba") == 200
    signed_in(owner).post(f"/usuarios/{teammate.pk}/activar/")
    assert enter("vendedor", "clave-de-prueba") == 302


def test_the_vendedores_of_a_disabled_admin_stay_out(owner: Usuario, teammate: Usuario) -> None:
    inside, token = signed_in(teammate), llave_de(teammate)
    assert token_status(token) == 200
    Usuario.objects.filter(pk=owner.pk).update(is_active=False)
    assert inside.get("/").status_code == 302
    assert token_status(token) == 401
    assert enter("vendedor", "clave-de-prueba") == 200
    answer: Any = APIClient().post("/api/v1/auth/token/", {"username": "vendedor", "password": "clave-de-prueba"})
    assert answer.status_code == 400


def test_a_new_password_ends_what_the_old_one_opened(owner: Usuario, teammate: Usuario) -> None:
    inside, token = signed_in(teammate), llave_de(teammate)
    form = {"new_password1": CLAVE, "new_password2": CLAVE}
    assert signed_in(owner).post(f"/usuarios/{teammate.pk}/clave/", form).status_code == 302
    assert inside.get("/").status_code == 302
    assert token_status(token) == 401
    assert enter("vendedor", CLAVE) == 302
    answer = signed_in(owner).post(f"/usuarios/{teammate.pk}/clave/", {**form, "new_password2": "otra"})
    assert answer.status_code == 200


@pytest.mark.parametrize("rest", ["clave/", "activar/", "desactivar/"])
def test_it_touches_no_admin_and_nobody_elses(rest: str, owner: Usuario, stranger: Usuario) -> None:
    otro = VendedorFactory.create(creado_por=stranger)
    form = {"new_password1": CLAVE, "new_password2": CLAVE}
    for usuario in (owner, stranger, otro):
        assert signed_in(owner).post(f"/usuarios/{usuario.pk}/{rest}", form).status_code == 404


def test_it_asks_for_each_person_in_one_query(teammate: Usuario, django_assert_num_queries: Any) -> None:
    client = signed_in(teammate)
    with django_assert_num_queries(3):  # session, person with their admin, templates
        client.get("/clientes/plantillas/")
