"""No cache keeps what one person was shown."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.models import Usuario
from tests.campaigns.support import running_campana
from tests.conftest import signed_in
from tests.factories import ClienteFactory, llave_de

UNSHARED = "no-store, private"


@pytest.fixture
def browser(owner: Usuario, client: Client) -> Client:
    client.force_login(owner)
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/clientes/",
        "/clientes/exportar/",
        "/muro/",
        "/reportes/",
        "/cuenta/",
        "/api/v1/clientes/",
        "/api/v1/nada/",
        "/api/schema/",
    ],
)
def test_it_keeps_what_somebody_was_shown_from_caches(path: str, browser: Client) -> None:
    assert browser.get(path)["Cache-Control"] == UNSHARED


def test_it_keeps_the_apis_answers_from_caches(owner: Usuario, db: None) -> None:
    api = signed_in(owner)
    cliente = ClienteFactory.create(usuario=owner)
    assert api.get("/api/v1/clientes/")["Cache-Control"] == UNSHARED
    assert api.get(f"/api/v1/clientes/{cliente.pk}/")["Cache-Control"] == UNSHARED
    assert api.post("/api/v1/clientes/", {})["Cache-Control"] == UNSHARED
    assert signed_in(None).get("/api/v1/clientes/")["Cache-Control"] == UNSHARED
    credentials = {"username": "duena", "password": "clave-de-prueba"}
    assert signed_in(None).post("/api/v1/auth/token/", credentials)["Cache-Control"] == UNSHARED


def test_it_keeps_the_quick_way_from_caches(owner: Usuario) -> None:
    campana = running_campana(owner)
    headers = {"Authorization": f"Token {llave_de(owner, ultimo_uso_en=timezone.now())}"}
    answer = Client().get(f"/api/v1/campanas/{campana.pk}/progreso/", headers=headers)
    assert (answer.status_code, answer["Cache-Control"]) == (200, UNSHARED)


@pytest.mark.parametrize("path", ["/cuentas/ingresar/", "/healthz", "/favicon.ico"])
def test_it_leaves_what_is_everybodys(path: str, client: Client, db: None) -> None:
    assert client.get(path).headers.get("Cache-Control") != "no-store, private"


def test_back_shows_a_new_campaign_as_it_was_until_its_maker_leaves(browser: Client) -> None:
    assert browser.get("/campanas/nueva/")["Cache-Control"] == "private"
    assert browser.post("/cuentas/salir/")["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("method", ["get", "post", "options", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/clientes/", "/api/v1/auth/token/", "/api/v1/nada"])
def test_a_call_of_the_api_by_plain_http_is_refused_and_not_sent_on(settings: Any, path: str, method: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answer = getattr(Client(), method)(path)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "https_required")
    assert "Location" not in answer


def test_pages_are_led_to_https_and_the_api_answers_there(settings: Any, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for path in ("/clientes/", "/api/docs/"):
        assert Client().get(path)["Location"] == f"https://testserver{path}"
    assert Client(headers={"X-Forwarded-Proto": "https"}).get("/api/v1/clientes/").status_code == 401
