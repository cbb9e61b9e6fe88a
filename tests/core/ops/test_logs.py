"""The log: its two forms, what a line is about, and the request's id from the header to the worker."""

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.test import Client, RequestFactory

from core.celery import DatabaseTask, pass_request_id
from core.models import Usuario
from core.ops import logs
from core.ops.middleware import HEADER, RequestLog
from tests.pages import signed_in

Lines = Callable[[], list[str]]


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("prueba.log")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.handlers.clear()


def listen(logger: logging.Logger, formatter: logging.Formatter) -> Lines:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    return lambda: stream.getvalue().splitlines()


def test_a_json_line_says_what_it_is_about(log: logging.Logger) -> None:
    lines = listen(log, logs.Json())
    with logs.about(request_id="r1", campana=3), logs.about(sms=5):
        log.warning("sms %s: ñandú", 5, extra={"codigo": "21610"})
    log.info("después")
    first, second = map(json.loads, lines())
    assert first.pop("time").endswith("+00:00")
    assert isinstance(first.pop("process"), int)
    assert first == {
        "level": "WARNING",
        "logger": "prueba.log",
        "message": "sms 5: ñandú",
        "request_id": "r1",
        "campana": 3,
        "sms": 5,
        "codigo": "21610",
    }
    assert not {"request_id", "campana", "sms"} & second.keys()
    assert "ñandú" in lines()[0]


def test_a_json_line_holds_its_traceback(log: logging.Logger) -> None:
    lines = listen(log, logs.Json())
    try:
        raise ValueError("dos\nlíneas")
    except ValueError:
        log.exception("no se pudo")
    [line] = lines()
    assert "ValueError: dos\nlíneas" in json.loads(line)["exc_info"]


FORGED = "x\n2026-01-01 00:00:00,000 INFO core.request: POST /usuarios/nuevo/ 302 in 3.1 ms"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_nobody_begins_a_line_for_people(log: logging.Logger, end: str) -> None:
    lines = listen(log, logs.Line())
    text = FORGED.replace("\n", end)
    log.warning("GET %s", text)
    with logs.about(campana=text):
        log.warning("otra")
    assert len(lines()) == 2
    assert all(line.startswith("2") and "WARNING prueba.log" in line[:60] for line in lines())


@pytest.mark.parametrize("character", ["\x1b[2J", "\x00", "\x7f", "\u202e", "\u2066", "\x9b31m"])
def test_nobody_moves_the_cursor_of_who_reads(log: logging.Logger, character: str) -> None:
    lines = listen(log, logs.Line())
    log.warning("GET /%s", f"a{character}b")
    [line] = lines()
    assert character[0] not in line
    assert "GET /a\\" in line


def test_a_traceback_stands_behind_a_bar(log: logging.Logger) -> None:
    lines = listen(log, logs.Line())
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.exception("no se pudo")
    first, *rest = lines()
    assert first.endswith("no se pudo")
    assert rest[0] == "  | Traceback (most recent call last):"
    assert all(line.startswith("  | ") for line in rest)


def test_a_path_of_a_stranger_is_one_line(client: Client, log: logging.Logger) -> None:
    requests = logging.getLogger("core.request")
    lines = listen(requests, logs.Line())
    try:
        client.get(
            "/x%0A2026-01-01%2000:00:00,000%20INFO%20core.request:%20POST%20/usuarios/nuevo/%20302%20in%203.1%20ms"
        )
        client.post(
            "/x%0A2026-01-01%2000:00:00,000%20INFO%20core.request:%20POST%20/usuarios/nuevo/%20302%20in%203.1%20ms"
        )
    finally:
        requests.handlers.pop()
    assert len(lines()) == 2
    assert all("\\n2026-01-01" in line for line in lines())


def test_a_line_for_people_says_it_at_the_end(log: logging.Logger) -> None:
    lines = listen(log, logs.Line())
    with logs.about(campana=3, sms=5):
        log.error("falló")
    log.error("otra")
    first, second = lines()
    assert first.endswith("ERROR prueba.log: falló [campana=3 sms=5]")
    assert second.endswith("ERROR prueba.log: otra")


