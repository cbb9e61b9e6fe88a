"""The meaning of each HTTP answer: one row a case, over a real socket, through the real SDK."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import answering, scripted_server
from tests.workers.gateway.raw import SID, error_json, message_json
from workers.gateway.classify import MAX_RETRY_AFTER_S, classify_error
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Permanent, Retryable

PAGE = "<html><body>Bad things happen</body></html>"

REFUSED: list[tuple[int, str, type, str]] = [
    # The recipient: Twilio's codes about To.
    *[(400, error_json(code), Permanent, str(code)) for code in (21211, 21214, 21217, 21408, 21608, 21610)],
    *[(400, error_json(code), Permanent, str(code)) for code in (21612, 21614, 21635)],
    # The content is refused before a campaign starts: what still comes back is about this recipient's text.
    *[(400, error_json(code), Permanent, str(code)) for code in (21602, 21617, 14103)],
    # A messaging code we never heard of fails one recipient, not the campaign.
    (400, error_json(21999), Permanent, "21999"),
    # RFC 9457 problem details, which newer Twilio services answer with.
    (400, json.dumps({"type": "x", "title": "Nope", "status": 400, "code": 21610}), Permanent, "21610"),
    # The account or the sender.
    *[(400, error_json(code), Account, str(code)) for code in (10001, 20005, 20403, 21212, 21603, 21606)],
    *[(400, error_json(code), Account, str(code)) for code in (21609, 21659, 21705, 63038, 90010)],
    (401, error_json(20003, 401), Account, "20003"),
    (404, error_json(20404, 404), Account, "20404"),
    # An unknown code that is not about messages would meet every recipient alike.
    (400, error_json(20999), Account, "20999"),
    # Finer codes than the table has, and those of six digits, which a trial account meets.
    *[
        (400, error_json(code), Account, str(code))
        for code in (21401, 21601, 21607, 21616, 21657, 21661, 21664, 21267, 21910, 30016)
    ],
    *[(400, error_json(code), Account, str(code)) for code in (21701, 21703, 21712, 572002, 572006, 572099)],
    (400, error_json(572005), Permanent, "572005"),
    # The account's limit of a day comes as a 429, and so could what is known of a sender.
    (429, error_json(63038, 429), Account, "63038"),
    (429, error_json(21661, 429), Account, "21661"),
    # The code as a text.
    (429, json.dumps({"code": "63038", "message": "no"}), Account, "63038"),
    (400, json.dumps({"code": "21610", "message": "no"}), Permanent, "21610"),
    (400, '{"code": "21610x"}', Ambiguous, "http_400"),
    (400, '{"code": 1234567}', Ambiguous, "http_400"),
    (400, '{"code": "٢١٦١٠"}', Ambiguous, "http_400"),
    # Never processed; a 429 whose code says nothing of an account is the rate.
    (429, error_json(20999, 429), Retryable, "20999"),
    (429, error_json(21610, 429), Retryable, "21610"),
    (400, error_json(30012), Retryable, "30012"),
    *[(400, error_json(code), Account, str(code)) for code in (30013, 30045, 21624, 90007)],
    (429, error_json(20429, 429), Retryable, "20429"),
    (429, PAGE, Retryable, "20429"),
    (400, error_json(21611), Retryable, "21611"),
    (429, error_json(21611, 429), Retryable, "21611"),
    # 5xx: unknown, whatever the body says.
    *[(status, PAGE, Ambiguous, f"http_{status}") for status in (500, 502, 503, 504, 520)],
    (500, error_json(20500, 500), Ambiguous, "http_500"),
    (503, error_json(21610, 503), Ambiguous, "http_503"),
    # 4xx without Twilio's JSON, which comes before anything is done with a request …
    *[(status, PAGE, Account, f"http_{status}") for status in (401, 403, 404, 405, 407)],
    # … and from something in between that may have passed it on.
    *[(status, PAGE, Ambiguous, f"http_{status}") for status in (400, 408, 409, 499)],
    # Another gateway's error JSON is not Twilio's.
    (400, '{"code": 400, "message": "bad"}', Ambiguous, "http_400"),
    (400, '{"message": "bad"}', Ambiguous, "http_400"),
    (400, '{"code": true}', Ambiguous, "http_400"),
    (400, "[21610]", Ambiguous, "http_400"),
    (400, "[" * 100_000, Ambiguous, "http_400"),
    # Redirects are never followed; a wrong address is what answers these …
    *[(status, "", Account, f"http_{status}") for status in (301, 302, 307, 308)],
    # … but "see the result elsewhere" says that something was done.
    (303, "", Ambiguous, "http_303"),
]

UNPROVEN = [
    # Something answered 2xx, and nothing proves that a message exists.
    (201, PAGE),
    (200, PAGE),
    (201, ""),
    (204, ""),
    (201, "{}"),
    (201, "[]"),
    (201, "null"),
    (201, message_json()[:80]),
    (201, "[" * 100_000),
    (201, message_json(sid=7)),
    (201, message_json(sid="CA" + "1b" * 16)),
    # A message's SID is two letters and 32 hexadecimal digits.
    (201, message_json(sid="SM" + "0" * 200)),
    (201, message_json(sid="SM\x00" + "1b" * 16)),
    (201, message_json(sid="SM")),
]

ACCEPTED = [
    (201, message_json(), Accepted(SID, "queued", 1)),
    (200, message_json(), Accepted(SID, "queued", 1)),
    # Through a Messaging Service the count is "0" at first: not known yet.
    (201, message_json(num_segments="0", status="accepted"), Accepted(SID, "accepted", None)),
    # A count that cannot be read does not put the message in doubt.
    (201, message_json(num_segments="two"), Accepted(SID, "queued", None)),
    (201, message_json(num_segments="99999999999999999999"), Accepted(SID, "queued", None)),
    (201, message_json(num_segments="٣"), Accepted(SID, "queued", None)),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), REFUSED)
def test_it_decides_an_error_answer(make_gateway: MakeGateway, status: int, body: str, kind: type, code: str) -> None:
    with scripted_server(answering(status, body, "Location: /elsewhere\r\n")) as server:
        outcome = make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t")

    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Accepted)
    assert outcome.code == code
    assert outcome.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "body"), UNPROVEN)
def test_it_believes_no_2xx_without_a_sid(make_gateway: MakeGateway, status: int, body: str) -> None:
    with scripted_server(answering(status, body)) as server:
        outcome = make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t")

    assert isinstance(outcome, Ambiguous)
    assert outcome.code == "unreadable_answer"
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "body", "expected"), ACCEPTED)
def test_it_accepts(make_gateway: MakeGateway, status: int, body: str, expected: Accepted) -> None:
    with scripted_server(answering(status, body)) as server:
        outcome = make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t")

    assert outcome == expected
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("0", 0.0),
        # A wrong clock must not park a campaign for a day.
        ("86400", MAX_RETRY_AFTER_S),
        ("Mon, 01 Jan 2024 12:00:00 GMT", 0.0),  # in the past
        ("-3", None),
        ("soon", None),
        ("", None),
    ],
)
def test_it_reads_retry_after(header: str, seconds: float | None) -> None:
    outcome = classify_error(429, {"Retry-After": header}, "")

    assert isinstance(outcome, Retryable)
    assert outcome.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "body"), [(429, ""), (429, error_json(20429, 429)), (400, error_json(21611)), (429, error_json(21611))]
)
def test_a_refusal_for_the_rate_is_told_from_the_others(status: int, body: str) -> None:
    outcome = classify_error(status, {}, body)

    assert isinstance(outcome, Retryable)
    assert outcome.throttled


def test_a_time_that_is_too_short_is_not_the_rate() -> None:
    """https://www.twilio.com/docs/api/errors/30012"""
    outcome = classify_error(400, {}, error_json(30012))

    assert isinstance(outcome, Retryable)
    assert not outcome.throttled


