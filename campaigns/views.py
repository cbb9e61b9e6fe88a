"""Pages."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from campaigns import selectors
from core.models import Usuario

SHOWN = 50


@login_required
def tablero(request: HttpRequest) -> HttpResponse:
    """The shop's latest campaigns, each with its bar."""
    campanas = list(selectors.campanas_de(cast("Usuario", request.user))[:SHOWN])
    progreso = selectors.progreso_de(campanas)
    return render(request, "campaigns/tablero.html", {"filas": [(c, progreso[c.pk]) for c in campanas]})


@login_required
def campana(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign, live."""
    campana = get_object_or_404(selectors.campanas_de(cast("Usuario", request.user)), pk=pk)
    progreso = selectors.progreso_de([campana])[campana.pk]
    return render(request, "campaigns/campana.html", {"campana": campana, "progreso": progreso})
