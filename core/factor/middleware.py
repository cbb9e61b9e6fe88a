"""A person who must have a second factor and has not shown one sets it up, or leaves."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse

from core import sessions
from core.factor.services import exigido

FALTA: Final = "Falta su segundo factor: póngalo en «Mi cuenta» antes de seguir."
CONFIRME: Final = "Confirme que es usted, y repita lo que hacía."
# "confirmar" gives nothing but the proof that setting one up asks for.
ABIERTAS: Final = {"factor", "confirmar", "salir", "favicon", "healthz", "readyz"}
ADMIN: Final = "admin/"
# Of the admin's own pages, those that change nothing but the session.
SIN_CONFIRMAR: Final = {"login", "logout"}


class SecondFactor:
    """Middleware that stands behind the one which knows the person of a session.

    A program's key is none of its business. Those that a password gave end when the factor is set or taken away; those
    that a person made stay, also from before it, and that person is told how many there are.
    """

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer in the view's place where the person may not go there.

        Raises:
            DatabaseError: nobody could say who it is; then the view must not run, which might find the database back.
        """
        match = request.resolver_match
        return None if match is None or match.url_name in ABIERTAS else _refusal(request, match)


def _refusal(request: HttpRequest, match: ResolverMatch) -> HttpResponse | None:
    user: Any = request.user
    if not user.is_authenticated:
        return None
    if exigido(user) and not sessions.con_factor(request):
        return _falta(request)
    changes = request.method == "POST" and match.route.startswith(ADMIN) and match.url_name not in SIN_CONFIRMAR
    if changes and not sessions.es_reciente(request):
        return confirmar(request, reverse("admin:index"))
    return None


def confirmar(request: HttpRequest, volver: str) -> HttpResponse:
    """Lead to the page that asks for the password again, and back.

    Args:
        volver: where to, after a POST, which the person has to repeat.
    """
    if request.method == "POST":
        messages.info(request, CONFIRME)
    else:
        volver = request.get_full_path()
    return redirect(f"{reverse('confirmar')}?{urlencode({'next': volver})}")


def _falta(request: HttpRequest) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Refresh": "true"})
    if request.path.startswith("/api/") or request.content_type == "application/json":
        error = {"code": "second_factor_required", "detail": FALTA, "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=HTTPStatus.FORBIDDEN)
    return redirect("factor")
