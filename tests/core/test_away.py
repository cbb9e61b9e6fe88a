"""The answer while PostgreSQL is away: 503, in the shape of the place, and when to come again."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.db import DataError, InterfaceError, OperationalError, connection, transaction
from django.db.utils import Error
from django.test import Client
from psycopg2 import errors
from rest_framework.test import APIClient

from core.models import Usuario
from core.ops.middleware import HEADER
from core.postgresql.away import RETRY_S, is_away
from tests.core.api import test_matrix as api
from tests.core.pages import test_matrix as pages
from tests.core.test_postgresql import end
from tests.factories import AdminFactory, llave_de
from tests.pages import signed_in


@pytest.fixture
def api_world(owner: Usuario) -> api.World:
    return api.make_world(owner)


@pytest.fixture
def pages_world(owner: Usuario) -> pages.World:
    return pages.make_world(owner)


CUT = "server closed the connection unexpectedly"
BODY = {
    "type": "server_error",
    "errors": [
        {
            "code": "database_unavailable",
            "detail": "La base de datos no responde en este momento. Intente de nuevo en unos segundos.",
            "attr": None,
        }
    ],
}


def from_driver(error: type[Error], cause: psycopg2.Error) -> Error:
    """Return the error that Django raises in place of the driver's."""
    raised = error(*cause.args)
    raised.__cause__ = cause
    return raised


@contextmanager
def away(*, after: int = 0, fails: int | None = None, error: Callable[[], Error] | None = None) -> Iterator[None]:
    """PostgreSQL answers so many statements, and then none, or some again after so many failed."""
    asked = 0

    def execute(real: Callable[..., Any], *args: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked <= after or (fails is not None and asked > after + fails):
            return real(*args)
        raise error() if error else from_driver(OperationalError, psycopg2.OperationalError(CUT))

    with connection.execute_wrapper(execute):
        yield
    # A savepoint that could not be rolled back: nobody but this test's transaction has seen the loss.
    transaction.set_rollback(False)


def with_token(usuario: Usuario) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {llave_de(usuario)}")
    return client


def with_session(usuario: Usuario) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(usuario)
    return client


def assert_says_so(answer: Any, body: Any, row: Any) -> None:
    assert answer.status_code == 503, (row, answer.status_code, answer.content[:500])
    assert answer["Retry-After"] == str(RETRY_S), row
    assert answer["Content-Type"] == "application/json", row
    assert answer.json() == body, row


@pytest.mark.parametrize("sign_in", [with_token, with_session])
def test_every_call_of_the_api_says_so(api_world: api.World, owner: Usuario, sign_in: Any) -> None:
    """PostgreSQL is asked first whose token or session it is."""
    client = sign_in(owner)
    for row in api.TABLE:
        path = "/" + row.route.replace("<int:pk>", str(api_world.pk_of(row.route)))
        with away():
            answer = getattr(client, row.method)(path, row.body(api_world) if row.body else None)
        assert_says_so(answer, BODY, row)


@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_and_whenever_the_connection_ends(api_world: api.World, owner: Usuario, after: int) -> None:
    client = with_token(owner)
    said = 0
    for row in api.TABLE:
        path = "/" + row.route.replace("<int:pk>", str(api_world.pk_of(row.route)))
        sid = transaction.savepoint()
        with away(after=after):
            answer = getattr(client, row.method)(path, row.body(api_world) if row.body else None)
        transaction.savepoint_rollback(sid)
        if answer.status_code >= 500:  # the others had asked all by then
            assert_says_so(answer, BODY, row)
            said += 1
    assert said


AJAX = ("clientes/crear/ajax/", "clientes/enviar-sms/", "clientes/plantillas-sms/")


def test_the_calls_of_the_reference_say_so_in_their_shape(pages_world: pages.World, owner: Usuario) -> None:
    rows = [row for row in pages.TABLE if row.route in AJAX]
    assert {row.route for row in rows} == set(AJAX)
    client = with_session(owner)
    for row in rows:
        with away():
            answer = getattr(client, row.method)(row.path(pages_world), row.form(pages_world), format="json")
        detail = BODY["errors"][0]["detail"]  # type: ignore[index]
        assert_says_so(answer, {"success": False, "errors": {"non_field_errors": [detail]}}, row)


# A link to a new password that is none, and who asks for one: a worker looks who that is.
ASKS_NOTHING = "cuentas/clave/"


def test_every_page_says_so(pages_world: pages.World, owner: Usuario) -> None:
    client = signed_in(owner)
    client.raise_request_exception = False
    for row in pages.TABLE:
        if row.route in AJAX or row.route.startswith(ASKS_NOTHING):
            continue
        with away():
            answer = pages.send_as_it_is(client, row, pages_world)
        assert answer.status_code == 503, (row, answer.status_code)
        assert answer["Retry-After"] == str(RETRY_S)
        assert "La base de datos no responde" in answer.content.decode()


@pytest.mark.parametrize("confined", ["password", "factor"])
@pytest.mark.parametrize("path", ["/cuenta/sesiones/", "/api/v1/ajustes/", "/clientes/plantillas-sms/"])
def test_a_statement_that_fails_lets_nobody_out(owner: Usuario, settings: Any, confined: str, path: str) -> None:
    """People who must choose a password, or set up a second factor, go nowhere else while it is unknown who asks."""
    if confined == "password":
        Usuario.objects.filter(pk=owner.pk).update(clave_ajena=True)
    else:
        settings.SECOND_FACTOR_REQUIRED = True
    client = with_session(owner)
    codes = []
    for nth in range(3):
        with away(after=nth, fails=1):
            codes.append(client.get(path).status_code)
    assert 503 in codes
    assert set(codes) <= {302, 403, 503}


def test_the_login_says_so(db: None) -> None:
    client = Client(raise_request_exception=False)
    with away():
        answer = client.post("/cuentas/ingresar/", {"username": "ana", "password": "x"})
    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))


