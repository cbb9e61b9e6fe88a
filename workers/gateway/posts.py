"""The HTTP client through which the SDK creates messages in an event loop: one request a call, never repeated.

`Client(http_client=…)` is the SDK's way to replace its own, which has no timeout unless told, offers retries that
repeat a POST, and cannot say of a failure whether it came before the request or after it.
"""

import asyncio
import logging
from base64 import b64encode
from functools import lru_cache
from urllib.parse import SplitResult, urlencode, urlsplit
from weakref import WeakKeyDictionary

from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

from workers.gateway.errors import checked
from workers.gateway.http import base_address
from workers.gateway.wire import Connections

logger = logging.getLogger(__name__)


class PostingHttpClient(AsyncHttpClient):  # type: ignore[misc]  # the SDK is not typed
    """The connections of each event loop that calls; a process has one that sends.

    Args:
        base_url: "scheme://host[:port]" that every request goes to instead of Twilio; its path is ignored.
        connect_timeout_s: limit of name, TCP, proxy and TLS handshake together, in seconds.
        read_timeout_s: limit of the answer, from the request to its last byte, in seconds.

    Raises:
        ValueError: `base_url` is not an http(s) address.
    """

    def __init__(self, *, base_url: str | None, connect_timeout_s: float, read_timeout_s: float) -> None:
        super().__init__(logger, is_async=True, timeout=read_timeout_s)
        self._base = base_address(base_url)
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Write one request and read its answer, as the SDK asks for it. Redirects are never followed: a POST repeated
        elsewhere is a second message.

        Raises:
            NeverSentError: no connection was made, or it was too late to write.
            MaybeSentError: the request was written, and no whole answer came back.
            ErrorAnswerError: the answer's status is not 2xx.
        """
        url = urlsplit(uri)
        target = f"{url.path}?{url.query}" if url.query else url.path
        if params:
            target += ("&" if url.query else "?") + urlencode(params, doseq=True)
        to = self._base or url
        body = urlencode(data, doseq=True).encode() if data else b""
        request = _head(method, target, to, headers or {}, auth, len(body)) + body
        kept = self._connections()
        connection = await kept.take(to)
        answer = await connection.ask(request, timeout_s=timeout or self._read_timeout_s)
        kept.give_back(to, connection)
        return checked(Response(answer.status, answer.body.decode("utf-8", "replace"), answer.headers))

    def close(self) -> None:
        """Close the idle connections of the running event loop."""
        self._connections().close()

    def _connections(self) -> Connections:
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            found = self._by_loop[loop] = Connections(
                connect_timeout_s=self._connect_timeout_s, delivery_s=self._read_timeout_s
            )
        return found


def _head(
    method: str, target: str, to: SplitResult, headers: dict[str, str], auth: tuple[str, str] | None, length: int
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {to.netloc.rpartition('@')[2]}", "Accept-Encoding: identity"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if auth:
        lines.append(f"Authorization: Basic {_basic(*auth)}")
    lines.append(f"Content-Length: {length}")
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or "\0" in head:
        raise ValueError("a header has a line end in it")
    return f"{head}\r\n\r\n".encode("latin-1")


@lru_cache(maxsize=8)
def _basic(user: str, password: str) -> str:
    return b64encode(f"{user}:{password}".encode()).decode()
