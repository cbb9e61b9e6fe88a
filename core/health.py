"""For machines: is the process alive, and can it serve."""

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

TIMEOUT_S = 2


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody: a database that is down must not restart the web."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """PostgreSQL and Redis answer: 200, else 503, with what failed."""
    checks = {"postgres": _postgres(), "redis": _redis()}
    ok = all(state == "ok" for state in checks.values())
    return JsonResponse({"ok": ok, **checks}, status=200 if ok else 503)


def _postgres() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return type(error).__name__
    return "ok"


def _redis() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return type(error).__name__
    return "ok"
