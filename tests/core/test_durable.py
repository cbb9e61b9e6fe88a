"""A PostgreSQL that loses commits, or a pooler that mixes sessions, is refused before anything starts."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from core import preflight
from core.postgresql import durable
from tests.core.pooler import Pooler

KEEPS = ("on", "on", "on")


def ids(found: list[CheckMessage], *, serious: bool) -> list[str | None]:
    return [message.id for message in found if message.is_serious() is serious]


def say(monkeypatch: pytest.MonkeyPatch, *values: str) -> None:
    literal = ", ".join(f"'{value}'" for value in values)
    monkeypatch.setattr(durable, "SETTINGS_SQL", f"SELECT {literal}")


@pytest.mark.parametrize(
    ("values", "simulated", "errors", "warnings"),
    [
        (KEEPS, False, [], []),
        (("on", "on", "remote_apply"), False, [], []),
        (("off", "on", "on"), False, ["core.E020"], []),
        (("off", "on", "on"), True, [], ["core.E020"]),
        (("on", "off", "on"), False, [], ["core.W020"]),
        (("on", "on", "off"), False, ["core.E021"], []),
        (("on", "on", "local"), True, ["core.E021"], []),
        (("on", "on", "remote_write"), False, ["core.E021"], []),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_it_says_what_loses_commits(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    values: tuple[str, ...],
    simulated: bool,
    errors: list[str],
    warnings: list[str],
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_SIMULATED = "AC", simulated
    say(monkeypatch, *values)
    found = durable.faults()
    assert (ids(found, serious=True), ids(found, serious=False)) == (errors, warnings)


@pytest.mark.django_db(transaction=True)
def test_every_connection_waits_for_the_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        # It is the session's own, so no default of the server or the role changes it.
        cursor.execute("SELECT source FROM pg_settings WHERE name = 'synchronous_commit'")
        assert cursor.fetchone() == ("client",)


@pytest.mark.django_db(transaction=True)
def test_nothing_starts_on_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECRET_KEY = "x" * 50
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = "AC" + "0" * 32, "t", "+1"
    settings.TWILIO_SIMULATED = False
    say(monkeypatch, "off", "on", "on")
    with pytest.raises(ImproperlyConfigured, match=r"fsync = off.*core\.E020"):
        preflight.refuse_misconfiguration(serves_pages=False)
    assert ids(run_checks(databases=["default"]), serious=True) == ["core.E020"]


@pytest.mark.django_db(transaction=True)
def test_without_an_account_nobody_gets_a_message(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_SIMULATED = "", False
    say(monkeypatch, "off", "on", "on")
    assert ids(durable.faults(), serious=True) == []


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_away_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(durable, "_settings", away)
    assert durable.faults() == []


def test_a_pooler_that_refuses_our_options_is_named(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("FATAL:  unsupported startup parameter in options: statement_timeout")

    monkeypatch.setattr(durable, "_settings", refuse)
    [fault] = durable.faults()
    assert (fault.id, "DATABASE_URL" in fault.msg) == ("core.E023", True)


class TestAPooler:
    @pytest.fixture
    def pooler(self, transactional_db: None) -> Iterator[Pooler]:
        with Pooler(connection.settings_dict["HOST"], connection.settings_dict["PORT"] or "5432") as pooler:
            yield pooler

    @pytest.mark.parametrize(("mode", "errors"), [("transaction", ["core.E022"]), ("session", [])])
    def test_it_is_refused_in_transaction_mode_only(
        self, pooler: Pooler, settings: Any, mode: str, errors: list[str]
    ) -> None:
        settings.TWILIO_SIMULATED = True
        pooler.mode = mode
        connection.close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
            patch.setitem(connection.settings_dict, "PORT", str(pooler.port))
            found = durable.faults()
        assert ids(found, serious=True) == errors
