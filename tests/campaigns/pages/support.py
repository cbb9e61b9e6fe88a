"""Forms of the new campaign's pages, as a browser sends them."""

import re
from html import unescape
from typing import Any

from core.models import Usuario
from tests.pages import signed_in

URL = "/campanas/nueva/"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def post(usuario: Usuario, accion: str, **fields: Any) -> str:
    answer = signed_in(usuario).post(URL, {"accion": accion, "quienes": "todos", **fields})
    assert answer.status_code == 200
    return answer.content.decode()


def hidden(page: str) -> dict[str, Any]:
    """The hidden fields of a page: what the next step receives."""
    found: dict[str, Any] = {}
    for name, value in HIDDEN.findall(page):
        if name != "csrfmiddlewaretoken":
            found.setdefault(name, []).append(unescape(value))
    return found
