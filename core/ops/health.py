"""Health for machines: whether the process is alive, and whether it can serve."""

import redis
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from core import redis_client
from core.models import Pulso
from core.ops import pulses
from core.ops.watchers import is_here, may_watch

OK, MISSING, UNKNOWN = "ok", "missing", "unknown"


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process is alive. It asks nobody: a database that is down must not restart the web."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when this web can serve, and 503 with what failed when PostgreSQL or Redis does not answer.

    Workers and beat are shown as well. Without them nothing is sent, but the pages work, and people need them to see
    it: taking the web out of rotation would not help. `?all` is for monitoring: it answers 503 without them too.

    Which part is missing is told on this machine, and to who may read the metrics; others see the status: OWASP ASVS
    5.0, 13.4.5.
    """
    checks = {"postgres": _postgres(), "redis": _redis()}
    able = all(state == OK for state in checks.values())
    checks |= _processes() if checks["postgres"] == OK else dict.fromkeys(Pulso.Tipo.values, UNKNOWN)
    whole = all(state == OK for state in checks.values())
    ready = whole if "all" in request.GET else able
    told = checks if is_here(request) or may_watch(request) else {}
    return JsonResponse({"ok": ready, **told}, status=200 if ready else 503)


def _processes() -> dict[str, str]:
    """Tell whether there is a worker, and whether there is a beat."""
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
