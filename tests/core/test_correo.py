"""A new password by email, and the address that it goes to."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pyotp
import pytest
import time_machine
from celery import current_app
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from core import correo, nudges
from core.api import throttling
from core.factor import services as factor
from core.llaves import huella
from core.models import CorreoPendiente, Factor, LlaveApi, Registro, Usuario
from core.registro import Tipo
from tests.factories import llave_de
from tests.pages import flashes, signed_in
from workers import tasks
from workers.engine.rounds import rounds

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
PASSWORD, NEW = "clave-de-prueba", "una-nube-larga-9"
CLAVE = "/cuentas/clave/"
TASKS: dict[str, Any] = {"workers.correos": tasks.correos}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """A mail server, a worker that is always there, and what it was asked for."""
    settings.EMAIL_HOST = "mail.tienda.co"
    asked: list[tuple[str, tuple[Any, ...]]] = []

    def work(task: str, *args: Any) -> None:
        asked.append((task, args))
        TASKS[task](*args)

    for module in (nudges, correo):
        monkeypatch.setattr(module, "nudge", work)
    return asked


@pytest.fixture
def reachable(owner: Usuario) -> Usuario:
    owner.email = "duena@tienda.co"
    owner.save()
    return owner


def link(message: Any) -> str:
    found = re.search(r"http://localhost:8000(/\S+)", message.body)
    assert found
    return found[1]


def ask(quien: str, **headers: Any) -> Any:
    return Client().post(CLAVE, {"quien": quien}, **headers)


def set_password(url: str, password: str = NEW, client: Client | None = None) -> Any:
    client = client or Client()
    form = client.get(url, follow=True)
    where = form.redirect_chain[-1][0] if form.redirect_chain else url
    return client.post(where, {"new_password1": password, "new_password2": password})


class TestForgotten:
    @pytest.mark.parametrize("quien", ["duena", "duena@tienda.co", " Duena@Tienda.CO "])
    def test_it_works(self, reachable: Usuario, quien: str) -> None:
        session, key = signed_in(reachable), llave_de(reachable)
        Factor.objects.create(usuario=reachable, secreto=factor.secreto_nuevo())
        assert ask(quien).status_code == 200
        (message,) = mail.outbox
        assert message.to == ["duena@tienda.co"]
        assert "«duena»" in message.body

        assert set_password(link(message)).status_code == 302

        reachable.refresh_from_db()
        assert reachable.check_password(NEW)
        assert session.get("/cuenta/").status_code == 302
        assert LlaveApi.objects.filter(huella=huella(key), revocada_en=None).count() == 0
        assert Factor.objects.filter(usuario=reachable).exists()  # a mailbox is no second factor
        answer = Client().post("/cuentas/ingresar/", {"username": "duena", "password": NEW})
        assert answer["Location"] == "/cuentas/ingresar/codigo/"
        assert mail.outbox[1].subject == "Cambió la clave"
        kinds = set(Registro.objects.values_list("tipo", flat=True))
        assert {Tipo.CLAVE_PEDIDA, Tipo.CLAVE} <= kinds

    def test_it_answers_the_same_to_everybody(self, reachable: Usuario, teammate: Usuario, sent: list[Any]) -> None:
        out = Usuario.objects.create(username="fuera", email="fuera@tienda.co", is_active=False)
        pages = []
        for n, quien in enumerate(("duena", "nadie", teammate.username, out.username, "x" * 9000, "a@b.co", "a\x00b")):
            del sent[:]
            page = ask(quien, REMOTE_ADDR=f"203.0.113.{n}").content.decode()
            pages.append(re.sub(r'value="[^"]*"', "", page))
            assert {task for task, _ in sent} == {"workers.correos"}
        assert len(set(pages)) == 1
        assert [message.to for message in mail.outbox] == [["duena@tienda.co"]]

    @pytest.mark.parametrize("quien", ["duena", "nadie"])
    def test_the_page_only_writes_down_what_was_asked(
        self, reachable: Usuario, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any, quien: str
    ) -> None:
        """It takes as long for who exists as for who does not."""
        monkeypatch.setattr(correo, "nudge", lambda *args: None)
        with django_assert_num_queries(1):
            ask(quien)

    def test_in_a_browser_where_somebody_else_is_signed_in(self, reachable: Usuario, stranger: Usuario) -> None:
        ask("duena")
        client = signed_in(stranger)
        assert set_password(link(mail.outbox[0]), client=client).status_code == 302
        reachable.refresh_from_db()
        assert reachable.check_password(NEW)
        assert not reachable.clave_ajena
        row = Registro.objects.get(tipo=Tipo.CLAVE)
        assert (row.quien, row.tienda_id, row.detalle) == ("duena", reachable.pk, "de duena")
        assert client.get("/cuenta/")["Location"].startswith("/cuentas/ingresar/")
        assert signed_in(stranger).get("/cuenta/").status_code == 200

    def test_it_takes_the_mark_of_anothers_choice_away(self, reachable: Usuario) -> None:
        Usuario.objects.filter(pk=reachable.pk).update(clave_ajena=True)
        ask("duena")
        page = Client().get(link(mail.outbox[0]), follow=True).content.decode()
        assert "sus llaves de la API dejan de servir" in page
        set_password(link(mail.outbox[0]))
        reachable.refresh_from_db()
        assert not reachable.clave_ajena

    def test_a_link_is_good_once(self, reachable: Usuario) -> None:
        ask("duena")
        url = link(mail.outbox[0])
        assert set_password(url).status_code == 302
        assert "ya no sirve" in set_password(url, "otra-nube-larga-9").content.decode()

    @pytest.mark.parametrize(("minutes", "status"), [(59, 302), (61, 200)])
    def test_a_link_is_good_an_hour(self, reachable: Usuario, clock: Any, minutes: int, status: int) -> None:
        ask("duena")
        clock.shift(timedelta(minutes=minutes))
        assert set_password(link(mail.outbox[0])).status_code == status

    def test_a_poor_password_is_refused(self, reachable: Usuario) -> None:
        ask("duena")
        assert "No se guardó" in set_password(link(mail.outbox[0]), "colombia2026").content.decode()

    @pytest.mark.parametrize("path", ["x/y/", "MQ/x-y/", "MQ/set-password/", "OTk5OTk5/cvd-1/"])
    def test_a_link_is_not_guessed(self, reachable: Usuario, path: str) -> None:
        assert "ya no sirve" in Client().get(CLAVE + path).content.decode()

    def test_it_is_counted_as_a_guess(self, reachable: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        assert [ask("duena", REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(3)] == [200, 200, 429]
        assert [ask(f"u{n}").status_code for n in range(3)] == [200, 200, 429]

    def test_it_uses_up_no_sign_in(self, reachable: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        for n in range(3):
            ask("duena", REMOTE_ADDR=f"203.0.113.{n}")
        answer = Client().post("/cuentas/ingresar/", {"username": "duena", "password": PASSWORD})
        assert answer.status_code == 302

    @pytest.mark.parametrize("with_factor", [False, True])
    def test_a_new_password_forgives_the_wrong_ones(
        self, reachable: Usuario, monkeypatch: pytest.MonkeyPatch, with_factor: bool
    ) -> None:
        """But not the wrong codes, which are counted with them."""
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        if with_factor:
            Factor.objects.create(usuario=reachable, secreto=factor.secreto_nuevo())
        wrong = {"username": "duena", "password": "no"}
        for n in range(2):
            Client(REMOTE_ADDR=f"203.0.113.{n}").post("/cuentas/ingresar/", wrong)
        ask("duena", REMOTE_ADDR="198.51.100.1")
        assert set_password(link(mail.outbox[0])).status_code == 302
        answer = Client().post("/cuentas/ingresar/", {"username": "duena", "password": NEW})
        assert answer.status_code == (429 if with_factor else 302)

    def test_nobodys_mailbox_is_filled(self, reachable: Usuario) -> None:
        pages = {ask("duena", REMOTE_ADDR=f"203.0.113.{n}").content for n in range(6)}
        assert len(mail.outbox) == 3
        assert len({re.sub(rb'name="csrf[^>]*>', b"", page) for page in pages}) == 1

    def test_nor_by_other_names_of_the_same_person(self, reachable: Usuario, teammate: Usuario) -> None:
        Usuario.objects.filter(pk=teammate.pk).update(email="DUENA@tienda.co")
        asked = ("duena", "duena@tienda.co")
        for n in range(6):
            ask(asked[n % 2], REMOTE_ADDR=f"203.0.113.{n}")
        assert [message.subject for message in mail.outbox].count("Una clave nueva para «duena»") == 3
        assert len(mail.outbox) == 6  # the teammate, who shares the address, has as many
        assert Registro.objects.filter(tipo=Tipo.CLAVE_PEDIDA).count() == 6

    def test_without_a_server_it_says_whom_to_ask(self, reachable: Usuario, settings: Any, sent: list[Any]) -> None:
        settings.EMAIL_HOST = ""
        assert "administrador de su tienda" in ask("duena").content.decode()
        assert not sent
        assert "pida otra a quien la administra" in signed_in(reachable).get("/cuenta/").content.decode()

    def test_a_server_that_is_away_is_no_error(self, reachable: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(mail.EmailMessage, "send", raising(OSError))
            assert ask("duena").status_code == 200
        row = CorreoPendiente.objects.get()
        assert (row.tipo, row.usuario, row.intentos, row.texto) == ("enlace", reachable, 1, "")
        assert correo.despachar() == 0  # not yet
        CorreoPendiente.objects.update(proximo_intento=Now())
        assert correo.despachar() == 1
        assert set_password(link(mail.outbox[0])).status_code == 302
        assert Registro.objects.filter(tipo=Tipo.CLAVE_PEDIDA).count() == 1  # a try is no other link


class TestWaiting:
    """An email that Redis does not announce, or the mail server does not take, leaves later."""

    @pytest.fixture(autouse=True)
    def _nobody_works(self, monkeypatch: pytest.MonkeyPatch, sent: list[Any]) -> None:
        monkeypatch.setattr(correo, "nudge", lambda *args: None)

    def test_a_lost_nudge_costs_seconds(self, reachable: Usuario) -> None:
        ask("duena")
        signed_in(reachable).post("/cuenta/correo/", {"correo": "nueva@tienda.co", "clave": PASSWORD})
        correo.avisar(reachable, "Se puso un segundo factor")
        assert not mail.outbox
        rounds.alerts_round()
        assert sorted(message.to for message in mail.outbox) == [["duena@tienda.co"]] * 2 + [["nueva@tienda.co"]]
        assert not CorreoPendiente.objects.exists()

    def test_no_link_to_a_password_lies_in_the_database(self, reachable: Usuario) -> None:
        ask("duena")
        assert CorreoPendiente.objects.get().texto == "duena"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(correo, "enviar", lambda *args: False)
            correo.despachar()
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(c)::text FROM core_correopendiente c")
            assert CLAVE not in str(cursor.fetchall())

    def test_it_is_given_up_when_it_is_worth_nothing(
        self, reachable: Usuario, caplog: pytest.LogCaptureFixture
    ) -> None:
        ask("duena")
        correo.avisar(reachable, "Cambió la clave")
        CorreoPendiente.objects.update(vence_en=Now() - timedelta(seconds=1))
        assert correo.despachar() == 0
        assert not CorreoPendiente.objects.exists()
        assert not mail.outbox
        assert "2 emails to people were given up" in caplog.text
        assert "duena@" not in caplog.text

    @pytest.mark.parametrize("error", [ValueError, SMTPRecipientsRefused({})])
    def test_an_address_that_is_none_stops_nobody(
        self, reachable: Usuario, stranger: Usuario, monkeypatch: pytest.MonkeyPatch, error: Any
    ) -> None:
        correo.avisar(reachable, "Cambió la clave")
        monkeypatch.setattr(mail.EmailMessage, "send", raising(error))
        assert correo.despachar() == 1
        assert not CorreoPendiente.objects.exists()

    def test_two_workers_never_send_the_same_at_once(self, reachable: Usuario) -> None:
        correo.avisar(reachable, "Cambió la clave")
        assert correo._tomar() is not None
        assert correo._tomar() is None

    def test_who_was_put_out_meanwhile_gets_no_link(self, reachable: Usuario) -> None:
        correo._dejar(correo.Pendiente.ENLACE, correo.DURA_ENLACE, usuario=reachable)
        Usuario.objects.filter(pk=reachable.pk).update(is_active=False)
        assert correo.despachar() == 1
        assert not mail.outbox


def raising(error: Any) -> Any:
    def send(*args: Any) -> int:
        raise error

    return send


class TestAddress:
    def form(self, address: str, clave: str = PASSWORD) -> dict[str, str]:
        return {"correo": address, "clave": clave}

    def test_it_is_used_once_it_is_confirmed(self, owner: Usuario) -> None:
        said = flashes(owner, "/cuenta/correo/", self.form("nueva@tienda.co"))
        assert said == [
            "Le enviamos un enlace a nueva@tienda.co: ábralo antes de una hora. Hasta entonces nada cambia."
        ]
        owner.refresh_from_db()
        assert owner.email == ""
        (message,) = mail.outbox
        assert message.to == ["nueva@tienda.co"]
        client = signed_in(owner)
        assert "nueva@tienda.co" in client.get(link(message)).content.decode()
        owner.refresh_from_db()
        assert owner.email == ""  # a program that looks at links changes nothing

        assert client.post(link(message)).status_code == 302

        owner.refresh_from_db()
        assert owner.email == "nueva@tienda.co"
        assert Registro.objects.filter(tipo=Tipo.CORREO, usuario_id=owner.pk).exists()

    def test_a_person_sends_five_a_day(self, owner: Usuario) -> None:
        said = [flashes(owner, "/cuenta/correo/", self.form(f"n{n}@tienda.co")) for n in range(6)]
        assert [message.to for message in mail.outbox] == [[f"n{n}@tienda.co"] for n in range(5)]
        assert "Ya se enviaron varios enlaces" in said[5][0]

    def test_an_address_gets_three_a_day(self, owner: Usuario, stranger: Usuario) -> None:
        people = (owner, stranger, owner, stranger)
        said = [
            flashes(who, "/cuenta/correo/", self.form(address))
            for who, address in zip(people, ("a@t.co", "A@t.co", "a@T.co", "a@t.co"), strict=True)
        ]
        assert len(mail.outbox) == 3
        assert "Ya se enviaron varios enlaces" in said[3][0]

    def test_the_old_address_is_told(self, reachable: Usuario) -> None:
        client = signed_in(reachable)
        client.post("/cuenta/correo/", self.form("nueva@tienda.co"))
        client.post(link(mail.outbox[0]))
        assert [message.to for message in mail.outbox] == [["nueva@tienda.co"], ["duena@tienda.co"]]
        assert "ya no es el de la cuenta" in mail.outbox[1].body
        # The link was for a change from the address before.
        assert client.get(link(mail.outbox[0]))["Location"] == "/cuenta/"

    def test_it_is_taken_away(self, reachable: Usuario) -> None:
        assert flashes(reachable, "/cuenta/correo/", self.form("")) == ["Su cuenta ya no tiene correo."]
        reachable.refresh_from_db()
        assert reachable.email == ""
        assert mail.outbox[0].to == ["duena@tienda.co"]

    @pytest.mark.parametrize(
        ("address", "clave", "why"),
        [
            ("nueva@tienda.co", "no", "No es su clave."),
            ("nada", PASSWORD, "correo"),
            ("a@b.co\nBcc: x@y.co", PASSWORD, "correo"),
            ("x" * 300 + "@tienda.co", PASSWORD, ""),
        ],
    )
    def test_it_refuses(self, owner: Usuario, address: str, clave: str, why: str) -> None:
        (said,) = flashes(owner, "/cuenta/correo/", self.form(address, clave))
        assert why in said
        assert not mail.outbox

    def test_a_link_is_its_persons_and_of_an_hour(self, owner: Usuario, stranger: Usuario, clock: Any) -> None:
        signed_in(owner).post("/cuenta/correo/", self.form("nueva@tienda.co"))
        url = link(mail.outbox[0])
        assert signed_in(stranger).post(url).status_code == 302
        assert Client().post(url)["Location"].startswith("/cuentas/ingresar/")
        clock.shift(timedelta(minutes=61))
        signed_in(owner).post(url)
        assert not Usuario.objects.exclude(email="").exists()

    def test_guesses_at_the_password_are_counted(self, owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)
        said = [flashes(owner, "/cuenta/correo/", self.form("n@t.co", "no")) for _ in range(3)]
        assert "Demasiados intentos" in said[2][0]

    def test_a_person_is_told_of_their_second_factor(self, reachable: Usuario) -> None:
        secreto = factor.secreto_nuevo()
        factor.poner(usuario=reachable, secreto=secreto, texto=pyotp.TOTP(secreto).now())
        factor.quitar(usuario=reachable)
        assert [message.subject for message in mail.outbox] == [
            "Se puso un segundo factor",
            "Se quitó el segundo factor",
        ]


def test_a_text_is_not_logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0", raising=False)
    nudges._send("workers.correos", "duena@tienda.co", "asunto", "texto")
    assert "workers.correos" in caplog.text
    assert "duena@" not in caplog.text
