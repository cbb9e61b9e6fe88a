"""The image's health check, run against a server: it has to be right without curl and with any ALLOWED_HOSTS."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.http.request import validate_host
from django.test import Client

from tests.docker.dockerfile import all_of
from tests.ports import held, port_of


class Web(HTTPServer):
    """Answers every request with one status and keeps the last path and Host."""

    status = 200
    asked = ("", "")


class Answer(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked = (self.path, self.headers["Host"])
        self.send_response(self.server.status)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing on the terminal."""


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def check(port: int, **env: str) -> int:
    """The exit code of the image's HEALTHCHECK."""
    [instruction] = all_of("HEALTHCHECK")
    program, *arguments = instruction.words
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], "PORT": str(port), **env},
        capture_output=True,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        (None, "localhost"),
        ("", "localhost"),
        ("sms.example.com", "sms.example.com"),
        (" sms.example.com, localhost", "sms.example.com"),
        (".example.com", "example.com"),
        ("[::1]", "[::1]"),
    ],
)
def test_it_asks_with_a_host_that_is_allowed(web: Web, allowed: str | None, host: str) -> None:
    assert check(web.server_port, **({} if allowed is None else {"ALLOWED_HOSTS": allowed})) == 0
    assert web.asked == ("/healthz", host)
    assert not allowed or validate_host(host, [name.strip() for name in allowed.split(",")])


@pytest.mark.parametrize("status", [400, 500, 503])
def test_it_fails_on_an_error(web: Web, status: int) -> None:
    web.status = status
    assert check(web.server_port) == 1


def test_it_fails_when_nobody_listens() -> None:
    with held() as nobody:
        assert check(port_of(nobody)) == 1


def test_the_product_answers_it(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "localhost"}).content == b"ok"


def test_another_host_would_be_refused(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "10.0.0.9"}).status_code == 400
