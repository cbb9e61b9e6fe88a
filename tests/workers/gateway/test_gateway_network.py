"""The failures of the network, and on which side of the line each one falls: never sent, or maybe sent."""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult

import pytest

from core.clock import elapsed
from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import Behaviour, answering, closing, resetting, scripted_server, silent, writing
from tests.ports import held, port_of
from tests.workers.gateway.raw import error_json, message_json
from workers.gateway import connections, wire
from workers.gateway.outcomes import Accepted, Ambiguous, Retryable
from workers.gateway.twilio import TwilioGateway

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
ACCEPTING = answering(201, message_json())
HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"


def send(gateway: TwilioGateway, not_after: float = math.inf) -> object:
    return gateway.send(to="+573001112233", body="Hola", callback_token="t", not_after=not_after)


def test_it_writes_nothing_once_the_claims_time_is_over(make_gateway: MakeGateway) -> None:
    """The process was stopped after it had claimed the row, or DNS and TLS took that long."""
    with scripted_server(ACCEPTING, ACCEPTING) as server:
        gateway = make_gateway(server.url)
        late = [send(gateway, elapsed() - 0.01) for _ in range(2)]
        assert server.requests == []
        in_time = [send(gateway, elapsed() + 60), send(gateway)]

    assert all(isinstance(outcome, Retryable) and outcome.code == "too_late" for outcome in late)
    assert not any(isinstance(outcome, Retryable) and outcome.unreachable for outcome in late)
    assert all(isinstance(outcome, Accepted) for outcome in in_time)


