"""The connections of the event loop: answers in every shape of HTTP/1.1, proxies, and what is never kept."""

import asyncio
import gzip
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import answering, scripted_server, silent, writing
from tests.workers.gateway.raw import message_json
from workers.gateway import posts, wire
from workers.gateway.outcomes import Accepted, Ambiguous, Retryable
from workers.gateway.twilio import TwilioGateway

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
BODY = message_json().encode()
CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
ZIPPED = gzip.compress(BODY, mtime=0)  # the same in each process: parameters name tests


def zipped(coding: bytes, body: bytes) -> bytes:
    return CREATED + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s" % (coding, len(body), body)


def send(gateway: TwilioGateway) -> object:
    return gateway.send(to="+573001112233", body="Hola", callback_token="t", not_after=math.inf)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CREATED + LENGTH + BODY, id="with-a-length"),
        pytest.param(CREATED + b"Connection: close\r\n\r\n" + BODY, id="to-the-end"),
        pytest.param(
            CREATED + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), id="in-chunks"
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + CREATED + LENGTH + BODY, id="after-100"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + CREATED + LENGTH + BODY, id="after-103"),
        pytest.param(b"HTTP/1.0 201 Created\r\n" + LENGTH + BODY, id="of-http-1.0"),
        pytest.param(CREATED + b"Content-Encoding: identity\r\n" + LENGTH + BODY, id="as-it-is"),
        pytest.param(CREATED + b"Content-Encoding:\r\n" + LENGTH + BODY, id="in-no-coding"),
        pytest.param(zipped(b"gzip", ZIPPED), id="compressed"),
        pytest.param(zipped(b"X-GZIP", ZIPPED), id="compressed-by-its-old-name"),
        pytest.param(b"\r\n" + CREATED + LENGTH + BODY, id="after-an-empty-line"),
        pytest.param(
            CREATED + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(BODY), BODY),
            id="in-chunks-with-trailers",
        ),
        pytest.param(CREATED + b"X-Many: 1\r\nX-Many: 2\r\n" + LENGTH + BODY, id="a-header-twice"),
    ],
)
def test_it_reads_an_answer(make_gateway: MakeGateway, answer: bytes) -> None:
    with scripted_server(writing(answer)) as server:
        assert isinstance(send(make_gateway(server.url)), Accepted)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (CREATED + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(BODY), BODY), "incomplete_answer"),
        (CREATED + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol_error"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "unreadable_answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "bad_answer"),
        (CREATED + b"Content-Length: -1\r\n\r\n" + BODY, "bad_answer"),
        (CREATED + b"X-Folded: a\r\n b\r\n" + LENGTH + BODY, "bad_answer"),
        (CREATED + b"Transfer-Encoding: chunked\r\n" + LENGTH + BODY, "bad_answer"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "bad_answer"),
        (zipped(b"gzip", ZIPPED[:-9]), "protocol_error"),
        (zipped(b"gzip", BODY), "protocol_error"),
        (zipped(b"br", BODY), "protocol_error"),
    ],
)
def test_half_an_answer_is_a_doubt(make_gateway: MakeGateway, answer: bytes, code: str) -> None:
    with scripted_server(writing(answer)) as server:
        outcome = send(make_gateway(server.url))
    assert isinstance(outcome, Ambiguous)
    assert outcome.code == code


def test_an_answer_without_an_end_is_cut(make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST", 1000)
    with scripted_server(writing(CREATED + b"\r\n" + b"x" * 5000)) as server:
        outcome = send(make_gateway(server.url))
    assert isinstance(outcome, Ambiguous)
    assert outcome.code == "bad_answer"


def test_a_connection_whose_answer_came_too_late_is_not_used_again(make_gateway: MakeGateway) -> None:
    """Its answer would be taken for the next message's."""
    with scripted_server(silent, answering(201, message_json())) as server:
        gateway = make_gateway(server.url, read_timeout_s=0.3)
        late = send(gateway)
        assert isinstance(late, Ambiguous)
        assert late.code == "read_timeout"
        assert isinstance(send(gateway), Accepted)
    assert server.connections == 2


@pytest.mark.parametrize("more", [CREATED + LENGTH + BODY, CREATED, b"HTTP/1.1 2", b"0\r\n"])
def test_a_connection_on_which_more_came_than_was_asked_for_is_not_used_again(
    make_gateway: MakeGateway, more: bytes
) -> None:
    """Else what follows would be taken for the next message's answer."""
    with scripted_server(*[writing(CREATED + LENGTH + BODY + more, keeps=True)] * 2) as server:
        gateway = make_gateway(server.url)
        assert [type(send(gateway)) for _ in range(2)] == [Accepted, Accepted]
    assert server.connections == 2


def test_many_calls_are_under_way_in_one_thread(make_gateway: MakeGateway) -> None:
    """Each has a connection of its own, and they are kept for the next."""
    with scripted_server(*[answering(201, message_json())] * 40) as server:
        gateway = make_gateway(server.url)

        async def both() -> list[object]:
            rounds: list[object] = []
            for _ in range(2):
                posted = [gateway.post(to=f"+5730011122{n}", body="Hola", callback_token="t") for n in range(20)]
                rounds += await asyncio.gather(*posted)
            gateway._posts.close()
            await asyncio.sleep(0)
            return rounds

        outcomes = asyncio.run(both())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert server.connections == 20


def test_a_cancelled_call_leaves_no_connection(make_gateway: MakeGateway) -> None:
    with scripted_server(silent) as server:
        gateway = make_gateway(server.url)

        async def cancelled() -> int:
            task = asyncio.create_task(gateway.post(to="+573001112233", body="Hola", callback_token="t"))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0)
            (kept,) = gateway._posts._by_loop.values()
            return sum(map(len, kept._idle.values()))

        assert asyncio.run(cancelled()) == 0


@pytest.mark.parametrize("end", ["\r", "\n", "\0"])
def test_a_header_ends_no_line(end: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        posts._head("POST", "/x", urlsplit("http://h"), {"X": f"a{end}b"}, None, 0)


class TestProxy:
    @pytest.fixture
    def tls(self, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        return context

    @pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
    def test_it_goes_through(
        self, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext, secure: bool
    ) -> None:
        answer = answering(201, message_json())
        with scripted_server(answer, tls=tls) as server, proxy(tls if secure else None) as (port, asked):
            monkeypatch.setenv("HTTPS_PROXY", f"{'https' if secure else 'http'}://127.0.0.1:{port}")
            outcome = send(make_gateway(server.url))
        assert isinstance(outcome, Accepted)
        assert asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]

    @pytest.mark.parametrize("address", ["proxy.example:3128", "socks5://127.0.0.1:1080", "http://"])
    def test_an_address_that_is_none_stops_before_anything_leaves(
        self, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext, address: str
    ) -> None:
        with scripted_server(answering(201, message_json()), tls=tls) as server:
            monkeypatch.setenv("HTTPS_PROXY", address)
            outcome = send(make_gateway(server.url))
        assert isinstance(outcome, Retryable)
        assert outcome.code == "proxy"
        assert server.requests == []


@contextmanager
def proxy(tls: ssl.SSLContext | None) -> Iterator[tuple[int, list[str]]]:
    """A proxy for one tunnel: its port, and the first line of what it was asked."""
    asked: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass

    def serve() -> None:
        accepted, _ = listening.accept()
        client = tls.wrap_socket(accepted, server_side=True) if tls else accepted
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            asked.append(head.split(b"\r\n")[0].decode())
            host, _, port = asked[0].split(" ")[1].rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], asked
    finally:
        listening.close()
