"""The quick way of status callbacks, and ten thousand of them as they come: shuffled, doubled, some forged."""

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, close_old_connections, connection, connections
from django.test import override_settings
from django.utils import timezone

from campaigns.models import SMSLog
from clientes.models import Baja, Cliente
from core.models import Usuario
from core.postgresql.away import RETRY_S
from local.simulator.signing import sign
from tests.core.test_away import away
from tests.factories import AdminFactory, CampanaFactory, ClienteFactory, open_lote
from workers.engine.message import receipts
from workers.webhooks.forms import FORM_MAX
from workers.webhooks.wsgi import Callbacks

AUTH_TOKEN, PUBLIC_URL = "auth-token-of-the-test", "https://sms.tienda.co"
FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.PUBLIC_URL = PUBLIC_URL
    settings.SECURE_SSL_REDIRECT = False
    settings.ALLOWED_HOSTS = ["sms.tienda.co"]


def sid_of(log: SMSLog) -> str:
    assert log.token is not None
    return f"SM{log.token.hex}"


def path_of(log: SMSLog) -> str:
    assert log.token is not None
    return f"/webhooks/twilio/estado/{log.pk}-{log.token.hex}/"


def environ(path: str, form: dict[str, str], signature: str | None, **changes: Any) -> dict[str, Any]:
    body = urlencode(form).encode()
    made = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": FORM_TYPE,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "sms.tienda.co",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body),
    }
    if signature is not None:
        made["HTTP_X_TWILIO_SIGNATURE"] = signature
    return {**made, **changes}


def call(application: Callable[..., Any], made: dict[str, Any]) -> int:
    answers: list[str] = []
    list(application(made, lambda status, headers: answers.append(status)))
    return int(answers[0][:3])


def signed(log: SMSLog, status: str, **form: str) -> dict[str, Any]:
    data = {"MessageSid": sid_of(log), "MessageStatus": status, "To": log.telefono, **form}
    return environ(path_of(log), data, sign(AUTH_TOKEN, PUBLIC_URL + path_of(log), data))


def rows(owner: Usuario, *estados: str) -> list[SMSLog]:
    """One row in each estado, as the engine left it; those that were sent have their SID."""
    campana = CampanaFactory.create(usuario=owner, estado="procesando", total_clientes=len(estados))
    lote = open_lote(campana, [])
    now = timezone.now()
    clientes = ClienteFactory.build_batch(len(estados), usuario=owner)
    for cliente in clientes:
        cliente.derive_phone()
    logs = [
        SMSLog(
            campana=campana,
            lote=lote,
            cliente=cliente,
            telefono=cliente.telefono_e164,
            estado=estado,
            token=uuid.uuid4(),
            intentos=1,
            reclamado_en=now,
            lease_hasta=now + timedelta(minutes=5) if estado == "enviando" else None,
        )
        for estado, cliente in zip(estados, Cliente.objects.bulk_create(clientes), strict=True)
    ]
    for log in logs:
        log.twilio_sid = sid_of(log) if log.estado == "enviado" else ""
    return SMSLog.objects.bulk_create(logs)


@pytest.fixture
def django_application() -> Iterator[Callable[..., Any]]:
    """Django's, but for the closing of old connections: they are the test's own."""
    request_started.disconnect(close_old_connections)
    yield get_wsgi_application()
    request_started.connect(close_old_connections)


class Passed(Exception):
    """The request went on to Django."""


def refuse(made: dict[str, Any], start_response: Any) -> Any:
    raise Passed


