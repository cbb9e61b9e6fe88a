"""`manage.py ensure_admin`."""

import re
import secrets
import threading
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core.models import Usuario
from tests.factories import AdminFactory


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "first_password"


def run(*args: str) -> str:
    out = StringIO()
    call_command("ensure_admin", *args, stdout=out)
    return out.getvalue()


def test_it_makes_an_admin_with_a_random_password_that_only_its_user_may_read(db: None, file: Path) -> None:
    said = run(f"--file={file}")
    assert said == f"First admin: admin   password in {file}   (change it at the first sign-in)\n"
    assert (file.stat().st_mode, file.parent.stat().st_mode) == (0o100600, 0o040700)
    admin = Usuario.objects.get()
    assert admin.check_password(file.read_text().strip())
    assert (admin.username, admin.es_admin, admin.is_superuser, admin.is_staff) == ("admin", True, False, False)
    assert admin.clave_ajena
    assert run(f"--file={file}") == ""
    assert Usuario.objects.get() == admin


def test_it_replaces_the_file_of_an_earlier_start_and_follows_no_link(db: None, file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    other = tmp_path / "other"
    other.write_text("mine")
    file.symlink_to(other)
    run(f"--file={file}")
    assert other.read_text() == "mine"
    assert Usuario.objects.get().check_password(file.read_text().strip())


def test_it_makes_nobody_where_it_can_keep_no_password(db: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot write the first password into"):
        run(f"--file={tmp_path / 'file' / 'first_password'}")
    assert not Usuario.objects.exists()


def test_it_prints_it_once_on_a_terminal_that_asks_for_it(db: None) -> None:
    found = re.fullmatch(r"First admin: admin   password: (\S{16})   \(shown only now\)\n", run("--print"))
    assert found
    admin = Usuario.objects.get()
    assert admin.check_password(found[1])
    assert not admin.clave_ajena
    assert run("--print") == ""


def test_its_passwords_differ(db: None) -> None:
    passwords = set()
    for _ in range(3):
        passwords.add(run("--print"))
        Usuario.objects.all().delete()
    assert len(passwords) == 3


def test_it_takes_name_and_password_from_the_environment(db: None, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "doña")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "una clave larga")
    assert run(f"--file={file}") == "First admin: doña   the password you set\n"
    admin = Usuario.objects.get(username="doña")
    assert admin.check_password("una clave larga")
    assert not admin.clave_ajena  # who starts the product chose it
    assert not file.exists()


@pytest.mark.parametrize("password", ["a", "12345678", "password", "admin-admin"])
def test_it_refuses_a_password_that_the_pages_would(db: None, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "admin-admin")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    with pytest.raises(CommandError, match="DJANGO_SUPERUSER_PASSWORD: ") as refused:
        run()
    assert password not in str(refused.value).split()
    assert not Usuario.objects.exists()


def test_on_a_machine_of_ones_own_a_weak_password_is_only_told_of(
    db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "admin")
    assert run("--print") == "First admin: admin   the password you set\n"
    assert "DJANGO_SUPERUSER_PASSWORD is for this machine only: " in capsys.readouterr().err
    assert Usuario.objects.get().check_password("admin")


def test_it_takes_empty_for_absent(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "")
    assert "password: " in run("--print")
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
            said.append(run("--print"))
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Usuario.objects.count() == 1
    assert sorted(map(bool, said)) == [False, False, False, True]
