"""The second factor: codes of an app, recovery codes, who must have one, and every door that asks for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pyotp
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from core.api import throttling
from core.factor import services
from core.llaves import huella
from core.models import CodigoRecuperacion, Factor, LlaveApi, Registro, Usuario
from core.registro import Tipo
from tests.core.api.support import error_of
from tests.factories import llave_de
from tests.pages import signed_in

NOW = datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC)
PASSWORD = "clave-de-prueba"
RIGHT = {"username": "duena", "password": PASSWORD}
INGRESAR, CODIGO, FACTOR = "/cuentas/ingresar/", "/cuentas/ingresar/codigo/", "/cuenta/factor/"
TOKEN = "/api/v1/auth/token/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def secreto(owner: Usuario) -> str:
    """The owner has a second factor, whose first code was used a minute ago."""
    secreto = services.secreto_nuevo()
    Factor.objects.create(usuario=owner, secreto=secreto)
    return secreto


@pytest.fixture
def required(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


def code(secreto: str, steps: int = 0) -> str:
    return pyotp.TOTP(secreto).at(NOW, counter_offset=steps)


def wrong(secreto: str) -> str:
    """A code that is none of the steps around."""
    good = {code(secreto, steps) for steps in range(-3, 4)}
    return next(text for n in range(10) if (text := f"{n:06}") not in good)


def with_password(**headers: Any) -> Client:
    client = Client(**headers)
    answer = client.post(INGRESAR, {**RIGHT, "next": "/clientes/"})
    assert (answer.status_code, answer["Location"]) == (302, CODIGO)
    return client


class TestSignIn:
    def test_a_password_alone_opens_nothing(self, owner: Usuario, secreto: str) -> None:
        client = with_password()

        assert client.get("/").status_code == 302
        assert client.get("/api/v1/clientes/").status_code == 401
        assert "_auth_user_id" not in client.session
        assert not Registro.objects.filter(tipo=Tipo.INGRESO).exists()

    def test_a_code_opens(self, owner: Usuario, secreto: str) -> None:
        client = with_password()
        assert "one-time-code" in client.get(CODIGO).content.decode()

        answer = client.post(CODIGO, {"codigo": code(secreto)})

        assert (answer.status_code, answer["Location"]) == (302, "/clientes/")
        assert client.get("/clientes/").status_code == 200
        assert "equipo" in client.cookies
        assert "pendiente" not in client.session

    @pytest.mark.parametrize("steps", [-1, 0, 1])
    def test_a_clock_may_be_a_step_wrong(self, owner: Usuario, secreto: str, steps: int) -> None:
        text = code(secreto, steps)
        assert with_password().post(CODIGO, {"codigo": f" {text[:3]} {text[3:]} "}).status_code == 302

    @pytest.mark.parametrize("steps", [-2, 2])
    def test_it_may_not_be_two(self, owner: Usuario, secreto: str, steps: int) -> None:
        assert with_password().post(CODIGO, {"codigo": code(secreto, steps)}).status_code == 200

    @pytest.mark.parametrize("text", ["", "12345", "1234567", "٣٤٥٦٧٨", "a" * 64, "1" * 5000, "-", "      "])
    def test_it_rejects_what_is_no_code(self, owner: Usuario, secreto: str, text: str) -> None:
        answer = with_password().post(CODIGO, {"codigo": text})

        assert answer.status_code == 200
        assert "no sirve" in answer.content.decode()

    def test_a_code_is_good_once(self, owner: Usuario, secreto: str) -> None:
        assert with_password().post(CODIGO, {"codigo": code(secreto)}).status_code == 302

        for late in (code(secreto), code(secreto, -1)):  # an older one neither
            assert with_password().post(CODIGO, {"codigo": late}).status_code == 200
        assert with_password().post(CODIGO, {"codigo": code(secreto, 1)}).status_code == 302

    def test_a_code_without_a_password_opens_nothing(self, owner: Usuario, secreto: str) -> None:
        answer = Client().post(CODIGO, {"codigo": code(secreto)})
        assert (answer.status_code, answer["Location"]) == (302, INGRESAR)

    def test_a_password_is_remembered_ten_minutes(self, owner: Usuario, secreto: str, clock: Any) -> None:
        client = with_password()
        clock.shift(timedelta(minutes=11))
        assert client.get(CODIGO)["Location"] == INGRESAR

    @pytest.mark.parametrize("change", ["password", "out"])
    def test_who_may_not_come_in_any_more_does_not(self, owner: Usuario, secreto: str, change: str) -> None:
        client = with_password()
        if change == "password":
            owner.set_password("otra-clave-larga-9")
        else:
            owner.is_active = False
        owner.save()

        assert client.post(CODIGO, {"codigo": code(secreto)})["Location"] == INGRESAR

    def test_the_admin_has_the_same_door(self, owner: Usuario, secreto: str) -> None:
        Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
        client = Client()
        assert client.post("/admin/login/", {**RIGHT, "next": "/admin/"})["Location"] == CODIGO
        assert client.get("/admin/").status_code == 302
        assert client.post(CODIGO, {"codigo": code(secreto)})["Location"] == "/admin/"
        assert client.get("/admin/").status_code == 200


class TestGuesses:
    """A right password does not buy new guesses at the code."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "4/min", raising=False)

    @pytest.mark.parametrize("location", [None, "redis://127.0.0.1:1/0"])
    def test_they_are_counted_with_the_passwords(
        self, owner: Usuario, secreto: str, settings: Any, location: str | None
    ) -> None:
        if location:
            settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
        codes = []
        for n in range(3):  # each from another network
            client = Client(REMOTE_ADDR=f"203.0.113.{n}")
            codes.append(client.post(INGRESAR, RIGHT).status_code)
            codes.append(client.post(CODIGO, {"codigo": wrong(secreto)}).status_code)

        assert codes[:4] == [302, 200, 302, 200]
        assert codes[4] == 429
        refused = Client(REMOTE_ADDR="198.51.100.1").post(INGRESAR, RIGHT)
        assert refused.status_code == 429

    def test_the_code_page_counts_by_itself(self, owner: Usuario, secreto: str) -> None:
        client = with_password()
        codes = [client.post(CODIGO, {"codigo": wrong(secreto)}).status_code for _ in range(5)]

        assert codes == [200] * 3 + [429] * 2
        refused = client.post(CODIGO, {"codigo": code(secreto)})
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) >= 1
        assert Registro.objects.filter(tipo=Tipo.INGRESO_FALLIDO, usuario_id=owner.pk).count() == 3

    def test_the_api_counts_them(self, owner: Usuario, secreto: str) -> None:
        body = {**RIGHT, "codigo": wrong(secreto)}
        codes = [APIClient().post(TOKEN, body, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(5)]
        assert codes == [400] * 4 + [429]

    def test_both_right_forget_the_wrong_ones(self, owner: Usuario, secreto: str, clock: Any) -> None:
        for n in range(4):
            client = Client(REMOTE_ADDR=f"203.0.113.{n}")
            assert client.post(INGRESAR, RIGHT).status_code == 302
            assert client.post(CODIGO, {"codigo": pyotp.TOTP(secreto).now()}).status_code == 302
            clock.shift(timedelta(seconds=30))


class TestNetwork:
    """People behind one address do not shut each other out by signing in rightly."""

    @pytest.mark.parametrize("location", [None, "redis://127.0.0.1:1/0"])
    def test_what_was_right_is_given_back(
        self, owner: Usuario, secreto: str, settings: Any, monkeypatch: pytest.MonkeyPatch, location: str | None
    ) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "4/min", raising=False)
        if location:
            settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
        codes = services.codigos_nuevos(usuario=owner)
        for text in codes[:5]:
            client = with_password()
            assert client.post(CODIGO, {"codigo": text}).status_code == 302
            assert client.post("/cuentas/confirmar/", {"clave": PASSWORD}).status_code == 302
        assert APIClient().post(TOKEN, {**RIGHT, "codigo": code(secreto)}).status_code == 200
        # No more are given back than were counted.
        tried = [Client().post(INGRESAR, {"username": f"u{n}", "password": "no"}).status_code for n in range(5)]
        assert tried == [200] * 4 + [429]

    def test_a_password_alone_is_not(self, owner: Usuario, secreto: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A code that is still to come may be guessed."""
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        for _ in range(2):
            with_password()
        assert Client().post(INGRESAR, {"username": "u", "password": "no"}).status_code == 429

    def test_passwords_where_no_factor_waits(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        for _ in range(4):
            assert Client().post(INGRESAR, RIGHT).status_code == 302
        tried = [Client().post(INGRESAR, {"username": f"u{n}", "password": "no"}).status_code for n in range(3)]
        assert tried == [200, 200, 429]


class TestApi:
    def test_it_requires_the_code(self, owner: Usuario, secreto: str) -> None:
        error = error_of(APIClient().post(TOKEN, RIGHT), 400)
        assert (error["attr"], error["code"]) == ("codigo", "required")
        assert "haga una llave para el programa en «Llaves de la API»" in error["detail"]
        assert not LlaveApi.objects.exists()

    def test_it_works_with_it_once(self, owner: Usuario, secreto: str) -> None:
        body = {**RIGHT, "codigo": code(secreto)}
        token = APIClient().post(TOKEN, body).json()["token"]
        assert LlaveApi.objects.get(huella=huella(token)).usuario == owner
        error = error_of(APIClient().post(TOKEN, body), 400)
        assert (error["attr"], error["code"]) == ("codigo", "invalid")

    def test_a_wrong_password_says_nothing_of_it(self, owner: Usuario, secreto: str) -> None:
        body = {**RIGHT, "password": "no"}
        assert error_of(APIClient().post(TOKEN, body), 400)["code"] == "authorization"
        assert error_of(APIClient().post(TOKEN, {**body, "codigo": code(secreto)}), 400)["code"] == "authorization"

    def test_who_must_have_one_gets_no_token_before(self, owner: Usuario, required: None) -> None:
        error = error_of(APIClient().post(TOKEN, RIGHT), 400)
        assert error["code"] == "second_factor_required"
        assert "llave para el programa en «Llaves de la API»" in error["detail"]
        assert not LlaveApi.objects.exists()

    def test_who_has_none_sends_none(self, teammate: Usuario, required: None) -> None:
        body = {"username": teammate.username, "password": PASSWORD}
        assert APIClient().post(TOKEN, body).status_code == 200

    def test_a_token_that_there_was_stays_good(self, owner: Usuario, required: None) -> None:
        key = llave_de(owner)
        assert APIClient(headers={"Authorization": f"Token {key}"}).get("/api/v1/clientes/").status_code == 200


class TestRequired:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("get", "/", 302),
            ("get", "/clientes/", 302),
            ("get", "/cuenta/", 302),
            ("get", "/cuenta/sesiones/", 302),
            ("post", "/cuenta/llaves/", 302),
            ("post", "/cuenta/clave/", 302),
            ("get", "/admin/", 302),
            ("get", "/api/v1/clientes/", 403),
            ("post", "/api/v1/clientes/", 403),
            ("get", "/clientes/exportar/", 302),
            ("post", "/clientes/crear/ajax/", 302),
            ("get", "/cuentas/confirmar/", 200),
            ("get", FACTOR, 200),
            ("get", "/healthz", 200),
            ("post", "/cuentas/salir/", 302),
        ],
    )
    def test_who_has_none_sets_it_up_and_does_nothing_else(
        self, owner: Usuario, required: None, method: str, path: str, status: int
    ) -> None:
        client = Client()
        assert client.post(INGRESAR, RIGHT)["Location"] == "/"

        answer = getattr(client, method)(path)

        assert answer.status_code == status
        if status == 302:
            assert answer["Location"] == (INGRESAR if "salir" in path else FACTOR)
        if status == 403:
            assert error_of(answer, 403)["code"] == "second_factor_required"

    def test_a_fragment_and_a_json_call_are_answered_in_their_shape(self, owner: Usuario, required: None) -> None:
        client = signed_in(owner)
        fragment = client.get("/vivo/", headers={"HX-Request": "true"})
        assert (fragment.status_code, fragment["HX-Refresh"]) == (401, "true")
        assert client.post("/clientes/crear/ajax/", {}, content_type="application/json").status_code == 403

    def test_an_authorization_header_is_no_way_around(self, owner: Usuario, required: None) -> None:
        for said in ("x", "Token", "Basic eDp5"):
            answer = signed_in(owner).get("/api/v1/clientes/", headers={"Authorization": said})
            assert answer.status_code in {401, 403}, said

    def test_it_is_set_up(self, owner: Usuario, required: None) -> None:
        client, other = signed_in(owner), signed_in(owner)
        page = client.get(FACTOR).content.decode()
        secreto = client.session["factor_nuevo"]
        assert "<svg" in page
        assert " ".join(secreto[at : at + 4] for at in range(0, len(secreto), 4)) in page
        assert "no sirve" in client.post(FACTOR, {"codigo": wrong(secreto)}).content.decode()

        answer = client.post(FACTOR, {"codigo": code(secreto)})

        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert Factor.objects.get(usuario=owner).secreto == secreto
        assert client.get("/clientes/").status_code == 200
        assert other.get("/cuenta/factor/")["Location"].startswith(INGRESAR)  # the other session ended
        assert secreto not in client.get(FACTOR).content.decode()
        # The code that set it up was used with it.
        assert with_password().post(CODIGO, {"codigo": code(secreto)}).status_code == 200

    def test_it_is_set_up_long_after_the_sign_in(self, owner: Usuario, required: None, clock: Any) -> None:
        client = signed_in(owner)
        clock.shift(timedelta(minutes=16))
        page = client.get("/clientes/", follow=True)
        asked = page.redirect_chain[-1][0]
        assert asked.startswith("/cuentas/confirmar/")

        page = client.post(asked, {"clave": PASSWORD}, follow=True)

        assert page.redirect_chain[-1][0] == FACTOR
        secreto = client.session["factor_nuevo"]
        now = pyotp.TOTP(secreto).now()
        assert client.post(FACTOR, {"codigo": now}).status_code == 200
        assert client.get("/clientes/").status_code == 200

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({}, True),
            ({"rol": "vendedor"}, False),
            ({"rol": "vendedor", "is_staff": True}, True),
            ({"rol": "operador"}, True),
            ({"rol": "aprobador"}, True),
            ({"rol": "plataforma", "is_superuser": True}, True),
        ],
    )
    def test_it_is_for_admins_and_operators(self, required: None, change: dict[str, Any], expected: bool) -> None:
        assert services.exigido(Usuario(username="x", **change)) is expected

    @pytest.mark.usefixtures("settings")
    def test_nobody_must_where_it_is_off(self, owner: Usuario, settings: Any) -> None:
        assert settings.SECOND_FACTOR_REQUIRED is False  # http://localhost
        assert signed_in(owner).get("/clientes/").status_code == 200

    def test_it_may_be_changed_and_not_taken_away(self, owner: Usuario, secreto: str, required: None) -> None:
        client = with_password()
        client.post(CODIGO, {"codigo": code(secreto)})
        client.post("/cuenta/factor/quitar/")
        assert Factor.objects.filter(usuario=owner).exists()

        client.get(f"{FACTOR}?cambiar=1")
        new = client.session["factor_nuevo"]
        assert new != secreto
        assert Factor.objects.get().secreto == secreto
        assert client.post(f"{FACTOR}?cambiar=1", {"codigo": code(new)}).status_code == 200

        assert Factor.objects.get().secreto == new
        assert client.get("/clientes/").status_code == 200

    def test_a_session_that_has_not_shown_it_is_over(self, owner: Usuario, secreto: str, required: None) -> None:
        client = signed_in(owner)
        assert client.get("/")["Location"] == FACTOR
        assert client.get(FACTOR)["Location"] == INGRESAR
        assert "_auth_user_id" not in client.session


class TestKeys:
    """A change of the factor ends what the password alone gave, and tells of the keys that go on."""

    def test_setting_one_up(self, owner: Usuario, teammate: Usuario) -> None:
        given, made, theirs = (
            llave_de(owner, origen="clave"),
            llave_de(owner),
            llave_de(teammate, "leer", origen="clave"),
        )
        llave_de(owner, vence_en=NOW - timedelta(days=90))  # is over
        client = signed_in(owner)
        client.get(FACTOR)

        page = client.post(FACTOR, {"codigo": code(client.session["factor_nuevo"])}).content.decode()

        alive = LlaveApi.objects.filter(revocada_en=None, vence_en=None).values_list("huella", flat=True)
        assert set(alive) == {huella(made), huella(theirs)}
        assert LlaveApi.objects.get(huella=huella(given)).revocada_en
        assert "Sigue sirviendo 1 llave de la API." in page
        assert 'href="/cuenta/llaves/"' in page
        assert "Sigue sirviendo 1 llave de la API." in client.get("/cuenta/sesiones/").content.decode()

    def test_taking_it_away(self, owner: Usuario, secreto: str) -> None:
        client = with_password()
        client.post(CODIGO, {"codigo": code(secreto)})
        given = llave_de(owner, origen="clave")
        for _ in range(2):
            llave_de(owner)
        page = client.post("/cuenta/factor/quitar/", follow=True).content.decode()
        assert LlaveApi.objects.get(huella=huella(given)).revocada_en
        assert 'Siguen sirviendo 2 llaves de la API. <a href="/cuenta/llaves/">' in page

    def test_the_command(self, owner: Usuario, secreto: str) -> None:
        given, out = llave_de(owner, origen="clave"), StringIO()
        llave_de(owner)
        call_command("quitar_factor", "duena", stdout=out)
        assert LlaveApi.objects.get(huella=huella(given)).revocada_en
        assert "Sigue sirviendo 1 llave de la API." in out.getvalue()
        assert "http://localhost:8000/cuenta/llaves/" in out.getvalue()

    def test_nothing_is_said_where_there_is_none(self, owner: Usuario) -> None:
        client = signed_in(owner)
        client.get(FACTOR)
        page = client.post(FACTOR, {"codigo": code(client.session["factor_nuevo"])}).content.decode()
        assert "sirviendo" not in page
        assert "sirviendo" not in client.get("/cuenta/sesiones/").content.decode()


class TestRecovery:
    def made(self, owner: Usuario, secreto: str) -> list[str]:
        return services.codigos_nuevos(usuario=owner)

    def test_each_is_good_once(self, owner: Usuario, secreto: str) -> None:
        codes = self.made(owner, secreto)
        assert len(set(codes)) == 10
        for text in (codes[0], codes[1].upper().replace("-", " ")):
            assert with_password().post(CODIGO, {"codigo": text}).status_code == 302
            assert with_password().post(CODIGO, {"codigo": text}).status_code == 200
        assert CodigoRecuperacion.objects.count() == 8
        assert Registro.objects.filter(tipo=Tipo.RECUPERACION, detalle="usó uno; quedan 8").exists()

    def test_they_are_kept_as_hashes_and_shown_once(self, owner: Usuario, secreto: str) -> None:
        client = signed_in(owner)
        page = client.post("/cuenta/factor/codigos/").content.decode()
        kept = set(CodigoRecuperacion.objects.values_list("huella", flat=True))
        assert len(kept) == 10
        shown = page.split('class="factor-codigos">')[1].split("</ul>")[0]
        text = shown.split("<code>")[1].split("</code>")[0]
        assert services._huella(text) in kept
        assert text not in client.get(FACTOR).content.decode()

    def test_new_ones_end_the_old(self, owner: Usuario, secreto: str) -> None:
        old = self.made(owner, secreto)[0]
        self.made(owner, secreto)
        assert not services.verificar(usuario=owner, texto=old)

    def test_they_are_their_own(self, owner: Usuario, stranger: Usuario, secreto: str) -> None:
        Factor.objects.create(usuario=stranger, secreto=services.secreto_nuevo())
        theirs = services.codigos_nuevos(usuario=stranger)[0]
        assert not services.verificar(usuario=owner, texto=theirs)
        assert services.verificar(usuario=stranger, texto=theirs)

    def test_who_has_no_factor_has_no_codes(self, owner: Usuario) -> None:
        assert not services.verificar(usuario=owner, texto="")
        assert signed_in(owner).post("/cuenta/factor/codigos/").status_code == 302
        assert not CodigoRecuperacion.objects.exists()


class TestReset:
    """The operator takes a factor away; the person's sessions end, and it is written down in their shop."""

    def gone(self, owner: Usuario, client: Client) -> None:
        assert not Factor.objects.exists()
        assert client.get("/cuenta/")["Location"].startswith(INGRESAR)
        row = Registro.objects.get(tipo=Tipo.FACTOR_FUERA)
        assert (row.tienda_id, row.detalle) == (owner.pk, "de duena")
        assert Client().post(INGRESAR, RIGHT)["Location"] == "/"

    def test_by_the_command(self, owner: Usuario, secreto: str) -> None:
        client, out = signed_in(owner), StringIO()
        call_command("quitar_factor", "duena", stdout=out)
        assert "ya no tiene segundo factor" in out.getvalue()
        self.gone(owner, client)
        call_command("quitar_factor", "duena", stdout=out)
        assert "no tenía" in out.getvalue()
        with pytest.raises(CommandError, match="nadie"):
            call_command("quitar_factor", "nadie")

    def test_in_the_admin(self, owner: Usuario, stranger: Usuario, secreto: str) -> None:
        Usuario.objects.filter(pk=stranger.pk).update(is_staff=True, is_superuser=True)
        client = signed_in(owner)
        listed = signed_in(stranger).get("/admin/core/usuario/").content.decode()
        assert listed.count('icon-yes.svg" alt="True"') == 3  # both are active, and one has a factor
        llave_de(owner)
        form = {"action": "quitar_factor", "_selected_action": [owner.pk, stranger.pk]}
        page = signed_in(stranger).post("/admin/core/usuario/", form, follow=True).content.decode()
        assert '«duena»: Sigue sirviendo 1 llave de la API. <a href="/admin/core/llaveapi/?q=duena">' in page
        self.gone(owner, client)

    def test_by_its_owner_where_it_is_not_required(self, owner: Usuario, secreto: str) -> None:
        client = with_password()
        client.post(CODIGO, {"codigo": code(secreto)})
        assert client.post("/cuenta/factor/quitar/").status_code == 302
        assert not Factor.objects.exists()
        assert client.get("/cuenta/").status_code == 200
