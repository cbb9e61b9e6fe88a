"""The clients' texts, as a file for a spreadsheet."""

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.entrantes.selectors import FILTROS, entrantes_de
from campaigns.models import Entrante
from core.pages.access import con_permiso, pagina, reciente
from core.pages.descarga import descargar
from core.permisos import Accion
from core.text import planilla

SOLO_ADMIN: Final = "Solo un administrador puede exportar: son datos personales."
TITULOS: Final = ("recibido", "telefono", "texto", "tipo", "campana", "remitente", "leido", "sid")


def filas(rows: QuerySet[Entrante]) -> Iterator[list[str]]:
    for row in planilla.por_partes(rows.select_related("campana")):
        yield [
            timezone.localtime(row.recibido).isoformat(sep=" ", timespec="seconds"),
            row.telefono,
            row.texto,
            row.get_tipo_display(),
            row.campana.nombre if row.campana else "",
            row.remitente,
            "sí" if row.leido_en else "no",
            row.sid,
        ]


@require_safe
@pagina
@reciente("entrantes")
def exportar(request: HttpRequest) -> Any:
    usuario = con_permiso(request, Accion.EXPORTAR, SOLO_ADMIN)
    filtro = FILTROS.get(request.GET.get("ver", ""), FILTROS[""])
    rows = filas(entrantes_de(usuario).filter(filtro))
    return descargar(request, usuario, que="respuestas", nombre="respuestas", titulos=TITULOS, filas=rows)
