"""The look of an import on its pages."""

from typing import Final

from django import template

from clientes.models import Importacion

register = template.Library()

# estado: (CSS class of its colour, icon)
ESTADOS: Final = {
    Importacion.Estado.POR_CONFIRMAR: ("tono-duda", "help-circle"),
    Importacion.Estado.PENDIENTE: ("tono-quieto", "clock"),
    Importacion.Estado.PROCESANDO: ("tono-activo", "refresh"),
    Importacion.Estado.COMPLETADA: ("tono-exito", "circle-check"),
    Importacion.Estado.RECHAZADA: ("tono-falla", "ban"),
    Importacion.Estado.FALLIDA: ("tono-falla", "alert-triangle"),
}


@register.inclusion_tag("core/_chip.html")
def estado_importacion(importacion: Importacion) -> dict[str, str]:
    tono, icono = ESTADOS[Importacion.Estado(importacion.estado)]
    return {"tono": tono, "icono": icono, "texto": importacion.get_estado_display()}
