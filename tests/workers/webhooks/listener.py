"""A little web server that takes webhooks, as the product would, and remembers them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Webhook:
    """One request received."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    at: float


class WebhookListener:
    """What came in. `answer` decides the HTTP status of each request from its number, 0 first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Webhook] = []
        self.answer: Callable[[int], int] = lambda number: 204

    def statuses(self, sid: str) -> list[str]:
        """The statuses reported of one message, as they arrived."""
        return [hook.form["MessageStatus"] for hook in list(self.received) if hook.form.get("MessageSid") == sid]

    def wait_for(self, count: int, timeout_s: float = 15.0) -> list[Webhook]:
        """The webhooks, once there are `count` of them."""
        deadline = time.monotonic() + timeout_s
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} webhooks of {count} came"
            time.sleep(0.01)
        return list(self.received)


@contextmanager
def webhook_listener() -> Iterator[WebhookListener]:
    """A listener on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            listener.received.append(Webhook(self.path, form, dict(self.headers), time.time()))
            self.send_response(listener.answer(len(listener.received) - 1))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener = WebhookListener(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
