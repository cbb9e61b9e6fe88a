"""A shop's program: an HTTP server that keeps what it got and answers as it is told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Listener:
    url: str = ""
    status: int = 200
    pause_s: float = 0.0
    location: str = ""
    calls: list[Call] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            listener.calls.append(Call(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(listener.pause_s)
            self.send_response(listener.status)
            if listener.location:
                self.send_header("Location", listener.location)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Write nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    listener.url = f"http://127.0.0.1:{server.server_port}/alertas?tienda=1"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
