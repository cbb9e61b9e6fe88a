"""A TLS front for the tests' Redis, which speaks plainly itself."""

import socket
import ssl
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

from django.conf import settings
from redis.connection import parse_url


class TLSFront:
    """Takes connections by TLS at a free port of this machine, and passes on what each says.

    Args:
        context: with the server's certificate.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
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
        with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as client, _redis() as server:
            Thread(target=_copy, args=(server, client), daemon=True).start()
            _copy(client, server)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def _redis() -> socket.socket:
    said = parse_url(settings.REDIS_URL)
    if "path" not in said:
        return socket.create_connection((said["host"], said.get("port", 6379)))
    server = socket.socket(socket.AF_UNIX)
    server.connect(said["path"])
    return server
