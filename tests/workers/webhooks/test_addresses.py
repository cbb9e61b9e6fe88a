"""The addresses and the keys of Twilio's calls: with and without the last slash, and signed in each of its ways."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Entrante
from core.models import Usuario
from local.simulator.signing import headers
from tests.workers.webhooks.test_wsgi import (
    AUTH_TOKEN,
    PUBLIC_URL,
    Passed,
    call,
    django_application,  # noqa: F401
    environ,
    path_of,
    refuse,
    rows,
    sid_of,
)
from workers.webhooks.wsgi import Callbacks

OLDER, KEY = "auth-token-of-before", "secret-of-a-shared-key"
ENTRANTE = "/webhooks/twilio/entrante/"


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_ANTERIOR = AUTH_TOKEN, OLDER
    settings.TWILIO_SHARED_KEYS = [KEY]
    settings.PUBLIC_URL = PUBLIC_URL
    settings.SECURE_SSL_REDIRECT = False
    settings.ALLOWED_HOSTS = ["sms.tienda.co"]


WAYS = pytest.mark.parametrize("path_changes", [lambda path: path, lambda path: path.rstrip("/")], ids=["/", "no /"])
KEYS = pytest.mark.parametrize(("token", "key"), [(AUTH_TOKEN, ""), (OLDER, ""), ("", KEY)])


@WAYS
@KEYS
def test_a_status_is_written_the_quick_way(
    owner: Usuario, path_changes: Callable[[str], str], token: str, key: str
) -> None:
    [log] = rows(owner, "enviado")
    path, form = path_changes(path_of(log)), {"MessageSid": sid_of(log), "MessageStatus": "delivered"}
    made = environ(path, form, None)
    for name, value in headers(token, key, PUBLIC_URL + path, form).items():
        made["HTTP_" + name.upper().replace("-", "_")] = value

    assert call(Callbacks(refuse), made) == 204
    log.refresh_from_db()
    assert log.entrega == "delivered"


@WAYS
@KEYS
def test_a_status_is_written_by_django(
    owner: Usuario, path_changes: Callable[[str], str], token: str, key: str
) -> None:
    [log] = rows(owner, "enviado")
    path, form = path_changes(path_of(log)), {"MessageSid": sid_of(log), "MessageStatus": "delivered"}

    answer = Client(enforce_csrf_checks=True, headers={"host": "sms.tienda.co"}).post(
        path, form, headers=headers(token, key, PUBLIC_URL + path, form)
    )

    assert answer.status_code == 204
    log.refresh_from_db()
    assert log.entrega == "delivered"


@WAYS
@KEYS
def test_a_text_is_kept(owner: Usuario, path_changes: Callable[[str], str], token: str, key: str) -> None:
    path = path_changes(ENTRANTE)
    form = {"MessageSid": f"SM{1:032x}", "From": "+573001234567", "To": "+15005550006", "Body": "Hola"}

    answer = Client(enforce_csrf_checks=True, headers={"host": "sms.tienda.co"}).post(
        path, form, headers=headers(token, key, PUBLIC_URL + path, form)
    )

    assert answer.status_code == 200
    assert Entrante.objects.get().texto == "Hola"


def test_the_signature_is_of_the_address_that_was_called(owner: Usuario) -> None:
    [log] = rows(owner, "enviado")
    path, form = path_of(log), {"MessageSid": sid_of(log), "MessageStatus": "delivered"}
    made = environ(path.rstrip("/"), form, headers(AUTH_TOKEN, "", PUBLIC_URL + path, form)["X-Twilio-Signature"])

    assert call(Callbacks(refuse), made) == 403


@pytest.mark.parametrize("path", ["/webhooks/twilio/entrante//", "/webhooks/twilio/", "/webhooks/twilio/estado"])
def test_other_addresses_are_nobodys(path: str) -> None:
    answer = Client(headers={"host": "sms.tienda.co"}).post(path, {}, headers=headers(AUTH_TOKEN, "", path, {}))

    assert answer.status_code == 404
    with pytest.raises(Passed):
        call(Callbacks(refuse), environ(path, {"a": "b"}, None))
