"""A TLS front for the tests' Redis, which speaks plainly itself."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

import trustme
from redis.connection import parse_url


class TLSFront:
    """Takes connections by TLS at a free port of this machine, and passes on what each says.

    Args:
        context: with the server's certificate.
        to: the address of the Redis behind it, in redis-py's spelling.
    """

    def __init__(self, context: ssl.SSLContext, *, to: str) -> None:
        self._context = context
        self._to: dict[str, Any] = parse_url(to)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _take(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as client, self._redis() as server:
            Thread(target=_copy, args=(server, client), daemon=True).start()
            _copy(client, server)

    def _redis(self) -> socket.socket:
        if "path" not in self._to:
            return socket.create_connection((self._to["host"], self._to.get("port", 6379)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._to["path"])
        return server


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def redis_behind_tls(folder: Path, to: str) -> Iterator[tuple[str, Path]]:
    """Put a Redis behind a TLS front, whose certificate names localhost.

    Args:
        folder: where the file of the authority that signed it goes.
        to: as in `TLSFront`.

    Yields:
        The address, and that file.
    """
    authority, ca_file = trustme.CA(), folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with TLSFront(context, to=to) as front:
        yield f"rediss://localhost:{front.port}/0", ca_file
