"""Helpers of the pages' tests: somebody signed in, and what the page said to them."""

import csv
import io
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from core.models import Usuario


def signed_in(usuario: Usuario) -> Client:
    client = Client()
    client.force_login(usuario)
    return client


def get(usuario: Usuario, path: str) -> str:
    answer = signed_in(usuario).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def flashes(usuario: Usuario, path: str, form: dict[str, Any]) -> list[str]:
    """The messages that a POST leaves for the next page."""
    answer = signed_in(usuario).post(path, form)
    assert answer.status_code == 302, (path, answer.status_code)
    return [str(message) for message in get_messages(answer.wsgi_request)]


def lines_of(answer: Any) -> list[str]:
    """Return the lines of a file for a spreadsheet, without the quotes around their cells."""
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return [";".join(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=";")]
