"""The shop's clients: found, filtered, sorted, page by page."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clientes import busqueda, selectors
from clientes.models import Cliente, Etiqueta
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_of
from core.pages.query import entero
from core.permisos import Accion

CLIENTES = 25
CONTADOS = 10_000  # beyond it the page says "more than"
ETIQUETAS = 200  # in the filter
ACTIVOS: Final = {"true": "Activos", "false": "Inactivos", "todos": "Todos"}


@require_safe
@never_cache
@pagina
def clientes(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    etiquetas = list(selectors.etiquetas_de(usuario)[:ETIQUETAS])
    q = request.GET.get("q", "").replace("\0", "").strip()[: busqueda.Q_MAX]
    activo = _one_of(ACTIVOS, request.GET.get("activo", ""))
    orden = _one_of(busqueda.ORDENES, request.GET.get("orden", ""))
    etiqueta = next((e for e in etiquetas if e.pk == entero(request, "etiqueta")), None)
    despues = entero(request, "despues")

    found = busqueda.buscar(_filter(selectors.clientes_de(usuario), activo, etiqueta), q)
    rows = busqueda.pagina(
        found.prefetch_related("etiquetas"), orden=orden, despues=despues, n=CLIENTES + 1, buscados=bool(q)
    )
    page = page_of(rows, CLIENTES)
    asked = {"q": q, "activo": activo, "etiqueta": etiqueta.pk if etiqueta else "", "orden": orden}
    filtrado = bool(q or etiqueta or activo != "true")
    context = {
        "seccion": "clientes",
        "clientes": page.rows,
        "q": q,
        "activo": activo,
        "activos": ACTIVOS,
        "orden": orden,
        "ordenes": busqueda.ORDENES,
        "etiqueta": etiqueta,
        "etiquetas": etiquetas,
        "filtrado": filtrado,
        "busqueda": urlencode({key: value for key, value in asked.items() if value}),
        "despues": despues,
        "siguiente": page.siguiente,
    }
    # A search may have to look at every client to count a few: only what an index counts is counted.
    if not q and not etiqueta:
        context["total"] = busqueda.hasta(found, CONTADOS)
        context["tope"] = CONTADOS
    if not page.rows and not filtrado:
        context["hay_inactivos"] = selectors.clientes_de(usuario).exists()
    return render(request, "clientes/clientes/clientes.html", context)


def _one_of(choices: dict[str, str], asked: str) -> str:
    return asked if asked in choices else next(iter(choices))


def _filter(found: QuerySet[Cliente], activo: str, etiqueta: Etiqueta | None) -> QuerySet[Cliente]:
    if activo in ("true", "false"):
        found = found.filter(activo=activo == "true")
    if etiqueta:
        found = found.filter(etiquetas=etiqueta)
    return found
