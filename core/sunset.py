"""Tokens from before keys have an announced end: each answer to a program that still uses one says when."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import http_date

from core.models import LlaveApi

# Keys took their place.
DEPRECATED: Final = datetime(2026, 12, 1, tzinfo=UTC)


class Sunset:
    """Middleware that adds `Deprecation` (RFC 9745) and `Sunset` (RFC 8594). It stands behind sign-in."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._respond(request)
        llave = getattr(request, "auth", None)  # the API tells the request which key called
        if isinstance(llave, LlaveApi) and llave.origen == LlaveApi.Origen.ANTERIOR and llave.vence_en:
            response["Deprecation"] = f"@{int(DEPRECATED.timestamp())}"
            response["Sunset"] = http_date(llave.vence_en.timestamp())
            response["Link"] = f'<{reverse("api-docs")}>; rel="deprecation"; type="text/html"'
        return response
