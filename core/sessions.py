"""A session ends some hours after its last request, and some days after the sign-in.

OWASP ASVS 5.0, 7.3.1 and 7.3.2. A page that is open and asks by itself counts as somebody there: a wall of campaigns
stays on, and signs in once a week.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import logout, user_logged_in
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

DESDE: Final = "desde"
VISTO: Final = "visto"
# A session is written no more often than this, in seconds.
NOTED_EACH_S: Final = 300
HOUR_S: Final = 3600


class SessionLimits:
    """Middleware that ends a session which is over, before anything asks whose it is."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            with suppress(DatabaseError):  # who answers meets it too, and says so in its own shape
                _look(request)
        return self._respond(request)


@receiver(user_logged_in)
def _begin(request: HttpRequest, **kwargs: Any) -> None:
    request.session[DESDE] = request.session[VISTO] = int(time.time())


def _look(request: HttpRequest) -> None:
    session, now = request.session, int(time.time())
    if "_auth_user_id" not in session:
        return
    desde, visto = session.get(DESDE, now), session.get(VISTO, now)
    if now - desde > settings.SESSION_MAX_H * HOUR_S or now - visto > settings.SESSION_IDLE_H * HOUR_S:
        logout(request)
    elif DESDE not in session or now - visto >= NOTED_EACH_S:
        session[DESDE], session[VISTO] = desde, now
