"""The web's worker process: what is taken at once, and that everything else is gunicorn's as ever."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.core.quick_app import HELD, LATER_S, RELEASE

ORDINARY = b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
SAID = b"POST /page hi"
RELEASING = f"GET {RELEASE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def quick(status: int) -> bytes:
    return f"POST /quick/{status} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@dataclass
class Web:
    """A gunicorn with one worker process and two threads."""

    port: int
    process: subprocess.Popen[bytes]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def start(listener: socket.socket, *options: str) -> Web:
    listener.set_inheritable(True)
    command = (sys.executable, "-m", "gunicorn", "tests.core.quick_app:application", "--no-control-socket")
    settings = ("-k", "core.web_worker.Worker", "-w", "1", "--threads", "2", "--bind", f"fd://{listener.fileno()}")
    process = subprocess.Popen([*command, *settings, *options], pass_fds=[listener.fileno()])
    return Web(listener.getsockname()[1], process)


@pytest.fixture(scope="module")
def web(listener: socket.socket) -> Iterator[Web]:
    running = start(listener)
    yield running
    running.process.terminate()
    assert running.process.wait(30) == 0


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The next answer on the connection; nothing may come behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        assert more, data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(fields.get("content-length", 0)):
        body += connection.recv(4096)
    return int(first.split()[1]), fields, body


def exchange(connection: socket.socket, sent: bytes) -> tuple[int, bytes]:
    connection.sendall(sent)
    status, _, body = answer(connection)
    return status, body


def test_quick_and_ordinary_requests_share_a_connection(web: Web) -> None:
    with web.connect() as connection:
        for _ in range(2):
            assert exchange(connection, quick(204)) == (204, b"")
            assert exchange(connection, ORDINARY) == (200, SAID)
            assert exchange(connection, quick(403)) == (403, b"")
        connection.sendall(quick(204))
        status, fields, _ = answer(connection)
        assert (status, fields["connection"], "content-length" in fields) == (204, "keep-alive", False)
        assert fields["date"].endswith("GMT")


def test_what_should_come_again_is_told_when(web: Web) -> None:
    with web.connect() as connection:
        connection.sendall(quick(503))
        status, fields, _ = answer(connection)
        assert (status, fields["content-length"], fields["retry-after"].isdigit()) == (503, "0", True)


def test_it_holds_no_thread(web: Web) -> None:
    """Twenty wait for their answers at a time, of two threads; and a page is answered meanwhile."""
    with ExitStack() as stack:
        connections = [stack.enter_context(web.connect()) for _ in range(20)]
        for connection in connections:
            connection.sendall(quick(HELD))
        page = stack.enter_context(web.connect())
        for connection in connections:
            connection.setblocking(False)
        assert exchange(page, ORDINARY) == (200, SAID)
        for connection in connections:
            with pytest.raises(BlockingIOError):
                connection.recv(1)
            connection.settimeout(10)
        assert exchange(page, RELEASING)[0] == 200
        assert [answer(connection)[0] for connection in connections] == [HELD] * 20


def test_nor_does_a_connection_on_which_nothing_comes(web: Web) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(web.connect()) for _ in range(4)]
        assert exchange(stack.enter_context(web.connect()), ORDINARY) == (200, SAID)
        assert exchange(silent[0], quick(204)) == (204, b"")
        assert exchange(silent[1], ORDINARY) == (200, SAID)


def in_two_pieces(web: Web, stack: ExitStack) -> socket.socket:
    """Send a request in two pieces, of which the server has seen the first before the second came; the connection.

    A server that is kept from looking finds both together, and takes them at once: then it is tried again.
    """
    sent = quick(204)
    for tried in range(1, 30):
        connection = stack.enter_context(web.connect())
        connection.sendall(sent[:20])
        time.sleep(tried / 10)
        found = exchange(connection, sent[20:])
        if found == (200, b"POST /quick/204 "):
            return connection
        assert found == (204, b"")
    raise AssertionError("the server never looked in between")


def test_what_comes_in_pieces_or_together_is_read_by_gunicorn(web: Web) -> None:
    with ExitStack() as stack:
        connection = in_two_pieces(web, stack)
        connection.sendall(ORDINARY + quick(204))  # what is read already stays gunicorn's
        data = b""
        while b"POST /quick/204 " not in data:
            more = connection.recv(4096)
            assert more, data
            data += more
        assert SAID in data


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /quick/" + b"2" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"POST /quick/204 HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"POST /page HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400),
    ],
    ids=["line", "field", "name"],
)
def test_its_limits_are_gunicorns(web: Web, sent: bytes, status: int) -> None:
    with web.connect() as connection:
        connection.sendall(sent)
        assert answer(connection)[0] == status


def test_it_stays_when_clients_leave(web: Web) -> None:
    for _ in range(5):
        with web.connect() as connection:
            connection.sendall(quick(204))
    time.sleep(2 * LATER_S)
    with web.connect() as connection:
        assert exchange(connection, quick(204)) == (204, b"")


def test_a_stop_answers_what_was_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as own:
        running = start(own)
        with running.connect() as connection:
            assert exchange(connection, quick(403)) == (403, b"")
            connection.sendall(quick(204))
            time.sleep(LATER_S / 2)
            running.process.send_signal(signal.SIGTERM)
            status, fields, _ = answer(connection)
            assert (status, fields["connection"]) == (204, "close")
            assert connection.recv(1) == b""
        assert running.process.wait(30) == 0
