"""A server that does one scripted thing to each request: the network's misbehaviour, over a real socket."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# What to do with a connection after one whole request has been read from it. Return True to keep it open.
Behaviour = Callable[[socket.socket], bool]


@dataclass
class ScriptedServer:
    """The record of what came in: `requests` are whole requests as bytes, `connections` counts TCP connections."""

    url: str
    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


def answering(
    status: int, body: str = "", headers: str = "Content-Type: application/json\r\n", *, keep: bool = True
) -> Behaviour:
    """Answer with this status and body, then keep the connection or close it without saying so."""
    raw = f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()

    def behave(connection: socket.socket) -> bool:
        connection.sendall(raw)
        return keep

    return behave


def writing(raw: bytes, *, keeps: bool = False) -> Behaviour:
    """Write these bytes and close, or keep the connection for another request."""

    def behave(connection: socket.socket) -> bool:
        connection.sendall(raw)
        return keeps

    return behave


def closing(connection: socket.socket) -> bool:
    """Close in good order, without an answer."""
    return False


def resetting(connection: socket.socket) -> bool:
    """Close with a TCP reset, without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silent(connection: socket.socket) -> bool:
    """Say nothing until the client leaves."""
    connection.settimeout(5)
    connection.recv(1)
    return False


@contextmanager
def scripted_server(*script: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Serve on a free port; the n-th request meets the n-th behaviour, and the last one from then on."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = ScriptedServer(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)

    def serve(connection: socket.socket) -> None:
        try:
            with tls.wrap_socket(connection, server_side=True) if tls else connection as wrapped:
                while request := _read_request(wrapped):
                    server.requests.append(request)
                    behave = script[min(len(server.requests), len(script)) - 1]
                    if not behave(wrapped):
                        return
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            server.connections += 1
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
