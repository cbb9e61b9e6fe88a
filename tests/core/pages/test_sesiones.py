"""One's open sessions: what the page says of each, who may end which, and who has to say again who they are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from rest_framework.test import APIClient

from core.agente import en_palabras
from core.api import throttling
from core.factor import services as factor
from core.models import Factor, LlaveApi, Registro, Sesion, Usuario
from core.registro import Tipo
from tests.core.api.support import error_of
from tests.factories import llave_de
from tests.pages import signed_in

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
PASSWORD = "clave-de-prueba"
CONFIRMAR = "/cuentas/confirmar/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0"
    " Mobile/15E148 Safari/604.1"
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def enter(username: str = "duena", agente: str = FIREFOX, ip: str = "203.0.113.7") -> Client:
    client = Client(REMOTE_ADDR=ip, headers={"User-Agent": agente})
    assert client.post("/cuentas/ingresar/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def row_of(client: Client) -> Sesion:
    return Sesion.objects.get(sesion_id=client.session.session_key)


def is_open(client: Client) -> bool:
    return bool(client.get("/cuenta/").status_code == 200)


class TestList:
    def test_it_says_where_each_is(self, owner: Usuario, stranger: Usuario, clock: Any) -> None:
        mine = enter()
        clock.shift(timedelta(hours=1))
        enter(agente=IPHONE, ip="2001:db8::7")
        enter("ajeno", ip="198.51.100.9")

        page = mine.get("/cuenta/sesiones/").content.decode()

        assert "Firefox en Windows" in page
        assert "Safari en iPhone" in page
        assert "203.0.113.7" in page
        assert "2001:db8::7" in page
        assert "198.51.100.9" not in page
        assert page.count("sesiones/otras") == 1
        assert page.count(">Esta<") == 1
        assert page.index("Firefox en Windows") < page.index("Safari en iPhone")
        for key in Session.objects.values_list("pk", flat=True):
            assert key not in page  # who reads the page must not become who is on it

    def test_those_that_are_over_are_not_on_it(self, owner: Usuario, clock: Any) -> None:
        enter(ip="198.51.100.1")
        clock.shift(timedelta(hours=12, minutes=1))
        assert "198.51.100.1" not in enter().get("/cuenta/sesiones/").content.decode()

    def test_one_from_before_is_on_it_once_it_is_used(self, owner: Usuario) -> None:
        client = enter()
        Sesion.objects.all().delete()
        session = client.session
        for key in ("desde", "visto", "confirmado", "anotada"):
            del session[key]
        session.save()

        assert "Firefox en Windows" in client.get("/cuenta/sesiones/").content.decode()
        assert Sesion.objects.count() == 1

    def test_a_new_password_keeps_this_one_on_it(self, owner: Usuario) -> None:
        client, other = enter(), enter()
        form = {"old_password": PASSWORD, "new_password1": "una-clave-larga-9", "new_password2": "una-clave-larga-9"}
        assert client.post("/cuenta/clave/", form).status_code == 302
        assert client.get("/cuenta/sesiones/").content.decode().count("Firefox en Windows</") == 1
        assert not is_open(other)

    def test_it_goes_with_the_session(self, owner: Usuario) -> None:
        client = enter()
        assert Sesion.objects.count() == 1
        client.post("/cuentas/salir/")
        assert Sesion.objects.count() == 0


class TestEnd:
    def test_one(self, owner: Usuario) -> None:
        mine, other, third = enter(), enter(ip="198.51.100.1"), enter()

        assert mine.post(f"/cuenta/sesiones/{row_of(other).pk}/cerrar/").status_code == 302

        assert [is_open(client) for client in (mine, other, third)] == [True, False, True]
        assert Registro.objects.get(tipo=Tipo.SESIONES).detalle == "una: Firefox en Windows, 198.51.100.1"

    def test_this_one(self, owner: Usuario) -> None:
        mine = enter()
        assert mine.post(f"/cuenta/sesiones/{row_of(mine).pk}/cerrar/")["Location"] == "/cuentas/ingresar/"
        assert not is_open(mine)

    def test_all_others(self, owner: Usuario) -> None:
        mine, other = enter(), enter()
        Sesion.objects.filter(pk=row_of(other).pk).delete()  # one that is on no list
        assert mine.post("/cuenta/sesiones/otras/cerrar/").status_code == 302
        assert [is_open(mine), is_open(other)] == [True, False]

    def test_nobody_elses(self, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
        mine = enter()
        for username in ("vendedor", "ajeno"):
            other = enter(username)
            assert mine.post(f"/cuenta/sesiones/{row_of(other).pk}/cerrar/").status_code == 404
            assert is_open(other)

    def test_an_admin_ends_those_of_their_people(self, owner: Usuario, teammate: Usuario, stranger: Usuario) -> None:
        theirs, foreign = enter("vendedor"), enter("ajeno")
        mine = enter()
        assert mine.post(f"/usuarios/{teammate.pk}/sesiones/cerrar/").status_code == 302
        assert mine.post(f"/usuarios/{stranger.pk}/sesiones/cerrar/").status_code == 404
        assert [is_open(theirs), is_open(foreign), is_open(mine)] == [False, True, True]
        assert Registro.objects.get(tipo=Tipo.SESIONES).detalle == "todas las de vendedor"


ASKING = [
    ("post", "/cuenta/llaves/", "/cuenta/llaves/"),
    ("get", "/cuenta/factor/", "/cuenta/factor/"),
    ("post", "/cuenta/factor/quitar/", "/cuenta/factor/"),
    ("post", "/cuenta/factor/codigos/", "/cuenta/factor/"),
    ("get", "/usuarios/nuevo/", "/usuarios/nuevo/"),
    ("post", "/usuarios/nuevo/", "/usuarios/"),
    ("get", "/usuarios/1/clave/", "/usuarios/1/clave/"),
    ("post", "/usuarios/1/desactivar/", "/usuarios/"),
    ("get", "/clientes/exportar/", "/clientes/exportar/"),
    ("get", "/bajas/exportar/", "/bajas/exportar/"),
    ("get", "/respuestas/exportar/?ver=x", "/respuestas/exportar/%3Fver%3Dx"),
    ("get", "/campanas/1/exportar/", "/campanas/1/exportar/"),
    ("get", "/clientes/1/expediente/", "/clientes/1/expediente/"),
    ("get", "/clientes/importar/1/errores/", "/clientes/importar/1/errores/"),
    ("get", "/clientes/importar/1/telefonos/", "/clientes/importar/1/telefonos/"),
    ("post", "/alertas/", "/alertas/"),
    ("post", "/alertas/secreto/", "/alertas/"),
    ("post", "/admin/campaigns/remitente/add/", "/admin/"),
    ("post", "/admin/core/usuario/", "/admin/"),
]


API_ASKING = [
    ("post", "/api/v1/llaves/"),
    ("patch", "/api/v1/alertas/ajustes/"),
    ("post", "/api/v1/alertas/secreto/"),
    ("get", "/api/v1/clientes/1/expediente/"),
]


class TestApi:
    """A session does by the API what it may do by the pages, and no more."""

    @pytest.mark.parametrize(("method", "path"), API_ASKING)
    def test_what_matters_asks_again(self, owner: Usuario, clock: Any, method: str, path: str) -> None:
        client, key = signed_in(owner), llave_de(owner)
        clock.shift(timedelta(minutes=31))

        error = error_of(getattr(client, method)(path, {}, content_type="application/json"), 403)

        assert error["code"] == "reauthentication_required"
        assert CONFIRMAR in error["detail"]
        by_key = APIClient(headers={"Authorization": f"Bearer {key}"})
        assert getattr(by_key, method)(path, {}).status_code in {200, 400, 404}
        client.post(CONFIRMAR, {"clave": PASSWORD})
        assert getattr(client, method)(path, {}, content_type="application/json").status_code in {200, 400, 404}

    def test_the_rest_does_not(self, owner: Usuario, clock: Any) -> None:
        client = signed_in(owner)
        llave_de(owner)
        clock.shift(timedelta(minutes=31))
        for path in ("/api/v1/llaves/", "/api/v1/alertas/ajustes/", "/api/v1/clientes/"):
            assert client.get(path).status_code == 200
        assert client.delete(f"/api/v1/llaves/{LlaveApi.objects.get().pk}/").status_code == 204


class TestConfirm:
    @pytest.mark.parametrize(("method", "path", "back"), ASKING, ids=lambda value: str(value))
    def test_what_matters_asks_again(self, owner: Usuario, clock: Any, method: str, path: str, back: str) -> None:
        Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
        client = signed_in(owner)
        clock.shift(timedelta(minutes=31))

        answer = getattr(client, method)(path)

        assert answer.status_code == 302
        assert answer["Location"] == f"{CONFIRMAR}?next={back.replace('/', '%2F')}"

    @pytest.mark.parametrize(
        ("method", "path"),
        [("get", "/cuenta/"), ("get", "/alertas/"), ("get", "/admin/"), ("post", "/cuenta/sesiones/otras/cerrar/")],
    )
    def test_the_rest_does_not(self, owner: Usuario, clock: Any, method: str, path: str) -> None:
        Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
        client = signed_in(owner)
        clock.shift(timedelta(minutes=31))
        assert CONFIRMAR not in getattr(client, method)(path).get("Location", "")

    @pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 302)])
    def test_a_sign_in_is_good_for_a_while(self, owner: Usuario, clock: Any, minutes: int, status: int) -> None:
        client = signed_in(owner)
        clock.shift(timedelta(minutes=minutes))
        assert client.get("/usuarios/nuevo/").status_code == status

    def test_a_form_that_was_opened_in_time_may_be_sent(self, owner: Usuario, clock: Any) -> None:
        client = signed_in(owner)
        clock.shift(timedelta(minutes=29))
        form = {"first_name": "Marta", "username": "marta", "password1": "una-clave-larga-9"}
        client.post("/usuarios/nuevo/", {**form, "password2": form["password1"]})
        assert Usuario.objects.filter(username="marta").exists()

    def test_the_password_leads_back(self, owner: Usuario, clock: Any) -> None:
        client = signed_in(owner)
        clock.shift(timedelta(hours=1))
        asked = client.get("/clientes/exportar/")["Location"]
        page = client.get(asked).content.decode()
        assert 'name="next" value="/clientes/exportar/"' in page
        wrong = client.post(CONFIRMAR, {"clave": "no", "next": "/clientes/exportar/"})
        assert "No es correcto" in wrong.content.decode()
        assert client.get("/clientes/exportar/").status_code == 302

        answer = client.post(CONFIRMAR, {"clave": PASSWORD, "next": "/clientes/exportar/"})

        assert answer["Location"] == "/clientes/exportar/"
        assert client.get("/clientes/exportar/").status_code == 200

    def test_a_code_does_too(self, owner: Usuario) -> None:
        secreto = factor.secreto_nuevo()
        Factor.objects.create(usuario=owner, secreto=secreto)
        text = pyotp.TOTP(secreto).now()
        assert signed_in(owner).post(CONFIRMAR, {"clave": text}).status_code == 302
        assert signed_in(owner).post(CONFIRMAR, {"clave": text}).status_code == 200  # once

    @pytest.mark.parametrize("to", ["https://otra.co/", "//otra.co/", "javascript:alert(1)", "", "\\\\otra.co"])
    def test_it_leads_nowhere_else(self, owner: Usuario, to: str) -> None:
        answer = signed_in(owner).post(CONFIRMAR, {"clave": PASSWORD, "next": to})
        assert answer["Location"] == "/cuenta/"

    def test_guesses_are_counted(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        client = signed_in(owner)
        codes = [client.post(CONFIRMAR, {"clave": "no"}, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(3)]
        assert codes == [200, 200, 429]
        assert client.post(CONFIRMAR, {"clave": PASSWORD}).status_code == 429


@pytest.mark.parametrize(
    ("agente", "words"),
    [
        (FIREFOX, "Firefox en Windows"),
        (IPHONE, "Safari en iPhone"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/131.0 Safari/537.36",
            "Chrome en Mac",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge en Windows"),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-A546E) SamsungBrowser/27.0 Chrome/125.0 Mobile",
            "Samsung Internet en Android",
        ),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) CriOS/131.0 Mobile Safari/604.1", "Chrome en iPad"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36 OPR/116.0", "Opera en Linux"),
        ("curl/8.5.0", "Un navegador desconocido"),
        ("", "Un navegador desconocido"),
        ("<script>alert(1)</script>Linux", "Un navegador desconocido en Linux"),
    ],
)
def test_a_browser_is_named_in_words(agente: str, words: str) -> None:
    assert en_palabras(agente) == words
