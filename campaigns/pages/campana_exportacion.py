"""The recipients of a campaign, and what happened to each, as a file for a spreadsheet."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.audiencia.resultado import APARTE, en_palabras
from campaigns.campana.selectors import campanas_de, destinatarios_de, solo_rechazados
from campaigns.campana.velo import velar
from campaigns.models import CampanaSMS, SMSLog
from core.models import Usuario
from core.pages.access import con_permiso, pagina, reciente
from core.pages.descarga import descargar
from core.permisos import Accion
from core.text import planilla

SOLO_ADMIN = "Solo un administrador puede exportar: son datos personales."
# The first three are those of the clients' file, so that those who failed can be imported, corrected.
TITULOS: Final = (
    "nombre", "telefono", "documento", "mensaje", "resultado", "codigo", "error", "entrega", "twilio_sid",
    "actualizado",
)  # fmt: skip


def filas(usuario: Usuario, campana: CampanaSMS, estado: str = "") -> Iterator[list[str]]:
    """Yield one row for each recipient.

    Args:
        usuario: who gets the file.
        estado: only these, or one of Resultado; "" for all that have had their turn.
    """
    found = destinatarios_de(campana, estado=estado)
    if estado == SMSLog.Estado.FALLIDO:
        found = solo_rechazados(found)
    for log in planilla.por_partes(found.select_related("cliente")):
        log.telefono = log.telefono or (log.cliente.telefono if log.cliente else "")
        velar(usuario, [log])
        yield [
            log.nombre,
            log.telefono,
            log.cliente.documento if log.cliente else "",
            log.mensaje,
            en_palabras(log.estado, log.codigo),
            log.codigo,
            log.error,
            log.get_entrega_display(),
            log.twilio_sid,
            timezone.localtime(log.actualizado).isoformat(sep=" ", timespec="seconds"),
        ]


@require_safe
@pagina
@reciente("campanas")
def exportar(request: HttpRequest, pk: int) -> Any:
    usuario = con_permiso(request, Accion.EXPORTAR, SOLO_ADMIN)
    campana = get_object_or_404(campanas_de(usuario), pk=pk)
    estado = request.GET.get("estado", "")
    rows = filas(usuario, campana, estado if estado in SMSLog.Estado.values or estado in APARTE else "")
    que = f"destinatarios de la campaña {campana.pk}"
    return descargar(request, usuario, que=que, nombre=f"campana-{campana.pk}", titulos=TITULOS, filas=rows)
