"""Status callbacks from the web server's loop: which are read there, and what each is answered."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.http import QueryDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from campaigns.models import SMSLog
from core.models import Usuario
from local.simulator.signing import headers
from tests.bench.caller import request
from tests.factories import AdminFactory
from tests.growth import FITS, growth
from tests.workers.webhooks.test_wsgi import AUTH_TOKEN, PUBLIC_URL, rows, sid_of
from workers.engine.message import receipts
from workers.engine.message.receipts import Receipt
from workers.gateway.signature import signed_text
from workers.webhooks.at_once import AtOnce, read

TOKEN = f"12-{'a' * 32}"
PLAIN = request(f"{TOKEN} SM{'b' * 32} +573001234567", "sent", PUBLIC_URL, AUTH_TOKEN)
HEAD, _, BODY = PLAIN.partition(b"\r\n\r\n")


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.PUBLIC_URL = PUBLIC_URL


class Answers:
    """The answers that were given, by any thread."""

    def __init__(self, count: int = 1) -> None:
        self.statuses: dict[int, int] = {}
        self._missing = threading.Semaphore(0)
        self._count = count

    def of(self, number: int) -> Any:
        def answer(status: int) -> None:
            assert number not in self.statuses
            self.statuses[number] = status
            self._missing.release()

        return answer

    def all(self) -> list[int]:
        for _ in range(self._count):
            assert self._missing.acquire(timeout=20)
        return [self.statuses[number] for number in range(self._count)]


def call(log: SMSLog, status: str) -> bytes:
    assert log.token is not None
    return request(f"{log.pk}-{log.token.hex} {sid_of(log)} {log.telefono}", status, PUBLIC_URL, AUTH_TOKEN)


class TestReading:
    def test_it_reads_what_twilio_sends(self) -> None:
        found = read(PLAIN)
        assert found is not None
        assert (found.path, found.token) == (f"/webhooks/twilio/estado/{TOKEN}/", TOKEN)
        assert (found.form["MessageStatus"], found.form["To"]) == ("sent", "+573001234567")
        assert found.given
        assert found.key_settings is None
        assert found.size == len(PLAIN)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"X-Twilio-Signature", b"x-twilio-SIGNATURE"),
            (b"Content-Length: ", b"content-length:"),
            (b"; charset=utf-8", b""),
            (b"Accept: */*", b"Connection: Keep-Alive"),
            (b"Accept: */*", b"Accept:"),
            (f"{TOKEN}/".encode(), TOKEN.encode()),
        ],
    )
    def test_it_reads_other_spellings(self, old: bytes, new: bytes) -> None:
        assert old in PLAIN
        found = read(PLAIN.replace(old, new))
        assert found is not None
        assert found.given

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"POST", b"GET"),
            (b"POST", b"post"),
            (b" HTTP/1.1", b" HTTP/1.0"),
            (b" HTTP/1.1", b"?a=1 HTTP/1.1"),
            (b" HTTP/1.1", b"#a HTTP/1.1"),
            (b"/estado/", b"/entrante/"),
            (b"/estado/12", b"/estado/%31%32"),
            (b"/estado/12", b"//estado/12"),
            (b"POST /", b"POST https://sms.tienda.co/"),
            (b"Content-Length: ", b"Content-Length: +"),
            (b"Content-Length: ", b"Content-Length: 9"),
            (b"Content-Length: ", b"Content-Length: 0, "),
            (b"Accept: */*", b"Content-Length: 1"),
            (b"Accept: */*", b"Content-Type: application/x-www-form-urlencoded"),
            (b"Accept: */*", b"X-Twilio-Signature: x"),
            (b"Accept: */*", b"Transfer-Encoding: chunked"),
            (b"Accept: */*", b"transfer-encoding: identity"),
            (b"Accept: */*", b"Expect: 100-continue"),
            (b"Accept: */*", b"Upgrade: h2c"),
            (b"Accept: */*", b"Connection: close"),
            (b"Accept: */*", b"Connection: keep-alive, Upgrade"),
            (b"Accept: */*", b"Accept : */*"),
            (b"Accept: */*", b" folded: b"),
            (b"Accept: */*", b"script_name: /x"),
            (b"Accept: */*", b"Accept: \xe1"),
            (b"Accept: */*", b"Accept: a\nb: c"),
            (b"Accept: */*", b"Accept: a\0"),
            (b"Accept: */*", b"no colon"),
            (b"Accept: */*", b"\r\n".join(b"A%d: b" % n for n in range(100))),
            (b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"),
            (b"application/x-www-form-urlencoded", b"application/json"),
            (b"SmsSid=", b"MessageSid="),
            (BODY, b""),
            (BODY, BODY[:-1]),
            (BODY, BODY + b"x"),
            (BODY, BODY + PLAIN),
            (b"\r\n\r\n", b"\n\n"),
        ],
    )
    def test_it_leaves_everything_else(self, old: bytes, new: bytes) -> None:
        assert old in PLAIN
        assert read(PLAIN.replace(old, new)) is None

    @pytest.mark.parametrize("size", [0, 1, 40, len(HEAD), len(HEAD) + 4, len(PLAIN) - 1])
    def test_it_leaves_what_has_not_all_come(self, size: int) -> None:
        answers = Answers()
        assert AtOnce().take(PLAIN[:size], answers.of(0)) == 0
        assert answers.statuses == {}


@pytest.mark.parametrize(
    "form", ["", "b=1&a=2", "a=2&a=1&a=2&b=&%C3%A1=%20%2B", "To=%2B57&to=x&T=y", "a=%E2%82%AC&bodySHA256=x"]
)
@pytest.mark.parametrize("url", [f"{PUBLIC_URL}/x/", f"{PUBLIC_URL}:8443/x/?b=1&a=2"])
def test_what_is_signed_is_what_the_sdk_signs(form: str, url: str) -> None:
    params = QueryDict(form)
    by_hand = RequestValidator(AUTH_TOKEN).compute_signature
    assert by_hand(url, params) == by_hand(signed_text(url, params), {})
    assert by_hand(url, params.dict()) == by_hand(signed_text(url, params.dict()), {})


class TestRefusals:
    """They need no statement, so they come at once."""

    @pytest.mark.parametrize(
        ("old", "new", "status"),
        [
            (b"X-Twilio-Signature: ", b"X-Twilio-Signature: x", 403),
            (b"X-Twilio-Signature: ", b"X-Other: ", 403),
            (b"=sent", b"=read", 403),
            (b"To=%2B57", b"To=%2B58", 403),
        ],
    )
    def test_a_wrong_signature(self, old: bytes, new: bytes, status: int) -> None:
        answers = Answers()
        changed = PLAIN.replace(old, new)
        assert AtOnce().take(changed, answers.of(0)) == len(changed)
        assert answers.all() == [status]

    def test_a_sid_that_is_none(self) -> None:
        answers, odd = Answers(), request(f"{TOKEN} SM1 +573001234567", "sent", PUBLIC_URL, AUTH_TOKEN)
        assert AtOnce().take(odd, answers.of(0)) == len(odd)
        assert answers.all() == [404]

    def test_a_shared_key_is_taken_by_its_own_header(self, settings: Any) -> None:
        settings.TWILIO_SHARED_KEYS = ["shared"]
        found = read(PLAIN)
        assert found is not None
        made = headers("", "shared", PUBLIC_URL + found.path, found.form)
        old = next(line for line in HEAD.split(b"\r\n") if line.startswith(b"X-Twilio-Signature"))
        new = "\r\n".join(f"{name}: {value}" for name, value in made.items()).encode()
        answers = Answers()
        for key, status in (("shared", None), ("other", 403)):
            settings.TWILIO_SHARED_KEYS = [key]
            call = read(PLAIN.replace(old, new))
            assert call is not None
            assert call.key_settings == made["X-Twilio-Webhooks-Signature-Settings"]
            if status:
                assert AtOnce().take(PLAIN.replace(old, new), answers.of(0))
                assert answers.all() == [status]


@pytest.fixture
def at_once() -> Iterator[AtOnce]:
    made = AtOnce()
    yield made
    assert made._batches.stop(20)  # and its connection is closed


@pytest.mark.django_db(transaction=True)
class TestGroups:
    def test_one_statement_writes_a_row_once(self, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
        logs = rows(AdminFactory.create(), "enviado", "incierto", "enviado")
        calls = [call(log, status) for status in ("sending", "delivered", "sent") for log in logs]
        statements: list[str] = []
        executed = receipts._executed

        def heard(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
            statements.append(sql)
            return executed(sql, params)

        monkeypatch.setattr(receipts, "_executed", heard)
        answers = Answers(len(calls))
        at_once._batches.start()
        for number, data in enumerate(calls):
            assert at_once.take(data, answers.of(number)) == len(data)
        assert answers.all() == [204] * len(calls)
        assert len(statements) < len(calls) / 2
        found = SMSLog.objects.values_list("estado", "entrega")
        assert list(found) == [("enviado", "delivered")] * len(logs)

    def test_each_gets_its_own_answer(self, at_once: AtOnce) -> None:
        [log, other] = rows(AdminFactory.create(), "enviado", "enviado")
        SMSLog.objects.filter(pk=other.pk).update(token=uuid.uuid4())  # claimed again since
        answers = Answers(3)
        for number, data in enumerate([call(log, "sent"), call(other, "sent"), call(log, "read")]):
            at_once.take(data, answers.of(number))
        assert answers.all() == [204, 404, 204]

    def test_nothing_is_answered_before_it_is_durable(self, at_once: AtOnce) -> None:
        [log] = rows(AdminFactory.create(), "enviado")
        seen: list[str] = []
        done = threading.Event()

        def answer(status: int) -> None:
            seen.extend(SMSLog.objects.using("default").values_list("entrega", flat=True))
            connection.close()
            done.set()

        at_once.take(call(log, "delivered"), answer)
        assert done.wait(20)
        assert seen == ["delivered"]

    @pytest.mark.parametrize(("error", "expected"), [(DataError, [204, 503, 204]), (OperationalError, [503] * 3)])
    def test_a_bad_one_keeps_no_neighbour_out(
        self, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, error: type[Exception], expected: list[int]
    ) -> None:
        """A server that is away refuses all of them: nobody tries it for each."""
        logs = rows(AdminFactory.create(), "enviado", "enviado", "enviado")
        executed, tried = receipts._executed, []

        def picky(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
            tried.append(params)
            if logs[1].pk in params.get("ids", [params.get("id")]):
                raise error("no")
            return executed(sql, params)

        monkeypatch.setattr(receipts, "_executed", picky)
        answers = Answers(3)
        for number, log in enumerate(logs):
            at_once.take(call(log, "delivered"), answers.of(number))
        assert answers.all() == expected
        assert len(tried) <= 5

    def test_whatever_goes_wrong_is_answered(self, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(told: Sequence[Receipt]) -> list[bool]:
            raise ValueError

        monkeypatch.setattr(receipts, "apply_receipts", broken)
        [log] = rows(AdminFactory.create(), "enviado")
        answers = Answers()
        at_once.take(call(log, "delivered"), answers.of(0))
        assert answers.all() == [503]


def hot_updates() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)"
            " FROM pg_class WHERE relname = 'campaigns_smslog'"
        )
        updates, hot = cursor.fetchone()
    return updates, hot


def test_no_index_learns_of_an_ordinary_callback(owner: Usuario) -> None:
    [log] = rows(owner, "enviado")
    assert log.token is not None
    before = hot_updates()
    statuses = ("queued", "sending", "sent", "delivered", "read")
    for status in statuses:
        assert receipts.apply_receipts([Receipt(log.pk, log.token, sid_of(log), status)]) == [True]
    updates, hot = (b - a for a, b in zip(before, hot_updates(), strict=True))
    assert (updates, hot) == (len(statuses), len(statuses))


def test_reading_takes_no_longer_for_blanks_in_a_header() -> None:
    def blanks(size: int) -> bytes:
        return HEAD + b"\r\nX-Twilio-Signature: a" + b" " * size + b"b\r\n\r\n" + BODY

    assert growth(read, blanks, 20_000) < FITS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", ["queued", "sending", "sent", "delivered"])
def test_what_left_and_was_dropped_means_the_same_together_and_apart(owner: Usuario, before: str) -> None:
    found = []
    for together in (True, False):
        [log] = rows(owner, "enviado")
        assert log.token is not None
        told = [
            Receipt(log.pk, log.token, sid_of(log), status, code)
            for status, code in ((before, ""), ("failed", "30001"))
        ]
        for group in [told] if together else [[each] for each in told]:
            assert all(receipts.apply_receipts(group))
        log.refresh_from_db()
        found.append((log.estado, log.entrega, log.entrega_codigo))
    assert found[0] == found[1]