@pytest.mark.parametrize("form", [logs.LINE, logs.JSON])
def test_every_logger_writes_in_the_chosen_form(form: str) -> None:
    found = logs.configuration(form, "INFO")
    assert found["formatters"]["chosen"]["()"] == f"core.ops.logs.{'Json' if form == logs.JSON else 'Line'}"
    assert {handler for logger in found["loggers"].values() for handler in logger.get("handlers", ())} == {"console"}


@pytest.fixture
def request_lines() -> Iterator[Lines]:
    logger = logging.getLogger("core.request")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    lines = listen(logger, logs.Json())
    yield lines
    logger.handlers.clear()
    logger.setLevel(before)


def test_the_given_id_comes_back_and_is_in_the_log(client: Client, request_lines: Lines) -> None:
    answer = client.get("/healthz", headers={HEADER: "abc-123"})
    assert answer[HEADER] == "abc-123"
    line = json.loads(request_lines()[0])
    assert (line["request_id"], line["method"], line["path"], line["status"]) == ("abc-123", "GET", "/healthz", 200)


@pytest.mark.parametrize("given", ["", "con espacio", "a\tb", "x" * 129, "<script>"])
def test_it_makes_an_id_when_there_is_none_or_a_bad_one(given: str, client: Client) -> None:
    first, second = (client.get("/healthz", headers={HEADER: given})[HEADER] for _ in range(2))
    assert uuid.UUID(first) != uuid.UUID(second)


def test_it_names_the_person_and_the_campaign_and_hides_the_query(owner: Usuario, request_lines: Lines) -> None:
    signed_in(owner).get("/campanas/999/?nombre=secreto")
    [line] = request_lines()
    assert json.loads(line) | {"usuario": owner.pk, "campana": 999, "path": "/campanas/999/"} == json.loads(line)
    assert "secreto" not in line


def test_it_hides_the_token_of_a_callback(client: Client, request_lines: Lines) -> None:
    client.post(f"/webhooks/twilio/estado/7-{'a' * 32}/")
    [line] = request_lines()
    assert json.loads(line)["path"] == "/webhooks/twilio/estado/<str:token>/"
    assert "a" * 32 not in line


@pytest.mark.parametrize(
    ("method", "status", "level"),
    [("GET", 200, "DEBUG"), ("POST", 302, "INFO"), ("GET", 404, "INFO"), ("GET", 503, "WARNING")],
)
def test_what_is_usual_is_not_in_the_way(method: str, status: int, level: str, request_lines: Lines) -> None:
    class Answer(dict[str, str]):
        status_code = status

    request = RequestFactory().generic(method, "/x/")
    request.resolver_match = None
    RequestLog(lambda _: Answer())(request)  # type: ignore[arg-type, return-value]
    assert json.loads(request_lines()[0])["level"] == level


def test_a_task_carries_the_id_of_the_request_that_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.celery.close_old_connections", lambda: None)
    heard: list[dict[str, Any]] = []

    class Asked(DatabaseTask):
        name = "prueba.pedida"

        def run(self) -> None:
            heard.append({name: logs.said(name) for name in ("request_id", "task")})

    task = current_app.register_task(Asked())
    headers: dict[str, Any] = {}
    with logs.about(request_id="r9"):
        pass_request_id(headers=headers)
    assert headers == {"request_id": "r9"}
    task.push_request(id="t1", **headers)
    try:
        task.before_start("t1", (), {})
        task.run()
        task.after_return("SUCCESS", None, "t1", (), {}, None)
    finally:
        task.pop_request()
        current_app.tasks.unregister("prueba.pedida")
    assert heard == [{"request_id": "r9", "task": "prueba.pedida"}]
    assert logs.said("request_id") is None


def test_without_a_request_a_task_carries_none() -> None:
    headers: dict[str, Any] = {}
    pass_request_id(headers=headers)
    assert headers == {}