def test_the_answer_keeps_its_id_and_its_line(
    owner: Usuario, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log does not ask PostgreSQL who it was that could not be served."""
    client = signed_in(owner)
    client.raise_request_exception = False
    monkeypatch.setattr(logging.getLogger("core"), "propagate", True)
    with away(), caplog.at_level(logging.WARNING, "core.request"):
        answers = [client.get(path, headers={HEADER: "r1"}) for path in ("/clientes/", "/api/v1/clientes/")]
    assert [(answer.status_code, answer[HEADER]) for answer in answers] == [(503, "r1")] * 2
    lines = [record.getMessage() for record in caplog.records if record.name == "core.request"]
    assert [line.split(" in ")[0] for line in lines] == ["GET /clientes/ 503", "GET /api/v1/clientes/ 503"]


@pytest.mark.parametrize("path", ["/api/v1/clientes/", "/clientes/"])
def test_a_fault_of_ours_is_none_of_the_databases(owner: Usuario, path: str) -> None:
    client = with_session(owner)
    for error in (
        lambda: from_driver(DataError, errors.NumericValueOutOfRange("out of range")),
        lambda: from_driver(OperationalError, with_code(errors.QueryCanceled, "57014")),
    ):
        with away(error=error):
            answer = client.get(path)
        assert answer.status_code == 500
        assert "Retry-After" not in answer


def with_code(error: type[psycopg2.Error], code: str) -> psycopg2.Error:
    """The driver's error as the server's answer makes it; its code cannot be written."""
    made: psycopg2.Error = type(error.__name__, (error,), {"pgcode": code})("said by the server")
    return made


AWAY = {
    "cut": from_driver(OperationalError, psycopg2.OperationalError(CUT)),
    "ended by its operator": from_driver(OperationalError, with_code(errors.AdminShutdown, "57P01")),
    "starting": from_driver(OperationalError, with_code(errors.CannotConnectNow, "57P03")),
    "full": from_driver(OperationalError, with_code(errors.TooManyConnections, "53300")),
    "closed before": from_driver(InterfaceError, psycopg2.InterfaceError("connection already closed")),
}
HERE = {
    "a long statement": from_driver(OperationalError, with_code(errors.QueryCanceled, "57014")),
    "a deadlock": from_driver(OperationalError, with_code(errors.DeadlockDetected, "40P01")),
    "a wrong value": from_driver(DataError, with_code(errors.NumericValueOutOfRange, "22003")),
    "a cursor": from_driver(InterfaceError, psycopg2.InterfaceError("cursor already closed")),
    "not the database": ConnectionRefusedError("no"),
}


@pytest.mark.parametrize("error", AWAY.values(), ids=AWAY.keys())
def test_it_is_away(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize("error", HERE.values(), ids=HERE.keys())
def test_it_is_not_away(error: Exception) -> None:
    assert not is_away(error)


@pytest.fixture
def token(transactional_db: None) -> Iterator[str]:
    yield llave_de(AdminFactory.create())
    connection.close()


def ask(token: str, path: str = "/api/v1/clientes/") -> Any:
    return APIClient(raise_request_exception=False).get(path, HTTP_AUTHORIZATION=f"Token {token}")


@pytest.mark.parametrize("path", ["/api/v1/clientes/", "/api/v1/campanas/1/progreso/"])
def test_a_connection_that_the_server_ends_during_a_call(token: str, path: str) -> None:
    def cut(real: Callable[..., Any], *args: Any) -> Any:
        with connection.connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            end(cursor.fetchone()[0])
        return real(*args)

    with connection.execute_wrapper(cut):
        assert_says_so(ask(token, path), BODY, path)
    connection.close()  # as every request does with one that failed
    assert ask(token).status_code == 200


def test_a_server_that_cannot_be_reached(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as stopped:
        stopped.setitem(connection.settings_dict, "HOST", "/nowhere")
        assert_says_so(ask(token), BODY, "stopped")
        # What asks no database is answered as ever.
        assert json.loads(APIClient().get("/api/v1/nada/").content)["errors"][0]["code"] == "not_found"
        assert APIClient().get("/healthz").status_code == 200
    assert ask(token).status_code == 200
