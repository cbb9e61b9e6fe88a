"""Password guesses are counted at every door, by network and by account, also while Redis is away."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from limits import RateLimitItemPerDay
from rest_framework.test import APIClient

from core import guesses
from core.addresses import network_of
from core.api import throttling
from core.models import Usuario

PASSWORD = "clave-de-prueba"
RIGHT, WRONG = {"username": "duena", "password": PASSWORD}, {"username": "duena", "password": "no"}
DEAD = ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock"]

Door = Callable[..., Any]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two guesses a minute."""
    monkeypatch.setattr(throttling.LoginThrottle, "rate", "2/min", raising=False)


def page(form: dict[str, str], **headers: Any) -> Any:
    return Client().post("/cuentas/ingresar/", form, **headers)


def admin(form: dict[str, str], **headers: Any) -> Any:
    return Client().post("/admin/login/?next=/admin/", form, **headers)


def api(form: dict[str, str], **headers: Any) -> Any:
    return APIClient().post("/api/v1/auth/token/", form, **headers)


DOORS = [page, admin, api]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.django_db
def test_the_eleventh_guess_is_refused_at_every_door(owner: Usuario, door: Door) -> None:
    answers = [door(WRONG) for _ in range(11)]

    assert 429 not in [answer.status_code for answer in answers[:10]]
    assert answers[10].status_code == 429
    for other in DOORS:
        answer = other(RIGHT)
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) >= 1
        assert "sessionid" not in answer.cookies


@pytest.mark.parametrize(
    "address",
    [
        "2001:db8::{n:x}",  # one /64 has 2⁶⁴ of them
        "2001:db8:0:0:{n:x}:1:2:3",
        "203.0.113.{n}",  # another address each time, and one account
        "2001:db8:0:{n:x}::1",
        "::ffff:203.0.113.{n}",
    ],
)
@pytest.mark.django_db
def test_many_addresses_do_not_help(owner: Usuario, settings: Any, few: None, address: str) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}

    codes = [page(WRONG, HTTP_X_FORWARDED_FOR=address.format(n=n + 1)).status_code for n in range(4)]

    assert codes == [200] * 2 + [429] * 2


@pytest.mark.parametrize("username", ["DUENA", " duena", "ｄuena"])
@pytest.mark.django_db
def test_an_account_has_one_count_however_it_is_written(owner: Usuario, few: None, username: str) -> None:
    for n in range(2):
        page({**WRONG, "username": username}, REMOTE_ADDR=f"203.0.113.{n + 1}")

    assert page(RIGHT, REMOTE_ADDR="203.0.113.99").status_code == 429


@pytest.mark.parametrize("location", DEAD)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.django_db
def test_guesses_are_counted_without_redis(owner: Usuario, settings: Any, few: None, door: Door, location: str) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}

    codes = [door(WRONG).status_code for _ in range(4)]

    assert 429 not in codes[:2]
    assert codes[2:] == [429] * 2
    assert door(RIGHT, REMOTE_ADDR="203.0.113.9").status_code == 429


@pytest.mark.django_db
def test_a_right_password_forgets_the_wrong_ones(owner: Usuario, few: None) -> None:
    for n in range(5):
        assert page(WRONG, REMOTE_ADDR=f"203.0.{n}.1").status_code == 200
        assert page(RIGHT, REMOTE_ADDR=f"203.0.{n}.1").status_code == 302


@pytest.mark.django_db
def test_a_program_may_ask_for_its_token_often(owner: Usuario, few: None) -> None:
    codes = {api(RIGHT, REMOTE_ADDR=f"203.0.{n}.1").status_code for n in range(5)}

    assert codes == {200}


