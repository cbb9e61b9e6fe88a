"""The requests that we send and the answers of the simulator, against Twilio's published OpenAPI description.

The description enforces little, so the tests add what it leaves open: no unknown parameter, no missing and no
unknown property. `TestItCanFail` shows that each check would notice.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.local.fixtures import MakeGateway
from tests.local.simulator_process import RunningSimulator
from workers.gateway.errors import ErrorAnswerError
from workers.gateway.outcomes import Accepted
from workers.gateway.twilio import TwilioGateway

DESCRIPTION = json.loads((Path(__file__).parent / "data" / "twilio_messages_v2010.json").read_text())
HOST = "https://api.twilio.com"
SERVICE = "MG" + "2c" * 16
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
RESOURCE = DESCRIPTION["components"]["schemas"]["api.v2010.account.message"]["properties"]
PARAMETERS = DESCRIPTION["paths"][MESSAGES]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"][
    "schema"
]["properties"]


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as they crossed the wire."""

    method: str
    target: str
    form: bytes
    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def request(self) -> MockRequest:
        parts = urlsplit(self.target)
        return MockRequest(
            HOST,
            self.method,
            parts.path,
            args=dict(parse_qsl(parts.query)),
            headers={"Authorization": "Basic eA=="},
            data=self.form,
            content_type="application/x-www-form-urlencoded" if self.form else "",
        )

    def response(self) -> MockResponse:
        return MockResponse(self.body, self.status, content_type=self.content_type)


def is_rfc2822(value: object) -> bool:
    try:
        return parsedate_to_datetime(str(value)).utcoffset() is not None
    except ValueError:
        return False


@pytest.fixture(scope="module")
def api() -> OpenAPI:
    config = Config(extra_format_validators={"date-time-rfc-2822": is_rfc2822})
    return OpenAPI.from_dict(DESCRIPTION, config=config)


