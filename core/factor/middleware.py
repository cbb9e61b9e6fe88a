"""A person who must have a second factor and has not shown one sets it up, or leaves."""

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse

from core import sessions
from core.confinement import Confinement, refuse
from core.factor.services import exigido

FALTA: Final = "Falta su segundo factor: póngalo en «Mi cuenta» antes de seguir."
CONFIRME: Final = "Confirme que es usted, y repita lo que hacía."
# "confirmar" gives nothing but the proof that setting one up asks for.
ABIERTAS: Final = {"factor", "confirmar", "salir", "favicon", "healthz", "readyz"}
ADMIN: Final = "admin/"
# Of the admin's own pages, those that change nothing but the session.
SIN_CONFIRMAR: Final = {"login", "logout"}


class SecondFactor(Confinement):
    """Middleware of that room.

    A program's key is none of its business. Those that a password gave end when the factor is set or taken away; those
    that a person made stay, also from before it, and that person is told how many there are.
    """

    def refusal(self, request: HttpRequest, match: ResolverMatch) -> HttpResponse | None:
        user: Any = request.user
        if match.url_name in ABIERTAS or not user.is_authenticated:
            return None
        if exigido(user) and not sessions.con_factor(request):
            return refuse(request, code="second_factor_required", detail=FALTA, page="factor")
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
