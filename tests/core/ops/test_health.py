"""/healthz and /readyz."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from core.models import Pulso, Usuario
from core.ops import pulses
from core.ops.pulses import Heart
from tests.pages import signed_in


def test_it_works(client: Client, db: None) -> None:
    assert client.get("/healthz").content == b"ok"
    response = client.get("/readyz")
    nobody = {"worker": "missing", "beat": "missing"}
    assert (response.status_code, response.json()) == (200, {"ok": True, "postgres": "ok", "redis": "ok", **nobody})


@pytest.mark.parametrize(
    ("alive", "shown"),
    [
        ((), {"worker": "missing", "beat": "missing"}),
        (("worker",), {"worker": "ok", "beat": "missing"}),
        (("beat",), {"worker": "missing", "beat": "ok"}),
        (("worker", "beat"), {"worker": "ok", "beat": "ok"}),
    ],
)
def test_it_shows_who_is_missing_and_who_asks_for_all_is_told(
    alive: tuple[str, ...], shown: dict[str, str], client: Client, db: None
) -> None:
    for tipo in alive:
        Heart(f"{tipo}@aqui", Pulso.Tipo(tipo)).beat()
    whole = len(alive) == 2
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ok": True, "postgres": "ok", "redis": "ok", **shown})
    response = client.get("/readyz?all")
    assert (response.status_code, response.json()["ok"]) == (200 if whole else 503, whole)


def test_a_process_without_pulse_counts_as_missing(client: Client, db: None) -> None:
    for tipo in Pulso.Tipo:
        Heart(f"{tipo}@aqui", tipo).beat()
    Pulso.objects.filter(tipo="beat").update(visto=timezone.now() - timedelta(seconds=pulses.GONE_S + 1))
    assert client.get("/readyz?all").json()["beat"] == "missing"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, DatabaseError])
def test_it_is_not_ready_without_postgres(client: Client, monkeypatch: Any, error: type[Exception], db: None) -> None:
    """A connection that the server closed is an InterfaceError, which is no DatabaseError."""

    def cursor() -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", cursor)
        response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"ok": False, "postgres": error.__name__, "redis": "ok", "worker": "unknown", "beat": "unknown"},
    )


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock", "redis://nowhere.invalid", "no"]
)
def test_it_is_not_ready_without_redis(client: Client, settings: Any, url: str, db: None) -> None:
    settings.REDIS_URL = url
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["postgres"] == "ok"
    assert response.json()["redis"] != "ok"


def test_healthz_asks_nobody(client: Client, settings: Any) -> None:
    """No database fixture: a query here would fail the test."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/healthz").status_code == 200


OUTSIDE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        ({}, True),
        (OUTSIDE, False),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "172.18.0.1"}, False),
        ({"REMOTE_ADDR": "", "SERVER_NAME": "testserver"}, False),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, False),
        ({"HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ({**OUTSIDE, "HTTP_AUTHORIZATION": "Bearer la-llave"}, True),
        ({**OUTSIDE, "HTTP_AUTHORIZATION": "bearer la-llave"}, True),
        ({**OUTSIDE, "HTTP_AUTHORIZATION": "Bearer otra"}, False),
        ({**OUTSIDE, "HTTP_AUTHORIZATION": "Bearer "}, False),
    ],
)
def test_it_tells_what_is_missing_to_who_may_know(
    meta: dict[str, str], told: bool, client: Client, settings: Any, db: None
) -> None:
    settings.METRICS_TOKEN = "la-llave"
    response = client.get("/readyz?all", **meta)  # type: ignore[arg-type]
    assert response.status_code == 503
    assert ("worker" in response.json()) is told
    assert response.json()["ok"] is False


def test_an_empty_token_is_nobodys(client: Client, settings: Any, db: None) -> None:
    settings.METRICS_TOKEN = ""
    response = client.get("/readyz", HTTP_AUTHORIZATION="Bearer ", **OUTSIDE)  # type: ignore[arg-type]
    assert response.json() == {"ok": True}


@pytest.mark.parametrize(("staff", "told"), [(True, True), (False, False)])
def test_staff_is_told_and_a_shop_is_not(staff: bool, told: bool, owner: Usuario) -> None:
    Usuario.objects.filter(pk=owner.pk).update(is_staff=staff)
    response = signed_in(owner).get("/readyz", **OUTSIDE)  # type: ignore[arg-type]
    assert ("worker" in response.json()) is told
