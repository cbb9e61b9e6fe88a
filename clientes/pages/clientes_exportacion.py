"""The shop's clients as a file that a spreadsheet opens and the import takes back."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.http import require_safe

from clientes.importacion.valores import unir_etiquetas
from clientes.models import Cliente, Etiqueta
from clientes.selectors import clientes_de
from core.pages.access import con_permiso, pagina, reciente
from core.pages.descarga import descargar
from core.permisos import Accion
from core.text import planilla

SOLO_ADMIN = "Solo un administrador puede exportar: son datos personales."
TITULOS: Final = (
    "nombre",
    "telefono",
    "documento",
    "etiquetas",
    "activo",
    "consentimiento",
    "fuente del consentimiento",
    "manera del consentimiento",
    "lugar del consentimiento",
    "texto del consentimiento",
    "creado",
)

# Beside the client and not prefetched, which would tie each client to its tags until the garbage collector comes.
NOMBRES: Final = Etiqueta.objects.filter(clientes=OuterRef("pk")).order_by("nombre").values("nombre")


def filas(clientes: QuerySet[Cliente]) -> Iterator[list[str]]:
    # Active ones first, then the others: so each part is read from the index that lists a shop's clients.
    for activo in (True, False):
        rows = clientes.filter(activo=activo, anonimizado_en=None).annotate(nombres=ArraySubquery(NOMBRES))
        for cliente in planilla.por_partes(rows):
            yield [
                cliente.nombre,
                cliente.telefono,
                cliente.documento,
                unir_etiquetas(cliente.nombres),  # type: ignore[attr-defined] # annotated above
                "sí" if cliente.activo else "no",
                _cuando(cliente),
                cliente.consentimiento_fuente,
                cliente.consentimiento_medio,
                cliente.consentimiento_lugar,
                cliente.consentimiento_texto,
                timezone.localtime(cliente.creado).isoformat(sep=" ", timespec="seconds"),
            ]


def _cuando(cliente: Cliente) -> str:
    """Say when the client agreed, as the import reads it."""
    if cliente.consentimiento_en is None:
        return ""
    hora = cliente.consentimiento_hora
    return f"{cliente.consentimiento_en} {hora:%H:%M:%S}" if hora else str(cliente.consentimiento_en)


@require_safe
@pagina
@reciente("clientes")
def exportar(request: HttpRequest) -> Any:
    """Every client of the shop; those that were anonymised hold nothing to export."""
    usuario = con_permiso(request, Accion.EXPORTAR, SOLO_ADMIN)
    rows = filas(clientes_de(usuario))
    return descargar(request, usuario, que="clientes", nombre="clientes", titulos=TITULOS, filas=rows)
