"""Across campaigns, day by day: sent, failed, delivered, opt-outs and cost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.campana.reporte import reporte_de
from core.pages.access import pagina, usuario_de
from core.pages.query import entero

DIAS = (14, 30, 90)


@require_safe
@never_cache
@pagina
def reportes(request: HttpRequest) -> HttpResponse:
    asked = entero(request, "dias")
    dias = asked if asked in DIAS else DIAS[1]
    reporte = reporte_de(usuario_de(request), dias=dias)
    return render(
        request,
        "campaigns/reportes/reportes.html",
        {"seccion": "reportes", "reporte": reporte, "dias": dias, "opciones": DIAS},
    )