@pytest.fixture
def wire(simulator: RunningSimulator) -> Iterator[tuple[str, list[Exchange]]]:
    """The address of a relay to the simulator, and what went through it."""
    seen: list[Exchange] = []
    upstream = urllib3.PoolManager(retries=False)

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = upstream.request(self.command, simulator.url + self.path, body=form, headers=dict(self.headers))
            content_type = answer.headers["Content-Type"].partition(";")[0]
            seen.append(Exchange(self.command, self.path, form, answer.status, content_type, answer.data))
            self.send_response(answer.status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()
    upstream.clear()


def check(api: OpenAPI, exchange: Exchange) -> None:
    """Check both halves; an error answer, which the description does not have, by its documented shape."""
    api.validate_request(exchange.request())
    unknown = set(dict(parse_qsl(exchange.form.decode()))) - set(PARAMETERS)
    assert not unknown, f"unknown parameters: {unknown}"
    if exchange.status >= 400:
        assert set(exchange.json) == {"code", "message", "more_info", "status"}
        assert exchange.json["status"] == exchange.status
        assert isinstance(exchange.json["code"], int)
        assert exchange.json["more_info"].startswith("https://www.twilio.com/docs/errors/")
        return
    api.validate_response(exchange.request(), exchange.response())
    for message in exchange.json.get("messages", [exchange.json]):
        assert set(message) == set(RESOURCE)


def send(gateway: TwilioGateway, *, to: str = "+573001112233", body: str = "¡Hola!") -> object:
    return gateway.send(to=to, body=body, callback_token="t")


@pytest.mark.parametrize("service", ["", SERVICE])
def test_sending(api: OpenAPI, wire: tuple[str, list[Exchange]], make_gateway: MakeGateway, service: str) -> None:
    url, seen = wire

    outcome = send(make_gateway(url, messaging_service_sid=service))

    assert isinstance(outcome, Accepted)
    assert (seen[0].method, seen[0].status) == ("POST", 201)
    check(api, seen[0])


@pytest.mark.parametrize("changes", [{"to": "+15005550001"}, {"to": "nobody"}, {"body": ""}, {"body": "x" * 1601}])
def test_being_refused(
    api: OpenAPI, wire: tuple[str, list[Exchange]], make_gateway: MakeGateway, changes: dict[str, str]
) -> None:
    url, seen = wire
    send(make_gateway(url), **changes)

    assert seen[0].status == 400
    check(api, seen[0])


def test_a_wrong_login(api: OpenAPI, wire: tuple[str, list[Exchange]], make_gateway: MakeGateway) -> None:
    url, seen = wire
    send(make_gateway(url, auth_token="wrong"))

    assert seen[0].status == 401
    check(api, seen[0])


def test_listing_and_fetching(
    api: OpenAPI, wire: tuple[str, list[Exchange]], make_gateway: MakeGateway, simulator: RunningSimulator
) -> None:
    url, seen = wire
    simulator.control.set_faults(send_s=0.0, delivery_s=0.0)
    gateway = make_gateway(url)
    for number in range(3):
        send(gateway, to=f"+5730011122{number:02d}")
    send(gateway, to="+573001230003")  # undelivered: with an error code
    simulator.control.set_faults(drain_rate=0.01)
    for _ in range(2):  # the first is sending for a minute and more, and the second waits
        send(make_gateway(url, messaging_service_sid=SERVICE))

    # Through the SDK, so that its own reading of the pages and dates is tried too.
    messages = gateway._messages.list(page_size=2)
    fetched = [message.fetch() for message in messages]
    found = gateway._messages.list(to="+573001230003", date_sent_after=datetime.now(UTC) - timedelta(hours=1))

    assert {message.status for message in fetched} == {"delivered", "undelivered", "sending", "accepted"}
    assert {message.error_code for message in fetched} == {None, 30003}
    assert all(message.date_created.tzinfo is not None for message in fetched)
    assert [message.error_code for message in found] == [30003]
    assert [exchange.method for exchange in seen].count("GET") == 3 + 6 + 1
    for exchange in seen:
        check(api, exchange)


def test_fetching_nothing(api: OpenAPI, wire: tuple[str, list[Exchange]], make_gateway: MakeGateway) -> None:
    url, seen = wire
    with pytest.raises(ErrorAnswerError, match="404"):
        make_gateway(url)._messages("SM" + "0" * 32).fetch()

    check(api, seen[0])


class TestItCanFail:
    @pytest.fixture
    def sent(self, wire: tuple[str, list[Exchange]], make_gateway: MakeGateway) -> Exchange:
        url, seen = wire
        send(make_gateway(url, messaging_service_sid=SERVICE))
        return seen[0]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            # No To.
            (b"To=", b"Tu="),
            # A Messaging Service that is none.
            (b"MessagingServiceSid=MG", b"MessagingServiceSid=XX"),
            # A number that is not one.
            (b"Body=", b"ValidityPeriod=soon&Body="),
            (b"SmartEncoded=false", b"SmartEncoded=perhaps"),
            (b"Body=", b"ScheduleType=whenever&Body="),
        ],
    )
    def test_on_a_wrong_request(self, api: OpenAPI, sent: Exchange, old: bytes, new: bytes) -> None:
        assert old in sent.form

        with pytest.raises(OpenAPIError):
            check(api, replace(sent, form=sent.form.replace(old, new)))

    def test_on_an_unknown_parameter(self, api: OpenAPI, sent: Exchange) -> None:
        with pytest.raises(AssertionError, match="IdempotencyKey"):
            check(api, replace(sent, form=sent.form + b"&IdempotencyKey=1"))

    @pytest.mark.parametrize("target", ["/2010-04-01/Accounts/AC1/Messages.json", "/v1/Messages.json"])
    def test_on_a_wrong_path(self, api: OpenAPI, sent: Exchange, target: str) -> None:
        with pytest.raises(OpenAPIError):
            check(api, replace(sent, target=target))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("sid", "XX123"),
            ("num_segments", 1),
            ("price", -0.0075),
            ("status", "flying"),
            ("direction", "sideways"),
            ("date_created", "2023-08-24T05:01:45Z"),
            ("error_code", "30003"),
            ("subresource_uris", []),
        ],
    )
    def test_on_a_wrong_answer(self, api: OpenAPI, sent: Exchange, name: str, value: object) -> None:
        body = json.dumps({**sent.json, name: value}).encode()

        with pytest.raises(OpenAPIError):
            check(api, replace(sent, body=body))

    def test_on_a_wrong_status(self, api: OpenAPI, sent: Exchange) -> None:
        with pytest.raises(OpenAPIError):
            check(api, replace(sent, status=200))

    def test_on_a_missing_property(self, api: OpenAPI, sent: Exchange) -> None:
        short = {name: value for name, value in sent.json.items() if name != "sid"}

        with pytest.raises(AssertionError):
            check(api, replace(sent, body=json.dumps(short).encode()))
