"""Every campaign of the shop: by estado, by name, page by page."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.campana import selectors, sondeo
from campaigns.campana.sondeo import PAUSA, VERSION, Fragmento
from campaigns.models import CampanaSMS
from campaigns.models.campana import NOMBRE_MAX
from campaigns.pages.polling import REPOSO_S, filas_de, intervalo_de
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import Accion

CAMPANAS = 25
FILTROS = (("", "Todas"), *((e.value, str(e.label)) for e in CampanaSMS.Estado))


@require_safe
@never_cache
@pagina
def campanas(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/campanas/campanas.html", _campanas(request) | {"nombre_max": NOMBRE_MAX})


@require_safe
@never_cache
@pagina
def campanas_vivas(request: HttpRequest) -> HttpResponse:
    def build() -> Fragmento:
        context = _campanas(request) | {"version": VERSION, "pausa": PAUSA}
        return Fragmento(render_to_string("campaigns/campanas/_vivas.html", context), context["intervalo"] or REPOSO_S)

    asked = hashlib.blake2s(repr(_pedido(request)).encode(), digest_size=8).hexdigest()
    found = sondeo.fragmento(sondeo.clave(con_permiso(request, Accion.VER_CAMPANAS), "campanas", asked), build)
    return sondeo.responder(request, found)


def _pedido(request: HttpRequest) -> tuple[int, str, str]:
    """Cursor, estado and words of the query string."""
    estado = request.GET.get("estado", "")
    # PostgreSQL holds no NUL, and a name has none.
    q = request.GET.get("q", "").replace("\0", "").strip()[:NOMBRE_MAX]
    return entero(request, "antes"), estado if estado in CampanaSMS.Estado.values else "", q


def _campanas(request: HttpRequest) -> dict[str, Any]:
    usuario = con_permiso(request, Accion.VER_CAMPANAS)
    antes, estado, q = _pedido(request)
    found = selectors.lista_de(usuario)
    if estado:
        found = found.filter(estado=estado)
    if q:
        found = found.filter(nombre__icontains=q)
    page = page_before(found, antes, CAMPANAS)
    intervalo = intervalo_de(page.rows)
    return {
        "seccion": "campanas",
        "user": usuario,
        "filas": filas_de(page.rows, selectors.progreso_de(page.rows)),
        "filtros": FILTROS,
        "estado": estado,
        "q": q,
        "filtrado": bool(estado or q),
        "busqueda": urlencode({"estado": estado, "q": q}),
        "antes": antes,
        "siguiente": page.siguiente,
        "intervalo": intervalo,
        "version": "",
        "pausa": intervalo,
    }
