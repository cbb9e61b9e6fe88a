"""The opt-outs, and what was said, as a file for a spreadsheet: the proof, one row a word."""

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.http import require_safe

from clientes.models import RegistroBaja
from core.pages.access import con_permiso, pagina, reciente
from core.pages.descarga import descargar
from core.permisos import Accion
from core.text import planilla

SOLO_ADMIN: Final = "Solo un administrador puede exportar: son datos personales."
TITULOS: Final = (
    "momento", "telefono", "tipo", "fuente", "texto", "campana", "sid", "remitente", "quien", "motivo", "evidencia",
)  # fmt: skip


def filas(rows: QuerySet[RegistroBaja]) -> Iterator[list[str]]:
    for row in planilla.por_partes(rows.select_related("quien")):
        yield [
            timezone.localtime(row.momento).isoformat(sep=" ", timespec="seconds"),
            row.telefono,
            row.get_tipo_display(),
            row.get_fuente_display(),
            row.texto,
            row.campana_nombre,
            row.sid,
            row.remitente,
            row.quien.username if row.quien else "",
            row.motivo,
            row.evidencia,
        ]


@require_safe
@pagina
@reciente("bajas")
def exportar(request: HttpRequest) -> Any:
    usuario = con_permiso(request, Accion.EXPORTAR, SOLO_ADMIN)
    rows = filas(RegistroBaja.objects.filter(usuario=usuario.tenant_id))
    return descargar(request, usuario, que="bajas", nombre="bajas", titulos=TITULOS, filas=rows)
