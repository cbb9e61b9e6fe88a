"""The security log of a shop, for its admin."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.models import Registro
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import Accion
from core.registro import registro_de

SOLO_ADMIN: Final = "Solo un administrador ve el registro de seguridad."
FILAS: Final = 50
# The tone of what an admin should look at.
TONOS: Final = {
    Registro.Tipo.INGRESO_FALLIDO: "tono-duda",
    Registro.Tipo.LIMITE: "tono-falla",
    Registro.Tipo.NEGADO: "tono-duda",
}


@require_safe
@never_cache
@pagina
def registro(request: HttpRequest) -> HttpResponse:
    """Show who came in and who could not, and who took data out or changed who may."""
    found = registro_de(con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN))
    tipo = request.GET.get("tipo", "")
    if tipo in Registro.Tipo.values:
        found = found.filter(tipo=tipo)
    page = page_before(found, entero(request, "antes"), FILAS)
    filas = [(row, TONOS.get(Registro.Tipo(row.tipo), "tono-quieto")) for row in page.rows]
    context = {"seccion": "cuenta", "filas": filas, "siguiente": page.siguiente, "tipo": tipo}
    return render(request, "core/registro/registro.html", {**context, "tipos": Registro.Tipo.choices})