def test_it_writes_nothing_when_connecting_took_all_of_the_claims_time(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = wire.Connections._connect

    async def slowly(self: wire.Connections, url: SplitResult) -> wire.Connection:
        connection = await connect(self, url)
        time.sleep(0.2)
        return connection

    monkeypatch.setattr(wire.Connections, "_connect", slowly)
    with scripted_server(ACCEPTING) as server:
        outcome = send(make_gateway(server.url), elapsed() + 0.1)
        assert server.requests == []

    assert isinstance(outcome, Retryable)
    assert not outcome.throttled  # it says nothing of the sender


def test_it_writes_nothing_when_the_machine_slept_while_it_connected(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, wall = wire.Connections._connect, time.time

    async def sleep(self: wire.Connections, url: SplitResult) -> wire.Connection:
        connection = await connect(self, url)
        monkeypatch.setattr(time, "time", lambda: wall() + 600)
        return connection

    monkeypatch.setattr(wire.Connections, "_connect", sleep)
    with scripted_server(ACCEPTING) as server:
        outcome = send(make_gateway(server.url), elapsed() + 60)
        assert server.requests == []

    assert isinstance(outcome, Retryable)
    assert outcome.code == "too_late"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        pytest.param(silent, "read_timeout", id="no-answer"),
        pytest.param(resetting, "connection_reset", id="reset"),
        pytest.param(closing, "remote_closed", id="closed"),
        pytest.param(writing(HEAD[:20]), "unreadable_answer", id="cut-in-the-headers"),
        pytest.param(writing(HEAD + b"Content-Length: 500\r\n\r\n{"), "incomplete_answer", id="cut-in-the-body"),
        pytest.param(writing(b"garbage\r\n\r\n"), "bad_answer", id="not-http"),
        pytest.param(
            writing(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), "protocol_error", id="not-gzip"
        ),
        # A refusal that was cut short lost the code that would have proven it.
        pytest.param(
            writing(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n{"), "incomplete_answer", id="cut-400"
        ),
    ],
)
def test_it_may_have_been_sent(make_gateway: MakeGateway, behaviour: Behaviour, code: str) -> None:
    with scripted_server(behaviour) as server:
        outcome = send(make_gateway(server.url, read_timeout_s=0.3))

    assert isinstance(outcome, Ambiguous)
    assert outcome.code == code
    assert len(server.requests) == 1


def test_it_was_never_sent_when_refused(make_gateway: MakeGateway) -> None:
    with held() as nobody:
        outcome = send(make_gateway(f"http://127.0.0.1:{port_of(nobody)}"))

    assert isinstance(outcome, Retryable)
    assert (outcome.code, outcome.unreachable) == ("connection_refused", True)


def test_it_was_never_sent_without_dns(make_gateway: MakeGateway) -> None:
    # RFC 6761 promises that .invalid never resolves.
    outcome = send(make_gateway("http://api.twilio.invalid"))

    assert isinstance(outcome, Retryable)
    assert (outcome.code, outcome.unreachable) == ("dns", True)


def test_it_was_never_sent_when_connecting_takes_too_long(make_gateway: MakeGateway) -> None:
    # A full backlog: Linux drops the SYN, as a dead host would.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            outcome = send(make_gateway(f"http://127.0.0.1:{port}", connect_timeout_s=0.2))

    assert isinstance(outcome, Retryable)
    assert (outcome.code, outcome.unreachable) == ("connect_timeout", True)


class TestTLS:
    @pytest.fixture
    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        return context

    @pytest.fixture
    def _trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    def test_it_was_never_sent_to_an_unknown_certificate(self, make_gateway: MakeGateway, tls: ssl.SSLContext) -> None:
        with scripted_server(ACCEPTING, tls=tls) as server:
            outcome = send(make_gateway(server.url))

        assert isinstance(outcome, Retryable)
        assert outcome.code == "tls_certificate"
        assert server.requests == []

    @pytest.mark.usefixtures("_trusted")
    def test_it_works(self, make_gateway: MakeGateway, tls: ssl.SSLContext) -> None:
        with scripted_server(ACCEPTING, tls=tls) as server:
            gateway = make_gateway(server.url)
            outcomes = [send(gateway), send(gateway)]

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert server.connections == 1

    @pytest.mark.usefixtures("_trusted")
    def test_it_may_have_been_sent_after_the_handshake(self, make_gateway: MakeGateway, tls: ssl.SSLContext) -> None:
        with scripted_server(resetting, tls=tls) as server:
            outcome = send(make_gateway(server.url))

        assert isinstance(outcome, Ambiguous)
        assert len(server.requests) == 1

    def test_it_was_never_sent_when_the_server_speaks_no_tls(self, make_gateway: MakeGateway) -> None:
        with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
            outcome = send(make_gateway(f"https://127.0.0.1:{port}"))

        assert isinstance(outcome, Retryable)
        assert outcome.code == "tls_handshake"

    def test_it_was_never_sent_when_the_handshake_stalls(self, make_gateway: MakeGateway) -> None:
        with raw_server(None) as port:
            outcome = send(make_gateway(f"https://127.0.0.1:{port}", connect_timeout_s=0.3))

        assert isinstance(outcome, Retryable)
        assert (outcome.code, outcome.unreachable) == ("connect_timeout", True)

    def test_it_was_never_sent_when_the_handshake_is_cut(self, make_gateway: MakeGateway) -> None:
        with raw_server(b"") as port:
            outcome = send(make_gateway(f"https://127.0.0.1:{port}"))

        assert isinstance(outcome, Retryable)


class TestProxy:
    def test_it_was_never_sent_when_the_proxy_refuses(
        self, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scripted_server(answering(407, keep=False)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            outcome = send(make_gateway(None))

        assert isinstance(outcome, Retryable)
        assert outcome.code == "proxy"
        assert proxy.requests[0].startswith(b"CONNECT api.twilio.com:443")
        assert b"proxy-authorization: Basic dXNlcjpwQHNz" in proxy.requests[0].replace(
            b"Proxy-A", b"proxy-a"
        )  # user:p@ss
        assert b"+573001112233" not in proxy.requests[0]

    def test_it_goes_direct_to_the_simulator(self, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        with scripted_server(ACCEPTING) as server:
            assert isinstance(send(make_gateway(server.url)), Accepted)


class TestConnections:
    def test_it_keeps_one_open(self, make_gateway: MakeGateway) -> None:
        with scripted_server(ACCEPTING) as server:
            gateway = make_gateway(server.url)
            for _ in range(5):
                assert isinstance(send(gateway), Accepted)

        assert server.connections == 1

    def test_it_keeps_it_after_a_refusal(self, make_gateway: MakeGateway) -> None:
        with scripted_server(answering(400, error_json(21610)), ACCEPTING) as server:
            gateway = make_gateway(server.url)
            send(gateway)
            assert isinstance(send(gateway), Accepted)

        assert server.connections == 1

    def test_it_notices_one_the_server_closed(self, make_gateway: MakeGateway) -> None:
        # The server answers "keep-alive" and closes all the same: writing on it would be ambiguous.
        with scripted_server(answering(201, message_json(), keep=False)) as server:
            gateway = make_gateway(server.url)
            outcomes = []
            for _ in range(3):
                outcomes.append(send(gateway))
                wait_for_close(gateway)

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert len(server.requests) == server.connections == 3

    def test_it_drops_one_that_was_idle_for_long(
        self, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scripted_server(ACCEPTING) as server:
            gateway = make_gateway(server.url)
            send(gateway)
            monkeypatch.setattr(connections, "MAX_IDLE_S", 0.0)
            send(gateway)

        assert server.connections == 2

    def test_it_never_repeats_on_a_reused_connection(self, make_gateway: MakeGateway) -> None:
        # The race no check can win: the server read the request on a kept connection, and closed.
        with scripted_server(ACCEPTING, closing, ACCEPTING) as server:
            gateway = make_gateway(server.url)
            outcomes = [send(gateway), send(gateway)]
            assert len(server.requests) == 2
            assert isinstance(send(gateway), Accepted)

        assert isinstance(outcomes[1], Ambiguous)
        assert outcomes[1].code == "remote_closed"

    def test_it_follows_no_redirect(self, make_gateway: MakeGateway) -> None:
        with scripted_server(ACCEPTING) as elsewhere:
            away = answering(307, "", f"Location: {elsewhere.url}/2010-04-01/x\r\n")
            with scripted_server(away) as server:
                send(make_gateway(server.url))

        assert len(server.requests) == 1
        assert elsewhere.requests == []


def wait_for_close(gateway: TwilioGateway) -> None:
    """Wait until the server's close has reached the pooled connection."""
    (kept,) = gateway._posts._by_loop.values()
    for idle in kept._idle.values():  # none when it was seen at once
        assert not idle or idle[-1]._readable.poll(2000)


@contextmanager
def raw_server(answer: bytes | None) -> Iterator[int]:
    """A server that takes one connection, waits for some bytes, and answers these; None: never."""
    listening = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            if answer is None:
                done.wait(5)
            else:
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        done.set()
        thread.join(2)
        listening.close()
