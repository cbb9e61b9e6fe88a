"""Drafts, which `core/static/core/borrador.js` keeps in a person's tab: telling it that one is saved.

The redirect after a form says so in a cookie, and the next page forgets the draft. Else a form for something new would
be filled with the last one, and a form for what others changed meanwhile would put back what it said before them.
"""

from typing import Final

from django.conf import settings
from django.http import HttpResponse

COOKIE: Final = "borrador_guardado"
COOKIE_S: Final = 60  # until the next page is there


def guardado(answer: HttpResponse, borrador: str) -> HttpResponse:
    """Let an answer tell the tab that a form was taken.

    Args:
        borrador: the form's `data-borrador`.
    """
    name = f"{settings.COOKIE_PREFIX}{COOKIE}"
    answer.set_cookie(name, borrador, max_age=COOKIE_S, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax")
    return answer