class TestQuickWay:
    def test_it_answers_without_django(self, owner: Usuario) -> None:
        [log] = rows(owner, "enviado")
        assert call(Callbacks(refuse), signed(log, "delivered")) == 204
        log.refresh_from_db()
        assert log.entrega == "delivered"

    def test_it_refuses_without_django(self, owner: Usuario) -> None:
        [log] = rows(owner, "enviado")
        for signature in (None, "", "x", "á"):
            made = environ(path_of(log), {"MessageSid": sid_of(log), "MessageStatus": "read"}, signature)
            assert call(Callbacks(refuse), made) == 403
        other = f"/webhooks/twilio/estado/{log.pk}-{uuid.uuid4().hex}/"
        data = {"MessageSid": sid_of(log), "MessageStatus": "read"}
        assert call(Callbacks(refuse), environ(other, data, sign(AUTH_TOKEN, PUBLIC_URL + other, data))) == 404
        log.refresh_from_db()
        assert log.entrega == ""

    @pytest.mark.parametrize(
        "changes",
        [
            {"REQUEST_METHOD": "GET"},
            {"PATH_INFO": "/"},
            {"PATH_INFO": "/webhooks/twilio/estado/x/"},
            {"PATH_INFO": "/webhooks/twilio/entrante/"},
            {"QUERY_STRING": "a=1"},
            {"SCRIPT_NAME": "/sms"},
            {"CONTENT_TYPE": "multipart/form-data; boundary=x"},
            {"CONTENT_LENGTH": ""},
            {"CONTENT_LENGTH": "-1"},
            {"CONTENT_LENGTH": str(FORM_MAX + 1)},
            {"wsgi.input": BytesIO(b"\xff" * 10), "CONTENT_LENGTH": "10"},
            {"wsgi.input": BytesIO(b"a=1&a=2&b=1"), "CONTENT_LENGTH": "11"},
            {"wsgi.input": BytesIO(b""), "CONTENT_LENGTH": "0"},
            {"wsgi.input": BytesIO(b"a=1&" * 500), "CONTENT_LENGTH": "2000"},
        ],
        ids=lambda changes: " ".join(changes),
    )
    def test_everything_else_goes_on_to_django(self, owner: Usuario, changes: dict[str, Any]) -> None:
        [log] = rows(owner, "enviado")
        with pytest.raises(Passed):
            call(Callbacks(refuse), {**signed(log, "delivered"), **changes})

    def test_django_reads_a_body_that_was_looked_at(
        self, owner: Usuario, django_application: Callable[..., Any]
    ) -> None:
        [log] = rows(owner, "enviado")
        made = signed(log, "delivered")
        doubled = urlencode([("MessageSid", sid_of(log)), ("MessageStatus", "sent"), ("To", "a"), ("To", "b")]).encode()
        url = f"{PUBLIC_URL}{path_of(log)}MessageSid{sid_of(log)}MessageStatussentToaTob"
        made |= {"wsgi.input": BytesIO(doubled), "CONTENT_LENGTH": str(len(doubled))}
        made["HTTP_X_TWILIO_SIGNATURE"] = sign(AUTH_TOKEN, url, {})
        assert call(Callbacks(django_application), made) == 204
        log.refresh_from_db()
        assert log.entrega == "sent"

    def test_a_database_that_is_away_is_told_to_come_again(
        self, owner: Usuario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        [log] = rows(owner, "enviado")

        def down(sql: str, params: object) -> set[int]:
            raise OperationalError("the server closed the connection unexpectedly")

        monkeypatch.setattr(receipts, "_execute", down)
        assert call(Callbacks(refuse), signed(log, "delivered")) == 503

    def test_both_ways_and_the_texts_say_when_to_come_again(
        self, owner: Usuario, django_application: Callable[..., Any]
    ) -> None:
        """Twilio repeats what was answered 503: see `callbacks.CONNECTION_OVERRIDES`."""
        [log] = rows(owner, "enviado")
        form = {"MessageSid": sid_of(log), "From": "+573001234567", "To": "+15005550006", "Body": "BAJA"}
        path = "/webhooks/twilio/entrante/"
        text = environ(path, form, sign(AUTH_TOKEN, PUBLIC_URL + path, form))
        for way, made in (
            (Callbacks(refuse), signed(log, "delivered")),
            (django_application, signed(log, "delivered")),
            (django_application, text),
        ):
            answers: list[tuple[str, list[tuple[str, str]]]] = []
            with away():
                list(way(made, lambda *answer: answers.append(answer)))  # noqa: B023 - called in this round
            [(status, headers)] = answers
            assert status == "503 Service Unavailable"
            assert ("Retry-After", str(RETRY_S)) in headers

    def test_both_ways_say_the_same(self, owner: Usuario, django_application: Callable[..., Any]) -> None:
        """The same calls through the quick way and through Django's view."""
        for way in (Callbacks(refuse), django_application):
            first, second = rows(owner, "enviado", "incierto")
            made = [
                signed(first, "delivered"),
                signed(first, "sent"),
                signed(second, "undelivered", ErrorCode="30003"),
                {**signed(first, "read"), "HTTP_X_TWILIO_SIGNATURE": "x"},
                signed(first, "read", MessageSid="SM1"),
            ]
            assert [call(way, each) for each in made] == [204, 204, 204, 403, 404]
            for log in (first, second):
                log.refresh_from_db()
            assert (first.entrega, second.estado, second.entrega_codigo) == ("delivered", "enviado", "30003")


@pytest.mark.django_db(transaction=True)
def test_it_opens_a_connection_that_was_lost() -> None:
    """PostgreSQL was started again: the callback is written all the same."""
    [log] = rows(AdminFactory.create(), "enviado")
    lose_connection()
    assert call(Callbacks(refuse), signed(log, "delivered")) == 204
    log.refresh_from_db()
    assert log.entrega == "delivered"


@pytest.mark.django_db(transaction=True)
def test_it_is_written_when_twilio_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL takes no connections while it starts; the callback that met it then is repeated."""
    [log] = rows(AdminFactory.create(), "enviado")
    lose_connection()

    def starting(params: object) -> None:
        raise OperationalError("the database system is starting up")

    with monkeypatch.context() as away:
        away.setattr(connection, "get_new_connection", starting)
        assert [call(Callbacks(refuse), signed(log, "delivered")) for _ in range(2)] == [503, 503]
    assert call(Callbacks(refuse), signed(log, "delivered")) == 204
    log.refresh_from_db()
    assert log.entrega == "delivered"


def lose_connection() -> None:
    """Lose the connection as PostgreSQL does when it is started again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    killer = connections.create_connection("default")
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    killer.close()


MESSAGES, FORGED, THREADS = 1_250, 100, 24
# How each message's story ends; the first statuses come first, until the shuffle.
STORIES = [("queued", "sending", "sent", end) for end in ("delivered",) * 14 + ("undelivered", "failed")]
CODES = {"undelivered": "30003", "failed": "21610"}


@pytest.mark.django_db(transaction=True)
@override_settings(TWILIO_SENDER="")
def test_ten_thousand_callbacks_shuffled_doubled_and_some_forged() -> None:
    chance = random.Random(5)
    owner = AdminFactory.create()
    logs = rows(owner, *(("enviado", "enviado", "enviado", "incierto", "enviando", "pendiente")[n % 6]
                         for n in range(MESSAGES)))  # fmt: skip
    ends = {log.pk: STORIES[n % len(STORIES)][-1] for n, log in enumerate(logs)}
    calls = []
    for n, log in enumerate(logs):
        for status in STORIES[n % len(STORIES)]:
            code = {"ErrorCode": CODES[status]} if status in CODES else {}
            calls += [(204, signed(log, status, **code)) for _ in range(2)]
    forged = ({"HTTP_X_TWILIO_SIGNATURE": "x"}, {"HTTP_X_TWILIO_SIGNATURE": ""},
              {"HTTP_X_TWILIO_SIGNATURE": sign("another-token", PUBLIC_URL, {})})  # fmt: skip
    # "read" outranks every status: one that got through would be seen.
    calls += [(403, {**signed(chance.choice(logs), "read"), **forged[n % 3]}) for n in range(FORGED)]
    chance.shuffle(calls)
    assert len(calls) == 8 * MESSAGES + FORGED == 10_100

    application = Callbacks(refuse)

    def client(mine: list[tuple[int, dict[str, Any]]]) -> Counter[tuple[int, int]]:
        try:
            return Counter((expected, call(application, made)) for expected, made in mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        answers: Counter[tuple[int, int]] = sum(
            pool.map(client, (calls[n::THREADS] for n in range(THREADS))), Counter()
        )

    assert answers == {(204, 204): 8 * MESSAGES, (403, 403): FORGED}
    for log in SMSLog.objects.all():
        end = ends[log.pk]
        assert (log.estado, log.entrega, log.entrega_codigo) == ("enviado", end, CODES.get(end, "")), log.pk
        assert (log.twilio_sid, log.codigo, log.lease_hasta) == (sid_of(log), "", None)
    gone = {log.telefono for log in logs if ends[log.pk] == "failed"}
    assert set(Baja.objects.filter(usuario=owner, vigente=True).values_list("telefono", flat=True)) == gone
