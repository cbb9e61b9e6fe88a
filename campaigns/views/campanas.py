"""Every campaign of the shop: by estado, by name, page by page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns import selectors
from campaigns.models import CampanaSMS
from campaigns.views.comun import filas_de, intervalo_de
from core.pages import entero, pagina, usuario_de

CAMPANAS = 25
Q_MAX = 200  # the longest name
FILTROS = (("", "Todas"), *((e.value, str(e.label)) for e in CampanaSMS.Estado))


@require_safe
@never_cache
@pagina
def campanas(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/campanas.html", _campanas(request))


@require_safe
@never_cache
@pagina
def campanas_vivas(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/_campanas_vivas.html", _campanas(request))


def _campanas(request: HttpRequest) -> dict[str, Any]:
    usuario = usuario_de(request)
    antes = entero(request, "antes")
    estado = request.GET.get("estado", "")
    if estado not in CampanaSMS.Estado.values:
        estado = ""
    # PostgreSQL holds no NUL, and a name has none.
    q = request.GET.get("q", "").replace("\0", "").strip()[:Q_MAX]
    found = selectors.campanas_de(usuario)
    if antes:
        found = found.filter(pk__lt=antes)
    if estado:
        found = found.filter(estado=estado)
    if q:
        found = found.filter(nombre__icontains=q)
    rows = list(found[: CAMPANAS + 1])
    shown = rows[:CAMPANAS]
    return {
        "seccion": "campanas",
        "filas": filas_de(shown, selectors.progreso_de(shown)),
        "filtros": FILTROS,
        "estado": estado,
        "q": q,
        "filtrado": bool(estado or q),
        "busqueda": urlencode({"estado": estado, "q": q}),
        "antes": antes,
        "siguiente": shown[-1].pk if len(rows) > CAMPANAS else None,
        "intervalo": intervalo_de(shown),
    }
