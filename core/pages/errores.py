"""Answers to requests that failed: the API in its own shape, Twilio in plain text, people with a page."""

import sys
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from core.api.ajax import WHOLE, ReferenceView
from core.api.answers import NO_RESPONDE, DatabaseUnavailableAnswer
from core.postgresql.away import RETRY_S, is_away

FALLO: Final = "Algo falló de nuestro lado. El error quedó registrado."


def fallo(request: HttpRequest) -> HttpResponse:
    """Answer 503 while PostgreSQL is away, and 500 for a fault of ours. Django's handler of what nobody caught."""
    away = is_away(sys.exception())
    status = 503 if away else 500
    headers = {"Retry-After": str(RETRY_S)} if away else {}
    if request.path.startswith("/api/v1/"):
        code, detail = (DatabaseUnavailableAnswer.default_code, NO_RESPONDE) if away else ("error", FALLO)
        body = {"type": "server_error", "errors": [{"code": code, "detail": detail, "attr": None}]}
        return JsonResponse(body, status=status, headers=headers)
    view = getattr(request.resolver_match, "func", None)  # none yet where a middleware failed
    if issubclass(getattr(view, "cls", object), ReferenceView):
        errors = {WHOLE: [NO_RESPONDE if away else FALLO]}
        return JsonResponse({"success": False, "errors": errors}, status=status, headers=headers)
    if request.path.startswith("/webhooks/"):
        return HttpResponse(
            "unavailable" if away else "failed", status=status, headers=headers, content_type="text/plain"
        )
    # Without the request: its user and its shop would be asked of the database.
    return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)