@pytest.mark.django_db
def test_a_stranger_does_not_shut_the_owner_out(owner: Usuario, stranger: Usuario, few: None) -> None:
    known, foreign = Client(), Client()
    assert known.post("/cuentas/ingresar/", RIGHT).status_code == 302
    known.post("/cuentas/salir/")
    assert foreign.post("/cuentas/ingresar/", {**RIGHT, "username": stranger.username}).status_code == 302
    foreign.post("/cuentas/salir/")
    for n in range(3):
        page(WRONG, REMOTE_ADDR=f"203.0.113.{n + 1}")

    assert page(RIGHT, REMOTE_ADDR="198.51.100.1").status_code == 429
    assert foreign.post("/cuentas/ingresar/", RIGHT, REMOTE_ADDR="198.51.100.2").status_code == 429
    assert known.post("/cuentas/ingresar/", RIGHT, REMOTE_ADDR="198.51.100.3").status_code == 302


@pytest.mark.django_db
def test_a_browser_that_is_known_has_a_count_of_its_own(owner: Usuario, few: None) -> None:
    known = Client()
    known.post("/cuentas/ingresar/", RIGHT)
    known.post("/cuentas/salir/")

    codes = [known.post("/cuentas/ingresar/", WRONG, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(3)]

    assert codes == [200] * 2 + [429]
    assert page(WRONG).status_code == 200


@pytest.mark.parametrize(
    "make",
    [
        lambda: "",
        lambda: "x",
        lambda: "a:b:c",
        lambda: signing.dumps("duena"),
        lambda: signing.dumps(["duena", "x"], salt="otra"),
        lambda: signing.dumps("duena", salt=guesses.SALT),
        lambda: signing.dumps([guesses.account("otra"), "x"], salt=guesses.SALT),
    ],
)
@pytest.mark.django_db
def test_a_browser_is_not_known_by_its_word(owner: Usuario, few: None, make: Callable[[], str]) -> None:
    for n in range(2):
        page(WRONG, REMOTE_ADDR=f"203.0.113.{n + 1}")
    client = Client()
    client.cookies[guesses.COOKIE] = make()

    assert client.post("/cuentas/ingresar/", RIGHT).status_code == 429


@pytest.mark.django_db
def test_an_account_has_a_limit_of_a_day(owner: Usuario, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guesses.A_DAY.amount == 100
    monkeypatch.setattr(throttling.LoginThrottle, "rate", "1000/min", raising=False)
    monkeypatch.setattr(guesses, "A_DAY", RateLimitItemPerDay(5))

    codes = [page(WRONG, REMOTE_ADDR=f"203.0.{n}.1").status_code for n in range(6)]

    assert codes == [200] * 5 + [429]


@pytest.mark.django_db
def test_an_open_session_does_not_guess_its_password(owner: Usuario, few: None) -> None:
    client = Client()
    client.force_login(owner)
    form = {"old_password": "no", "new_password1": "otra-clave-9", "new_password2": "otra-clave-9"}

    codes = [client.post("/cuenta/clave/", form, REMOTE_ADDR=f"203.0.113.{n + 1}").status_code for n in range(3)]

    assert codes == [200] * 2 + [429]
    assert client.post("/cuenta/clave/", {**form, "old_password": PASSWORD}).status_code == 429
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("nada", "nada"),
    ],
)
def test_a_network_is_what_one_caller_has(address: str, network: str) -> None:
    assert network_of(address) == network


class TestAdmin:
    """Django's admin has no door of its own."""

    @pytest.mark.django_db
    def test_the_operator_comes_in(self, owner: Usuario) -> None:
        Usuario.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
        client = Client()
        asked = client.get("/admin/")
        assert (asked.status_code, asked["Location"]) == (302, "/admin/login/?next=/admin/")
        form = client.get(asked["Location"])
        assert form.status_code == 200
        assert 'name="next" value="/admin/"' in form.content.decode()

        answer = client.post("/admin/login/", {**RIGHT, "next": "/admin/"})

        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
        assert client.get("/admin/").status_code == 200

    @pytest.mark.django_db
    def test_who_may_not_enter_is_told(self, owner: Usuario) -> None:
        client = Client()
        client.force_login(owner)

        assert client.get("/admin/login/?next=/admin/").status_code == 403

    @pytest.mark.django_db
    def test_a_password_is_changed_in_one_place(self, owner: Usuario) -> None:
        client = Client()
        client.force_login(owner)

        answer = client.get("/admin/password_change/")

        assert (answer.status_code, answer["Location"]) == (302, "/cuenta/")
