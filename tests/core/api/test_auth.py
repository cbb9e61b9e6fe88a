"""Signing in: tokens, sessions with CSRF, and who is no longer let in."""

from datetime import datetime

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from clientes.models import Cliente
from core.llaves import huella
from core.models import LlaveApi, Usuario
from tests.core.api.support import error_of, errors_of
from tests.factories import llave_de

TOKEN, CLIENTES = "/api/v1/auth/token/", "/api/v1/clientes/"
PASSWORD = "clave-de-prueba"


def with_token(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return client


def with_session(username: str) -> APIClient:
    client = APIClient(enforce_csrf_checks=True)
    assert client.login(username=username, password=PASSWORD)
    return client


class TestToken:
    def test_it_works(self, owner: Usuario) -> None:
        response = APIClient().post(TOKEN, {"username": owner.username, "password": PASSWORD})
        assert response.status_code == 200
        key = response.json()["token"]
        row = LlaveApi.objects.get(usuario=owner)
        assert (row.huella, row.origen, row.alcances) == (huella(key), "clave", ["todo"])
        assert datetime.fromisoformat(response.json()["vence_en"]) == row.vence_en
        assert with_token(key).post(CLIENTES, {"nombre": "Ana"}).status_code == 201
        assert Cliente.objects.get().usuario == owner

    def test_it_gives_another_each_time_and_both_are_good(self, owner: Usuario) -> None:
        body = {"username": owner.username, "password": PASSWORD}
        keys = {APIClient().post(TOKEN, body).json()["token"] for _ in range(2)}
        assert [with_token(key).get(CLIENTES).status_code for key in keys] == [200, 200]

    def test_it_reads_but_does_not_write_for_a_teammate(self, teammate: Usuario) -> None:
        client = with_token(llave_de(teammate))
        assert client.get(CLIENTES).status_code == 200
        error_of(client.post(CLIENTES, {"nombre": "Ana"}), 403)

    @pytest.mark.parametrize(
        ("username", "password"),
        [("duena", "otra"), ("nadie", PASSWORD), ("DUENA", PASSWORD), ("duena", " " + PASSWORD)],
    )
    def test_it_rejects_wrong_words_without_saying_which(self, owner: Usuario, username: str, password: str) -> None:
        error = error_of(APIClient().post(TOKEN, {"username": username, "password": password}), 400)
        wrong = error_of(APIClient().post(TOKEN, {"username": "x", "password": "x"}), 400)
        assert error == wrong
        assert error["code"] == "authorization"

    def test_it_requires_both(self, owner: Usuario) -> None:
        errors = errors_of(APIClient().post(TOKEN, {}), 400)
        assert {(error["attr"], error["code"]) for error in errors} == {
            ("username", "required"),
            ("password", "required"),
        }

    def test_it_rejects_an_inactive_user(self, owner: Usuario) -> None:
        client = with_token(llave_de(owner))
        assert client.get(CLIENTES).status_code == 200
        owner.is_active = False
        owner.save(update_fields=["is_active"])
        assert error_of(client.get(CLIENTES), 401)["code"] == "authentication_failed"
        error_of(APIClient().post(TOKEN, {"username": owner.username, "password": PASSWORD}), 400)

    @pytest.mark.parametrize(
        "header",
        [
            "Token",
            "Token ",
            "Token a b",
            "Token nada",
            "Bearer ",
            "Bearer a b",
            "Token \xff",
            "Bearer x",
            "Basic eA==",
            "",
        ],
    )
    def test_it_rejects_a_header_that_is_no_token(self, db: None, header: str) -> None:
        error_of(APIClient().get(CLIENTES, HTTP_AUTHORIZATION=header), 401)


class TestSession:
    def test_it_reads_and_writes_with_the_csrf_token(self, owner: Usuario) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.get("/cuentas/ingresar/")
        form = {
            "username": owner.username,
            "password": PASSWORD,
            "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
        }
        assert client.post("/cuentas/ingresar/", form, format="multipart").status_code == 302
        assert client.get(CLIENTES).status_code == 200
        csrf = client.cookies["csrftoken"].value
        assert client.post(CLIENTES, {"nombre": "Ana"}, HTTP_X_CSRFTOKEN=csrf).status_code == 201

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    @pytest.mark.parametrize("csrf", [None, "", "x" * 32, "x" * 64])
    def test_it_rejects_a_write_without_csrf(self, owner: Usuario, method: str, csrf: str | None) -> None:
        client = with_session(owner.username)
        cliente = Cliente.objects.create(usuario=owner, nombre="Ana")
        path = CLIENTES if method == "post" else f"{CLIENTES}{cliente.pk}/"
        headers = {} if csrf is None else {"HTTP_X_CSRFTOKEN": csrf}
        error = error_of(getattr(client, method)(path, {"nombre": "Beto"}, **headers), 403)
        assert error["detail"].startswith("CSRF")
        assert list(Cliente.objects.values_list("nombre", flat=True)) == ["Ana"]

    def test_a_token_needs_no_csrf(self, owner: Usuario) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.credentials(HTTP_AUTHORIZATION=f"Token {llave_de(owner)}")
        assert client.post(CLIENTES, {"nombre": "Ana"}).status_code == 201

    def test_it_ends_when_the_user_is_no_longer_active(self, owner: Usuario) -> None:
        client = with_session(owner.username)
        Usuario.objects.update(is_active=False)
        error_of(client.get(CLIENTES), 401)

    def test_a_forged_cookie_is_nobody(self, db: None) -> None:
        client = APIClient()
        client.cookies["sessionid"] = "x" * 32
        error_of(client.get(CLIENTES), 401)


@override_settings(ALLOWED_HOSTS=["tienda.co"])
def test_it_rejects_a_host_that_is_not_ours(owner: Usuario) -> None:
    """Else `progreso_url` would lead wherever the caller wrote."""
    client = with_token(llave_de(owner))
    assert client.get(CLIENTES, HTTP_HOST="otra.co").status_code == 400
    assert client.get(CLIENTES, HTTP_HOST="tienda.co").status_code == 200
