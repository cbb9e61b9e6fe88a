"""Each request's id, in and out, its line in the log, who acts while it is served, and who may keep the answer."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import SimpleLazyObject

from core.ops import actor, logs

logger = logging.getLogger("core.request")

HEADER: Final = "X-Request-ID"
API: Final = "/api/v1/"
SOLO_HTTPS: Final = (
    "Esta API solo se llama por https. Si la llamada traía una llave, viajó a la vista: revóquela y haga otra."
)
CACHE: Final = "Cache-Control"
# RFC 9111, §5.2.2; `private` besides for caches that know no `no-store`.
UNSHARED: Final = "no-store, private"
PRIVATE: Final = "private"
# What a proxy or a client may choose: no spaces or line breaks, which would forge lines of the log.
ACCEPTED: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")

Respond = Callable[[HttpRequest], HttpResponse]


class RequestLog:
    """Takes the id from the request's header or makes one, and answers with it; the lines of the log carry it."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        started = time.perf_counter()
        with logs.about(request_id=request_id), actor.Acting(request):
            response = self._respond(request)
            _log(request, response.status_code, (time.perf_counter() - started) * 1000)
        response[HEADER] = request_id
        return response


class ApiByHttps:
    """Refuses a call of the API by plain HTTP where the product speaks HTTPS: a redirect would hide from a program that
    its key has just gone by in the clear. OWASP ASVS 5.0, 4.1.2. Before the middleware that redirects pages.
    """

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.SECURE_SSL_REDIRECT or not request.path.startswith(API) or request.is_secure():
            return self._respond(request)
        error = {"code": "https_required", "detail": SOLO_HTTPS, "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=HTTPStatus.FORBIDDEN)


class Unshared:
    """Keeps what a person was shown out of every cache: their browser's too, where the next one would find it.

    The API's answers are nobody else's either, its token and its refusals included. A view that says `private` keeps
    that: a browser's Back shows a form as it was filled in, until signing out clears the browser's copies.
    """

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._respond(request)
        user = _known(request)
        theirs = (user is not None and user.is_authenticated) or request.path.startswith(API)
        if theirs and response.get(CACHE) != PRIVATE:
            response[CACHE] = UNSHARED
        return response


def _known(request: HttpRequest) -> Any:
    """Return the user if somebody has found out already: the log asks nobody, least of all a database that is away."""
    user = getattr(request, "user", None)
    return getattr(request, "_cached_user", None) if isinstance(user, SimpleLazyObject) else user


def _log(request: HttpRequest, status: int, ms: float) -> None:
    match = request.resolver_match
    route = match.route if match else ""
    # Twilio's callbacks come at the sending rate, and pages that are open ask every few seconds.
    usual = status < 400 and (request.method in {"GET", "HEAD"} or route.startswith("webhooks/"))
    level = logging.DEBUG if usual else logging.WARNING if status >= 500 else logging.INFO
    if not logger.isEnabledFor(level):
        return
    # A callback's address holds a token, and a query may hold a client's name.
    path = f"/{route}" if match and "token" in match.kwargs else request.path
    extra: dict[str, Any] = {"method": request.method, "path": path, "status": status, "ms": round(ms, 1)}
    user = _known(request)
    if user is not None and user.pk:
        extra["usuario"] = user.pk
    if match and route.startswith(("campanas/<int:pk>", "api/v1/campanas/<int:pk>")):
        extra["campana"] = match.kwargs["pk"]
    logger.log(level, "%s %s %s in %.1f ms", request.method, path, status, ms, extra=extra)
