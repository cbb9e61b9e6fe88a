"""A session is over some hours after its last request, and some days after the sign-in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client

from core import sessions
from core.models import Usuario
from workers.tasks import limpiar_sesiones

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
RIGHT = {"username": "duena", "password": "clave-de-prueba"}

pytestmark = pytest.mark.django_db


def signed_in() -> Client:
    client = Client()
    assert client.post("/cuentas/ingresar/", RIGHT).status_code == 302
    return client


@pytest.mark.parametrize(("hours", "status"), [(11.9, 200), (12.1, 302)])
def test_it_is_over_when_nobody_asks(owner: Usuario, hours: float, status: int) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in()
        client.get("/")
        clock.shift(timedelta(hours=hours))

        assert client.get("/cuenta/").status_code == status
        assert client.get("/api/v1/clientes/").status_code == (200 if status == 200 else 401)


def test_what_a_page_asks_by_itself_in_the_background_prolongs_nothing(owner: Usuario) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in()
        client.get("/")
        for _ in range(2):
            clock.shift(timedelta(hours=6.1))
            last = client.get("/respuestas/sin-leer/", headers={"HX-Request": "true", "X-De-Fondo": "1"})
        assert last.status_code == 204  # the page is left as it is
        assert client.get("/cuenta/").status_code == 302


def test_it_is_over_after_a_week_however_often_one_asks(owner: Usuario) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in()
        for _ in range(16):
            assert client.get("/cuenta/").status_code == 200
            clock.shift(timedelta(hours=10.4))
        clock.shift(timedelta(hours=2))

        assert client.get("/cuenta/").status_code == 302
        assert not Session.objects.exists()


def test_it_is_written_seldom(owner: Usuario) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in()
        client.get("/cuenta/")
        before = Session.objects.get().session_data
        clock.shift(timedelta(minutes=4))
        client.get("/cuenta/")
        assert Session.objects.get().session_data == before
        clock.shift(timedelta(minutes=2))
        client.get("/cuenta/")
        assert Session.objects.get().session_data != before


def test_one_from_before_the_limits_stays_good(owner: Usuario) -> None:
    client = Client()
    client.force_login(owner)

    assert [client.get("/cuenta/").status_code for _ in range(2)] == [200, 200]


def test_signing_out_clears_what_the_browser_kept(owner: Usuario) -> None:
    client = signed_in()

    answer = client.post("/cuentas/salir/")

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/cuenta/").status_code == 302


def test_those_that_are_over_are_dropped(owner: Usuario) -> None:
    signed_in()
    signed_in()
    Session.objects.filter(pk=Session.objects.earliest("expire_date").pk).update(expire_date=NOW)

    limpiar_sesiones()

    assert Session.objects.count() == 1


def test_nobody_is_signed_out_while_the_key_is_changed(owner: Usuario, settings: Any) -> None:
    inside = signed_in()
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "otra-" * 10, [old]
    assert inside.get("/cuenta/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert inside.get("/cuenta/").status_code == 200  # it was signed anew meanwhile

    settings.SECRET_KEY = "otra mas-" * 10
    assert inside.get("/cuenta/").status_code == 302


@pytest.mark.parametrize(
    ("path", "status"), [("/cuenta/", 503), ("/api/v1/clientes/", 503), ("/healthz", 200), ("/favicon.ico", 302)]
)
def test_nothing_is_done_for_a_session_that_nobody_could_look_at(
    owner: Usuario, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    """PostgreSQL that is back a moment later would let a session in that is over."""
    client = Client(raise_request_exception=False)
    client.force_login(owner)

    def away(request: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(sessions, "_look", away)
    answer = client.get(path)
    assert answer.status_code == status, answer.content
    assert Client().get("/cuentas/ingresar/").status_code == 200  # who brings no session is not asked
