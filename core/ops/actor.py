"""The acting person: the user of the request that this thread serves, or nobody, in a worker.

Services write it down with what they do. It is read from the request and not passed along, so that no caller can forget
it: https://docs.djangoproject.com/en/5.2/topics/http/middleware/ is where the request is at hand.
"""

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest

PAGINA: Final = "pagina"
API: Final = "api"

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or the product itself, as the history records it.

    Args:
        usuario_id: None: the product itself.
        ip: where they asked from, as far as the proxies of ours tell; None when that makes no sense.
        via: PAGINA, API, or "" for the product itself.
    """

    usuario_id: int | None = None
    ip: str | None = None
    via: str = ""


NADIE: Final = Actor()


class Acting:
    """Middleware that makes the request's user the acting person while the request is being served."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __enter__(self) -> None:
        self._token = _request.set(self._request)

    def __exit__(self, *error: object) -> None:
        _request.reset(self._token)


def actual() -> Actor:
    """Asked late: the API finds out who calls after the middleware has run, and tells the request then."""
    request = _request.get()
    user = getattr(request, "user", None)
    if request is None or user is None or user.pk is None:
        return NADIE
    return Actor(user.pk, ip_de(request), via_de(request))


def via_de(request: HttpRequest) -> str:
    """Return PAGINA or API."""
    return API if request.path.startswith("/api/") else PAGINA


def ip_de(request: HttpRequest) -> str | None:
    """Return the caller's address. The last PROXIES entries of X-Forwarded-For are ours; anybody may have written the
    earlier ones."""
    text = request.META.get("REMOTE_ADDR", "")
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if settings.PROXIES and forwarded:
        text = forwarded[-min(settings.PROXIES, len(forwarded))]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
