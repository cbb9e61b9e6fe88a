"""An application for gunicorn that takes some requests at once and answers them later: `tests.core.quick_app`."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

QUICK = b"POST /quick/"
LATER_S = 0.2
HELD = 202  # answered when `RELEASE` is asked for
RELEASE = "/release"


class AtOnce:
    """Takes `POST /quick/<status>` without a body, and answers it from another thread; 403 at once."""

    def __init__(self) -> None:
        self.held: list[Callable[[int], None]] = []

    def take(self, data: bytes, answer: Callable[[int], None]) -> int:
        if not data.startswith(QUICK) or not data.endswith(b"\r\n\r\n") or data.count(b"\r\n\r\n") > 1:
            return 0
        status = int(data[len(QUICK) : len(QUICK) + 3])
        if status == 403:
            answer(status)
        elif status == HELD:
            self.held.append(answer)
        else:
            threading.Timer(LATER_S, answer, [status]).start()
        return len(data)


class Application:
    """Says what it was sent."""

    at_once = AtOnce()

    def __call__(self, asked: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if asked["PATH_INFO"] == RELEASE:
            while self.at_once.held:
                self.at_once.held.pop()(HELD)
        body = asked["wsgi.input"].read()
        said = f"{asked['REQUEST_METHOD']} {asked['PATH_INFO']} {body.decode()}".encode()
        start_response("200 OK", [("Content-Length", str(len(said)))])
        return [said]


application = Application()
