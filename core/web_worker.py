"""The web's worker process: gunicorn's threads, and a way past them for what needs none.

A thread waits for the answer of every ordinary request. Status callbacks, three for each message, wait some
milliseconds for each other instead, so that one statement writes a group of them; with a thread held for each, a group
would be no larger than the pool. So the loop itself looks at what has come on a connection, without taking it out of
the socket. If it is one whole request that the application takes at once, it is taken out, and answered from here when
the application says so. Everything else stays in the socket for gunicorn: it is read by its parser, within its limits.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol

from gunicorn.util import http_date  # type: ignore[import-untyped]
from gunicorn.workers.gthread import DEFAULT_WORKER_DATA_TIMEOUT, ThreadWorker  # type: ignore[import-untyped]

from core.postgresql.away import RETRY_S

# Bytes. Larger requests are gunicorn's, and so no line or field here is longer than it would take.
LOOKED_AT: Final = 4_000


class Quick(Protocol):
    """The type of an application's `at_once`."""

    def take(self, data: bytes, answer: Callable[[int], None]) -> int:
        """Return the size of the one request that `data` is, or 0; then `answer` is called once, by any thread."""


def done(*, keep: bool) -> "Future[bool]":
    ended: Future[bool] = Future()
    ended.set_result(keep)
    return ended


KEEP: Final = done(keep=True)
CLOSE: Final = done(keep=False)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's gthread worker, whose loop hands whole requests to the application's `at_once`, if it has one."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        quick: Quick | None = getattr(self.wsgi, "at_once", None)
        # What gunicorn would do besides is not done here.
        if self.cfg.is_ssl or self.cfg.accesslog or self.cfg.proxy_protocol != "off":
            quick = None
        self._quick = quick
        self._answers: deque[tuple[Any, int]] = deque()
        self._awake = False

    def enqueue_req(self, conn: Any) -> None:
        """Take the request that has come on the connection, wait for one without a thread, or give it to a thread."""
        if self._quick is None or not self.alive or self.nr + 1 >= self.max_requests:
            super().enqueue_req(conn)
        elif conn.is_http2 or (conn.initialized and conn.parser.unreader.buf.getvalue()):
            super().enqueue_req(conn)  # it has read some of it
        else:
            self._look(self._quick, conn)

    def _look(self, quick: Quick, conn: Any) -> None:
        try:
            data = conn.sock.recv(LOOKED_AT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            if conn.initialized or conn.data_ready:
                super().enqueue_req(conn)
            else:
                self._wait(conn)
            return
        except OSError:
            data = b""  # a thread finds out what is wrong
        try:
            size = quick.take(data, partial(self._answer, conn))
        except Exception:
            # What leaves gunicorn's loop ends the process.
            self.log.exception("a request could not be taken at once")
            size = 0
        if not size:
            super().enqueue_req(conn)
            return
        # The loop answers, and it is here: so nothing is answered before the request is out of the socket.
        conn.sock.recv(size, socket.MSG_DONTWAIT)
        conn.init()
        self.nr += 1

    def _wait(self, conn: Any) -> None:
        """Let a new connection on which nothing has come wait as long as in gunicorn, where a thread waits at first."""
        conn.timeout = time.monotonic() + DEFAULT_WORKER_DATA_TIMEOUT + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _answer(self, conn: Any, status: int) -> None:
        self._answers.append((conn, status))
        if not self._awake:  # or it is about to look, and finds this one too
            self._awake = True
            self.method_queue.defer(self._send_answers)

    def _send_answers(self) -> None:
        self._awake = False
        date = http_date()
        while self._answers:
            conn, status = self._answers.popleft()
            keep = self.alive and len(self.keepalived_conns) < self.max_keepalived
            text = response(status, date=date, keep=keep)
            try:
                # It is smaller than any socket's buffer: what does not fit is for somebody who does not read.
                keep = conn.sock.send(text, socket.MSG_DONTWAIT) == len(text) and keep
            except OSError:
                keep = False
            self.finish_request(conn, KEEP if keep else CLOSE)


def response(status: int, *, date: str, keep: bool) -> bytes:
    """Return an answer without a body."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Server: gunicorn", f"Date: {date}"]
    lines.append(f"Connection: {'keep-alive' if keep else 'close'}")
    if status != HTTPStatus.NO_CONTENT:
        lines.append("Content-Length: 0")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        lines.append(f"Retry-After: {RETRY_S}")
    return "\r\n".join([*lines, "", ""]).encode()