def test_it_reads_retry_after_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    outcome = classify_error(429, {"Retry-After": date}, "")

    assert isinstance(outcome, Retryable)
    assert outcome.retry_after == pytest.approx(60, abs=3)


def test_it_reads_retry_after_in_any_case(make_gateway: MakeGateway) -> None:
    with scripted_server(answering(429, error_json(20429, 429), "retry-after: 7\r\n")) as server:
        outcome = make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t")

    assert isinstance(outcome, Retryable)
    assert outcome.retry_after == 7.0


@pytest.mark.parametrize(
    ("status", "body", "transient"),
    [
        (401, error_json(20003, 401), True),
        (403, error_json(20403, 403), True),
        (404, error_json(20404, 404), True),
        *[(status, PAGE, True) for status in (302, 401, 403, 404, 407)],
        (400, error_json(21661), False),
        (429, error_json(63038, 429), False),
    ],
)
def test_what_an_incident_can_answer_too_may_pass(status: int, body: str, transient: bool) -> None:
    outcome = classify_error(status, {}, body)

    assert isinstance(outcome, Account)
    assert outcome.transient is transient


def test_an_account_is_refused_in_twilios_own_words() -> None:
    body = json.dumps({"code": 63038, "message": "Account AC1 exceeded the 500 daily messages limit", "status": 429})

    outcome = classify_error(429, {}, body)

    assert isinstance(outcome, Account)
    assert "exceeded the 500 daily messages limit" in outcome.message
    assert "límite diario" in outcome.message


@pytest.mark.parametrize("code", [21999, 20003, 20999])
def test_what_cannot_be_kept_is_taken_out_of_twilios_words(code: int) -> None:
    outcome = classify_error(400, {}, f'{{"code": {code}, "message": "a \\u0000b\\ud800\\n c {"x" * 9000}"}}')

    assert isinstance(outcome, Account | Permanent)
    assert "a b c xxx" in outcome.message
    assert outcome.message.isprintable()
    assert len(outcome.message) < 400
    outcome.message.encode()
