"""`manage.py ensure_admin`."""

import re
import secrets
import threading
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from core.models import Usuario
from tests.factories import AdminFactory


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def run() -> str:
    out = StringIO()
    call_command("ensure_admin", stdout=out)
    return out.getvalue()


def test_it_makes_an_admin_with_a_random_password_and_says_it_once(db: None) -> None:
    said = run()
    found = re.fullmatch(r"First admin: admin   password: (\S{16})   \(shown only now\)\n", said)
    assert found
    admin = Usuario.objects.get()
    assert admin.check_password(found[1])
    assert (admin.username, admin.es_admin, admin.is_superuser, admin.is_staff) == ("admin", True, True, True)
    assert run() == ""
    assert Usuario.objects.get() == admin


def test_its_passwords_differ(db: None) -> None:
    passwords = set()
    for _ in range(3):
        passwords.add(run())
        Usuario.objects.all().delete()
    assert len(passwords) == 3


def test_it_takes_name_and_password_from_the_environment(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "doña")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "una clave larga")
    assert run() == "First admin: doña   the password you set\n"
    assert Usuario.objects.get(username="doña").check_password("una clave larga")


def test_it_takes_empty_for_absent(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "")
    assert "password: " in run()
    assert Usuario.objects.get().username == "admin"


def test_it_is_silent_when_there_is_anybody(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    AdminFactory.create(is_active=False)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "otra")
    assert run() == ""
    assert Usuario.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_when_two_stacks_start_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real = secrets.token_urlsafe

    def slow(length: int) -> str:
        """Between the look and the write, long enough for the others to look too."""
        time.sleep(0.2)
        return real(length)

    monkeypatch.setattr(secrets, "token_urlsafe", slow)
    said: list[str] = []
    barrier = threading.Barrier(4)

    def start(*args: Any) -> None:
        try:
            barrier.wait()
            said.append(run())
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Usuario.objects.count() == 1
    assert sorted(map(bool, said)) == [False, False, False, True]
