"""Helpers of the pages' tests: somebody signed in, and what the page said to them."""

import csv
import io
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.messages import get_messages
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client

from core.models import Usuario


def signed_in(usuario: Usuario) -> Client:
    """Sign in as `Client.force_login` does, without the empty session that it makes first and throws away."""
    client = Client()
    request = HttpRequest()
    request.session = SessionStore()
    login(request, usuario, settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
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
