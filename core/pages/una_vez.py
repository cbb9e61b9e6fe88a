"""A form that may be sent once: what its answer shows, a key or a secret, is shown once and made once.

The answer is no redirect, since what it shows is kept nowhere, not even in the session. So each look at the form has a
token of its own, and a browser that is told to load the answer again sends one that is used up.
"""

from typing import Final
from uuid import uuid4

from django.http import HttpRequest
from limits import RateLimitItemPerDay

from core.api.throttling import count_here_too

CAMPO: Final = "una_vez"
USADO: Final = "Eso ya se hizo, y lo que se mostró no se vuelve a mostrar. Si no lo copió, hágalo otra vez."
ONCE: Final = RateLimitItemPerDay(1)
MAX: Final = 64


def token() -> dict[str, str]:
    """Return what the template of the form needs: a hidden field `una_vez` with a new token."""
    return {CAMPO: str(uuid4())}


def es_repetido(request: HttpRequest) -> bool:
    """Tell whether this form was sent before; a program that sends no token asks for another each time."""
    sent = request.POST.get(CAMPO, "")[:MAX]
    return bool(sent) and count_here_too(ONCE, f"{CAMPO}:{request.user.pk}:{sent}") is not None
