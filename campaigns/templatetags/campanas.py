"""How a campaign and its recipients look."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from campaigns.campana.barra import ANCHO, tramos
from campaigns.campana.selectors import Progreso
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.texto import MARCADORES
from campaigns.models import CampanaSMS, Ocurrencia, Programacion, SMSLog
from campaigns.values.intencion import Intencion
from core.text import formato

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

OCURRENCIA: Final = {
    Ocurrencia.Estado.CREADA: ("tono-exito", "circle-check"),
    Ocurrencia.Estado.OMITIDA: ("tono-duda", "player-skip-forward"),
    Ocurrencia.Estado.FALLIDA: ("tono-falla", "alert-triangle"),
}


@register.inclusion_tag("core/_chip.html")
def estado_campana(campana: CampanaSMS) -> dict[str, str]:
    tono, icono, texto = *CAMPANA[CampanaSMS.Estado(campana.estado)], campana.get_estado_display()
    if campana.espera_fecha:
        tono, icono, texto = "tono-quieto", "calendar-event", "Programada"
    if campana.por_aprobar:
        tono, icono = "tono-duda", "shield-check"
        texto = "Programada, por aprobar" if campana.espera_fecha else "Por aprobar"
    elif campana.espera:
        tono, icono, texto = "tono-duda", "clock", "En espera"
    return {"tono": tono, "icono": icono, "texto": texto}


@register.inclusion_tag("campaigns/_espera.html")
def espera_campana(campana: CampanaSMS) -> dict[str, object]:
    """Until when the campaign waits, or stands paused by a cap, by the shop's own clock; nothing while it does not."""
    if not (campana.espera or campana.reanuda_en):
        return {}
    return {"campana": campana, "zona": ajustes_de(campana.usuario_id).zona}


@register.inclusion_tag("core/_chip.html")
def estado_sms(log: SMSLog) -> dict[str, str]:
    tono, icono = SMS[SMSLog.Estado(log.estado)]
    return {"tono": tono, "icono": icono, "texto": log.get_estado_display()}


TIPO: Final = {
    Intencion.BAJA: ("tono-falla", "user-minus"),
    Intencion.ALTA: ("tono-exito", "user-plus"),
    Intencion.AYUDA: ("tono-duda", "help-circle"),
}


@register.inclusion_tag("core/_chip.html")
def tipo_entrante(tipo: str) -> dict[str, str]:
    """What a client's text asks for; only of what asks for something."""
    tono, icono = TIPO[Intencion(tipo)]
    return {"tono": tono, "icono": icono, "texto": Intencion(tipo).label}


@register.inclusion_tag("core/_chip.html")
def estado_ocurrencia(ocurrencia: Ocurrencia) -> dict[str, str]:
    """Of one that made a campaign, how the campaign stands."""
    if ocurrencia.campana:
        return estado_campana(ocurrencia.campana)
    tono, icono = OCURRENCIA[Ocurrencia.Estado(ocurrencia.estado)]
    return {"tono": tono, "icono": icono, "texto": ocurrencia.get_estado_display()}


@register.inclusion_tag("core/_chip.html")
def estado_programacion(programacion: Programacion) -> dict[str, str]:
    if not programacion.activa:
        return {"tono": "tono-duda", "icono": "player-pause", "texto": "En pausa"}
    if programacion.terminada:
        return {"tono": "tono-quieto", "icono": "circle-check", "texto": "Terminada"}
    return {"tono": "tono-activo", "icono": "calendar-repeat", "texto": "Activa"}


@register.filter
def dia_y_hora(local: datetime) -> str:
    """A moment on the clock of the zone it carries."""
    return formato.dia_y_hora(local)


@register.inclusion_tag("campaigns/_barra.html")
def barra(campana: CampanaSMS, progreso: Progreso) -> dict[str, object]:
    return {"campana": campana, "progreso": progreso, "tramos": tramos(progreso), "ancho": ANCHO}


@register.inclusion_tag("campaigns/_cuentas.html")
def cuentas(progreso: Progreso) -> dict[str, object]:
    return {"tramos": tramos(progreso)}


@register.filter
def con_marcadores(mensaje: str) -> SafeString:
    """The text with its placeholders marked, for a campaign that has no rendered message to show yet."""
    marked = str(escape(mensaje))
    for marcador in MARCADORES:
        marked = marked.replace(marcador, f'<mark class="marcador">{marcador}</mark>')
    return mark_safe(marked)  # noqa: S308 - escaped above; what is added is ours


@register.filter
def dinero(amount: Decimal) -> str:
    return formato.dinero(amount)
