"""The connection's health is looked at without asking the server, and a dead one is still noticed."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.conf import settings
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def pid(transactional_db: None) -> Iterator[int]:
    """The server's process of our connection, which a request before has used."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        yield cursor.fetchone()[0]
    connection.close()


def end(pid: int) -> None:
    """End a connection as a restart of the server, or its operator, does; return when its process is gone."""
    other = psycopg2.connect(settings.DATABASE_URL)
    other.autocommit = True
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


def test_a_connection_at_rest_is_usable_without_a_statement(pid: int) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert connection.is_usable()
    assert list(asked) == []


def test_a_connection_that_the_server_ended_is_not(pid: int) -> None:
    end(pid)
    assert not connection.is_usable()


def test_the_next_request_has_a_new_one(pid: int) -> None:
    end(pid)
    close_old_connections()  # as every request does when it starts
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != pid


def test_a_connection_that_was_never_made_is_not(db: None) -> None:
    connection.close()
    assert not connection.is_usable()
