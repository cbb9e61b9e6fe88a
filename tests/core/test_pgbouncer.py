"""The product behind a real PgBouncer that gives a session to each transaction."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.db import connection, transaction

from campaigns.models import CampanaSMS
from core.postgresql import durable
from tests.pgbouncer import MISSING, PgBouncer, program, running_pgbouncer
from workers.engine.base import locks

pytestmark = [
    pytest.mark.skipif(program() is None, reason=MISSING),
    pytest.mark.django_db(transaction=True),
]
BOUNDS = ("statement_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture
def bounded(transactional_db: None) -> Iterator[None]:
    """A database whose sessions are bounded, whoever opens them."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])

    def alter(change: str) -> None:
        with connection.cursor() as cursor:
            for setting in BOUNDS:
                cursor.execute(f"ALTER DATABASE {name} " + change.format(setting))

    alter("SET {} = '30s'")
    yield
    alter("RESET {}")


@pytest.fixture
def pooler(transactional_db: None) -> Iterator[PgBouncer]:
    known = connection.settings_dict
    host = known["HOST"].replace("/", "%2F")
    url = f"postgresql://{known['USER']}:{known['PASSWORD']}@{host}:{known['PORT'] or 5432}/{known['NAME']}"
    with running_pgbouncer(url) as started:
        yield started


@contextmanager
def behind(pooler: PgBouncer, settings: Any, *, told: bool = True) -> Iterator[None]:
    """Let the product connect to the pooler, as DATABASE_URL and, unless it is not told, DATABASE_POOLER say."""
    settings.DATABASE_POOLER = "transaction" if told else ""
    connection.close()
    known = connection.settings_dict
    options = {name: value for name, value in known["OPTIONS"].items() if not (told and name == "options")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(known, "HOST", "127.0.0.1")
        patch.setitem(known, "PORT", str(pooler.port))
        patch.setitem(known, "OPTIONS", options)
        yield
        connection.close()


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found if message.is_serious()]


def test_it_starts_where_the_role_bounds_its_sessions(
    bounded: None, pooler: PgBouncer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TWILIO_SIMULATED = True
    with behind(pooler, settings):
        assert ids(durable.faults()) == []


def test_it_names_what_is_to_be_set(pooler: PgBouncer, settings: Any) -> None:
    settings.TWILIO_SIMULATED = True
    with behind(pooler, settings):
        found = durable.faults()
    assert ids(found) == ["core.E024"]
    [fault] = [message for message in found if message.is_serious()]
    for setting, value in zip(BOUNDS, ("30000ms", "60s"), strict=True):
        assert f"ALTER ROLE \"{connection.settings_dict['USER']}\" SET {setting} = '{value}'" in str(fault.hint)


def test_it_is_refused_by_name_where_nobody_said_so(pooler: PgBouncer, settings: Any) -> None:
    """PgBouncer takes no startup options: https://www.pgbouncer.org/config.html#ignore_startup_parameters"""
    with behind(pooler, settings, told=False):
        [fault] = durable.faults()
    assert fault.id == "core.E023"
    assert "DATABASE_POOLER=transaction" in str(fault.hint)


def test_one_is_alone_though_sessions_are_shared(bounded: None, pooler: PgBouncer, settings: Any) -> None:
    seen: list[bool] = []

    def ask() -> None:
        with locks.alone(locks.SWEEP) as held:
            seen.append(held)
        connection.close()

    def all_at_once() -> None:
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with behind(pooler, settings):
        with locks.alone(locks.SWEEP) as held:
            assert held
            all_at_once()
            assert seen == [False] * 4
            locks.still_here()
        seen.clear()
        all_at_once()
        assert any(seen)


def test_a_transaction_keeps_its_session_and_its_bounds(bounded: None, pooler: PgBouncer, settings: Any) -> None:
    with behind(pooler, settings):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '7min'")
            cursor.execute("SELECT pg_advisory_xact_lock(1)")
            cursor.execute("CREATE TEMP TABLE carga ON COMMIT DROP AS SELECT 1 AS n")
            cursor.execute("SELECT n, current_setting('statement_timeout') FROM carga")
            assert cursor.fetchone() == (1, "7min")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('TimeZone')")
            assert cursor.fetchone() == ("30s", "UTC")
        assert list(CampanaSMS.objects.iterator()) == []


def test_it_goes_on_when_the_pooler_was_started_again(bounded: None, pooler: PgBouncer, settings: Any) -> None:
    with behind(pooler, settings):
        assert not CampanaSMS.objects.exists()
        pooler.kill()
        pooler.start()
        assert not connection.is_usable()
        connection.close_if_unusable_or_obsolete()
        assert not CampanaSMS.objects.exists()
