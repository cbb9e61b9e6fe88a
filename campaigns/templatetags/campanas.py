"""How a campaign and its recipients look."""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from campaigns import barra as barras
from campaigns.ajustes.selectors import ajustes_de
from campaigns.mensaje import NOMBRE
from campaigns.models import CampanaSMS, SMSLog
from campaigns.selectors import Progreso
from core import formato

register = template.Library()

# estado: (CSS class of its colour, icon)
CAMPANA: Final = {
    CampanaSMS.Estado.PENDIENTE: ("tono-quieto", "clock"),
    CampanaSMS.Estado.PROCESANDO: ("tono-activo", "send"),
    CampanaSMS.Estado.PAUSADO: ("tono-duda", "player-pause"),
    CampanaSMS.Estado.COMPLETADO: ("tono-exito", "circle-check"),
    CampanaSMS.Estado.ERROR: ("tono-falla", "alert-triangle"),
    CampanaSMS.Estado.CANCELADO: ("tono-quieto", "ban"),
}
SMS: Final = {
    SMSLog.Estado.PENDIENTE: ("tono-quieto", "circle-dashed"),
    SMSLog.Estado.ENVIANDO: ("tono-activo", "send"),
    SMSLog.Estado.ENVIADO: ("tono-exito", "circle-check"),
    SMSLog.Estado.FALLIDO: ("tono-falla", "circle-x"),
    SMSLog.Estado.INCIERTO: ("tono-duda", "help-circle"),
}


@register.inclusion_tag("core/_chip.html")
def estado_campana(campana: CampanaSMS) -> dict[str, str]:
    if campana.espera:
        return {"tono": "tono-duda", "icono": "clock", "texto": "En espera"}
    if campana.por_aprobar:
        return {"tono": "tono-duda", "icono": "shield-check", "texto": "Por aprobar"}
    tono, icono = CAMPANA[CampanaSMS.Estado(campana.estado)]
    return {"tono": tono, "icono": icono, "texto": campana.get_estado_display()}


@register.inclusion_tag("campaigns/_espera.html")
def espera_campana(campana: CampanaSMS) -> dict[str, object]:
    """Until when the campaign waits, by the shop's own clock; nothing while it does not."""
    if not campana.espera:
        return {}
    zona = ajustes_de(campana.usuario_id).zona
    return {"espera": campana.espera_hasta, "vence": campana.vence_en, "zona": zona}


@register.inclusion_tag("core/_chip.html")
def estado_sms(log: SMSLog) -> dict[str, str]:
    tono, icono = SMS[SMSLog.Estado(log.estado)]
    return {"tono": tono, "icono": icono, "texto": log.get_estado_display()}


@register.inclusion_tag("campaigns/_barra.html")
def barra(campana: CampanaSMS, progreso: Progreso) -> dict[str, object]:
    return {"campana": campana, "progreso": progreso, "tramos": barras.tramos(progreso), "ancho": barras.ANCHO}


@register.inclusion_tag("campaigns/_cuentas.html")
def cuentas(progreso: Progreso) -> dict[str, object]:
    return {"tramos": barras.tramos(progreso)}


@register.filter
def con_marcadores(mensaje: str) -> SafeString:
    """The text with its placeholder marked, for a campaign that has no rendered message to show yet."""
    marked = escape(mensaje).replace(NOMBRE, f'<mark class="marcador">{NOMBRE}</mark>')
    return mark_safe(marked)  # noqa: S308 - escaped above; what is added is ours


@register.filter
def dinero(amount: Decimal) -> str:
    return formato.dinero(amount)
