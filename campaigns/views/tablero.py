"""The dashboard: what runs now, the latest campaigns, and the last two weeks."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns import selectors
from campaigns.views.comun import filas_de, intervalo_de
from core.pages import pagina, usuario_de

CAMPANAS = 8
DIAS = 14


@require_safe
@never_cache
@pagina
def tablero(request: HttpRequest) -> HttpResponse:
    context = _tablero(request)
    context["dias"] = selectors.por_dia(usuario_de(request), dias=DIAS) if context["filas"] else []
    return render(request, "campaigns/tablero.html", context)


@require_safe
@never_cache
@pagina
def tablero_vivo(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/_tablero.html", _tablero(request))


def _tablero(request: HttpRequest) -> dict[str, Any]:
    usuario = usuario_de(request)
    campanas = list(selectors.campanas_de(usuario)[: CAMPANAS + 1])
    vivas = list(selectors.en_curso_de(usuario))
    # One statement for what is shown and what is summed.
    progreso = selectors.progreso_de({c.pk: c for c in [*campanas, *vivas]}.values())
    return {
        "seccion": "tablero",
        "filas": filas_de(campanas[:CAMPANAS], progreso),
        "hay_mas": len(campanas) > CAMPANAS,
        "resumen": selectors.resumen_de(usuario, [progreso[c.pk] for c in vivas]),
        "intervalo": intervalo_de(vivas),
    }
