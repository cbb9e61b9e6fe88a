"""For machines: is the process alive, and can it serve."""

import redis
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from core import redis_client
from core.models import Pulso
from core.ops import pulses

OK, MISSING, UNKNOWN = "ok", "missing", "unknown"


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody: a database that is down must not restart the web."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Can this web serve: 200, or 503 when PostgreSQL or Redis does not answer; with what failed.

    Workers and beat are shown as well. Without them nothing is sent, but the pages work, and people need them to see
    it: taking the web out of rotation would not help. `?all` is for who watches the whole: 503 also without them.
    """
    checks = {"postgres": _postgres(), "redis": _redis()}
    able = all(state == OK for state in checks.values())
    checks |= _processes() if checks["postgres"] == OK else dict.fromkeys(Pulso.Tipo.values, UNKNOWN)
    whole = all(state == OK for state in checks.values())
    ready = whole if "all" in request.GET else able
    return JsonResponse({"ok": ready, **checks}, status=200 if ready else 503)


def _processes() -> dict[str, str]:
    """Whether there is a worker, and a beat."""
    try:
        alive = {seen.tipo for seen in pulses.vistos() if seen.vive}
    except Error as error:
        return dict.fromkeys(Pulso.Tipo.values, type(error).__name__)
    return {tipo: OK if tipo in alive else MISSING for tipo in Pulso.Tipo.values}


def _postgres() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return type(error).__name__
    return OK


def _redis() -> str:
    try:
        with redis_client.connect() as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return type(error).__name__
    return OK
