"""The report of a shop over its campaigns, day by day: sent, failed, delivered, opt-outs and cost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.campana.reporte import reporte_de
from core.pages.access import con_permiso, pagina
from core.pages.query import entero
from core.permisos import Accion

DIAS = (14, 30, 90)


@require_safe
@never_cache
@pagina
def reportes(request: HttpRequest) -> HttpResponse:
    asked = entero(request, "dias")
    dias = asked if asked in DIAS else DIAS[1]
    reporte = reporte_de(con_permiso(request, Accion.VER_CAMPANAS), dias=dias)
    return render(
        request,
        "campaigns/reportes/reportes.html",
        {"seccion": "reportes", "reporte": reporte, "dias": dias, "opciones": DIAS},
    )
