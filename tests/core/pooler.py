"""A pooler like PgBouncer, small: sessions of clients on fewer sessions of a PostgreSQL.

Each client signs in to a session of its own. In transaction mode these are then shared: a transaction takes the one
that was last used, and gives it back at its end. It knows the simple query protocol only, which is psycopg2's:
https://www.postgresql.org/docs/current/protocol-flow.html
"""

import contextlib
import socket
import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

READY: Final = b"Z"
IDLE: Final = b"I"
QUERY: Final = b"Q"


class Pooler:
    """Listens on 127.0.0.1 from `with` on.

    Args:
        host: of the server: a name, or the folder of its socket.
        server_port: of the server.
    """

    def __init__(self, host: str, server_port: str) -> None:
        self.mode = "transaction"
        self._host, self._server_port = host, server_port
        self._free: list[socket.socket] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> "Pooler":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            own = self._sign_in(client)
            self._relay(client, own)

    def _sign_in(self, client: socket.socket) -> socket.socket:
        server = self._connect()
        self._open.append(server)
        while True:
            length = _exactly(client, 4)
            rest = _exactly(client, struct.unpack("!I", length)[0] - 4)
            if struct.unpack("!I", rest[:4])[0] in {80877103, 80877104}:  # asks for TLS or GSS
                client.sendall(b"N")
                continue
            break
        server.sendall(length + rest)
        while True:
            kind, message = _message(server)
            client.sendall(message)
            if kind == READY:
                return server
            if kind == b"E":
                raise EOFError
            if kind == b"R" and struct.unpack("!I", message[5:9])[0] not in {0, 12}:  # asks for an answer
                server.sendall(_message(client)[1])

    def _relay(self, client: socket.socket, own: socket.socket) -> None:
        if self.mode == "transaction":
            self._free.insert(0, own)  # PgBouncer opens one when all are taken, and prefers the last used
        held: socket.socket | None = own if self.mode == "session" else None
        while True:
            kind, message = _message(client)
            if kind != QUERY:
                return
            server = held or self._free.pop()
            server.sendall(message)
            while True:
                answer, content = _message(server)
                client.sendall(content)
                if answer == READY:
                    break
            if self.mode == "transaction":
                held = None if content[5:6] == IDLE else server
                if held is None:
                    self._free.append(server)

    def _connect(self) -> socket.socket:
        if self._host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(self._host) / f".s.PGSQL.{self._server_port}"))
            return server
        return socket.create_connection((self._host, int(self._server_port)))


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    """One message: its kind, and all of its bytes."""
    head = _exactly(source, 5)
    return head[:1], head + _exactly(source, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(source: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = source.recv(length - len(found))
        if not part:
            raise EOFError
        found += part
    return found
