"""A person who wants what they may not do is written into the security log."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from limits import RateLimitItemPerMinute

from core.api.throttling import count_here_too
from core.registro import Tipo, anotar

# Of each person: who tries a thousand addresses fills no table.
ONCE: Final = RateLimitItemPerMinute(1)


class Denials:
    """Middleware that looks at the answers to people who have signed in. It stands behind the one that knows them."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._respond(request)
        if response.status_code == 403:
            with suppress(DatabaseError):  # the answer is made
                _note(request)
        return response


def _note(request: HttpRequest) -> None:
    user = request.user  # the API tells the request who called
    if user.is_authenticated and count_here_too(ONCE, f"negado:{user.pk}") is None:
        anotar(Tipo.NEGADO, usuario=user, detalle=f"{request.method} {request.path}")
