"""Connections of an event loop that know how far a request got: many calls under way, and no thread for any of them.

After a failed POST only one question matters: could a byte of it have left? Whatever `open` raises, name, TCP, proxy
tunnel and TLS handshake included, happened before the request was written. `write_limit` is asked right before the one
system call that writes it, and nothing of a request stays in this process to be written later.
"""

import asyncio
import select
import socket
import ssl
import zlib
from base64 import b64encode
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit

import httptools

from workers.gateway import connections, watchdog
from workers.gateway.connections import NeverSentError, socket_options, why_not_connected, write_limit
from workers.gateway.errors import MaybeSentError
from workers.gateway.pools import proxy_for, tls_context

# An answer that is larger than this is none of Twilio's, in bytes.
LARGEST: Final = 4_000_000
# The answer of a proxy to CONNECT, in bytes.
LARGEST_HEAD: Final = 64_000
# We ask for an answer as it is; something in between may compress it all the same. RFC 9110, 8.4.1.
GZIP: Final = frozenset({"gzip", "x-gzip"})
AS_IT_IS: Final = frozenset({"", "identity"})


class Headers(dict[str, str]):
    """The headers of an answer, by their names in lower case. The SDK copies it: a plain dict costs the least."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header, whatever the case of its name."""
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whole."""

    status: int
    headers: Headers
    body: bytes


class Connection(asyncio.Protocol):
    """One connection, for one request at a time. It is its event loop's alone.

    httptools calls the methods that begin with `on_`: https://github.com/MagicStack/httptools
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.WriteTransport | None = None
        self._below: asyncio.Transport | None = None
        self._readable = select.poll()
        self._waiter: asyncio.Future[Answer] | None = None
        self._heard = False
        self.last_used = monotonic()

    def connected(self, transport: asyncio.WriteTransport, below: asyncio.Transport, sock: socket.socket) -> None:
        """Take over a connection that is ready for a request.

        Args:
            transport: what to write on.
            below: what its bytes leave by: the same without TLS.
            sock: below all of it.
        """
        self._transport, self._below = transport, below
        self._readable.register(sock.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        self.last_used = monotonic()

    @property
    def is_usable(self) -> bool:
        """Tell whether another request may be written: it is open, was used lately, and nothing waits to be read."""
        if self._transport is None or self._transport.is_closing():
            return False
        # The loop may not have seen yet that the other side has closed.
        return monotonic() - self.last_used < connections.MAX_IDLE_S and not self._readable.poll(0)

    async def ask(self, request: bytes, *, timeout_s: float) -> Answer:
        """Write a request and wait for its answer.

        Args:
            request: all of its bytes.
            timeout_s: how long the answer may take, in seconds.

        Raises:
            NeverSentError: it is too late to write it.
            MaybeSentError: it was written, and no whole answer came back.
        """
        self._begin()
        self._write(request)
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        timer = self._loop.call_later(timeout_s, self._fail, "read_timeout", "no answer in time")
        try:
            return await waiter
        finally:
            timer.cancel()
            self._waiter = None
            self.last_used = monotonic()
            if not waiter.done() or waiter.cancelled() or waiter.exception() or not self._keeps:
                self.abort()

    def abort(self) -> None:
        """Close it at once. What is not delivered is dropped, by the kernel too (see `connections.socket_options`)."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, request: bytes) -> None:
        transport, below = self._transport, self._below
        if transport is None or below is None or transport.is_closing():
            raise NeverSentError("connect_failed", "the connection was closed before the request")
        # Asked here and not before the call: looking up the name, the handshake, or a process that was stopped and
        # goes on take any time at all, and somebody else may be sending this message by now.
        limit = write_limit.get()
        try:
            limit.check()  # who comes too late lives on
            with watchdog.ends_process(limit.ends_at):
                limit.check()
                transport.write(request)
        except NeverSentError:
            self._transport = None  # it is not known any more how fresh it is
            transport.abort()
            raise
        if transport.get_write_buffer_size() or below.get_write_buffer_size():
            # The loop would write the rest some time, and ask nobody.
            transport.abort()
            raise MaybeSentError("write_timeout", "the other side takes no whole request")

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._heard = self._headed = self._keeps = False
        self._headers = Headers()
        self._body: list[bytes] = []
        self._size = 0

    def _fail(self, code: str, cause: BaseException | str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(MaybeSentError(code, cause))
        self.abort()

    # What the event loop says.

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.abort()  # nobody asked
            return
        self._heard = True
        self._size += len(data)
        if self._size > LARGEST:
            self._fail("bad_answer", "the answer has no end")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail("protocol_error" if self._headed else "bad_answer", error)

    def eof_received(self) -> bool:
        # An answer without a length ends with its connection: RFC 9112, 6.3.
        if self._headed and "content-length" not in self._headers and "transfer-encoding" not in self._headers:
            self._keeps = False
            self._answer()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        code = "incomplete_answer" if self._headed else "unreadable_answer" if self._heard else "remote_closed"
        if isinstance(exc, ssl.SSLError):
            code = "tls_error"
        elif isinstance(exc, ConnectionError) and not self._heard:
            code = "connection_reset"
        elif isinstance(exc, TimeoutError):
            code = "write_timeout"  # TCP_USER_TIMEOUT: it was not acknowledged
        self._fail(code, exc or "the other side closed")

    # What httptools says.

    def on_message_begin(self) -> None:
        if self._waiter is None or self._waiter.done():
            # Another answer behind the one that was asked for: what follows of it would be the next message's.
            self._keeps, self._headers = False, Headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self._headed = True
        else:
            self._headers = Headers()  # 100, 103: the answer is still to come

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        if self._headed and self._waiter is not None and not self._waiter.done():
            self._keeps = self._parser.should_keep_alive()
            self._answer()

    def _answer(self) -> None:
        if self._waiter is None or self._waiter.done():
            return
        try:
            body = _plain(b"".join(self._body), self._headers.get("Content-Encoding", ""))
        except (ValueError, zlib.error) as error:
            self._fail("protocol_error", error)
            return
        self._waiter.set_result(Answer(self._parser.get_status_code(), self._headers, body))


class Connections:
    """The connections of one event loop, kept open between calls.

    Args:
        connect_timeout_s: limit of name, TCP, proxy and TLS handshake together, in seconds.
        delivery_s: see `connections.socket_options`.
    """

    def __init__(self, *, connect_timeout_s: float, delivery_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._socket_options = socket_options(delivery_s)
        self._idle: dict[tuple[str, str], deque[Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def take(self, url: SplitResult) -> Connection:
        """Return a connection for one request, kept or new.

        Raises:
            NeverSentError: there is none to be had.
        """
        idle = self._idle.get((url.scheme, url.netloc))
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
            connection.abort()
        return await self._open(url)

    def give_back(self, url: SplitResult, connection: Connection) -> None:
        """Keep a connection whose answer was read."""
        if connection.is_usable:
            self._idle.setdefault((url.scheme, url.netloc), deque()).append(connection)
        else:
            connection.abort()

    def close(self) -> None:
        """Close the idle ones."""
        while self._idle:
            _, idle = self._idle.popitem()
            for connection in idle:
                connection.abort()

    async def _open(self, url: SplitResult) -> Connection:
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                return await self._connect(url)
        except NeverSentError:
            raise
        except (OSError, ValueError, RuntimeError) as error:  # a time-out and TLS errors are OSErrors
            raise NeverSentError(why_not_connected(error), error) from error

    async def _connect(self, url: SplitResult) -> Connection:
        loop = asyncio.get_running_loop()
        host, secure = url.hostname or "", url.scheme == "https"
        proxy = _proxy(host) if secure else None
        sock = await self._reach(loop, proxy or url)
        to = f"[{host}]" if ":" in host else host
        connection = Connection(loop)
        below: asyncio.Transport | None = None
        try:
            if not secure:
                below, _ = await loop.create_connection(lambda: connection, sock=sock)
                connection.connected(below, below, sock)
                return connection
            tunnel = _Tunnel(loop)
            below, _ = await loop.create_connection(lambda: tunnel, sock=sock)
            above: Any = below
            if proxy:
                if proxy.scheme == "https":
                    above = await loop.start_tls(below, tunnel, self._context(), server_hostname=proxy.hostname)
                await tunnel.connect(above, f"{to}:{_port(url)}", _login(proxy))
            above = await loop.start_tls(above, connection, self._context(), server_hostname=host)
            connection.connected(cast("asyncio.WriteTransport", above), below, sock)
            return connection
        except BaseException:
            if below is not None:
                below.abort()
            else:
                sock.close()
            raise

    async def _reach(self, loop: asyncio.AbstractEventLoop, url: SplitResult) -> socket.socket:
        """Connect to the first of the host's addresses that answers."""
        try:
            found = await loop.getaddrinfo(url.hostname, _port(url), type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NeverSentError("dns", error) from error
        last: OSError | None = None
        ends_at = loop.time() + self._connect_timeout_s
        for tried, (family, kind, protocol, _, address) in enumerate(found):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setblocking(False)
                for option in self._socket_options:
                    sock.setsockopt(*option)
                # One that swallows everything leaves the others their share of the time.
                async with asyncio.timeout((ends_at - loop.time()) / (len(found) - tried)):
                    await loop.sock_connect(sock, address)
                return sock
            except OSError as error:
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
        raise last or OSError("the name has no address")

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context()
        return self._tls


class _Tunnel(asyncio.Protocol):
    """Asks a proxy for a way to the server: CONNECT, RFC 9110, 9.3.6."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._said = b""
        self._waiter: asyncio.Future[bytes] = loop.create_future()

    async def connect(self, transport: asyncio.WriteTransport, to: str, login: str) -> None:
        """Open the tunnel.

        Args:
            to: "host:port".
            login: the header with the proxy's password, or "".

        Raises:
            NeverSentError: the proxy does not let us.
        """
        transport.write(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{login}\r\n".encode("latin-1"))
        first, _, _ = (await self._waiter).partition(b"\r\n")
        status = first.split(b" ")[1:2]
        if not first.startswith(b"HTTP/1.") or not status or not status[0].startswith(b"2"):
            raise NeverSentError("proxy", f"the proxy answered {first[:100]!r}")

    def data_received(self, data: bytes) -> None:
        self._said += data
        if not self._waiter.done():
            if b"\r\n\r\n" in self._said:
                self._waiter.set_result(self._said)
            elif len(self._said) > LARGEST_HEAD:
                self._waiter.set_exception(NeverSentError("proxy", "the proxy's answer has no end"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._waiter.done():
            self._waiter.set_exception(NeverSentError("proxy", exc or "the proxy closed"))
            self._waiter.exception()  # nobody may be waiting


def _plain(body: bytes, coding: str) -> bytes:
    """Return an answer's body as it was before it was compressed on the way.

    Raises:
        ValueError: it is in a coding that nobody asked for, larger than an answer may be, or cut.
        zlib.error: it is not what it says.
    """
    coding = coding.strip().lower()
    if coding in AS_IT_IS:
        return body
    if coding not in GZIP:
        raise ValueError(f"nobody asked for an answer in {coding[:40]!r}")
    unpacked = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    plain = unpacked.decompress(body, LARGEST)
    if not unpacked.eof:
        raise ValueError("the compressed answer has no end")
    return plain


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _proxy(host: str) -> SplitResult | None:
    address = proxy_for(host)
    if address is None:
        return None
    proxy = urlsplit(address)
    if proxy.scheme not in {"http", "https"} or not proxy.hostname:
        raise NeverSentError("proxy", "HTTPS_PROXY is no http(s) address")
    return proxy


def _login(proxy: SplitResult) -> str:
    if not proxy.username:
        return ""
    both = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return f"Proxy-Authorization: Basic {b64encode(both.encode()).decode()}\r\n"
