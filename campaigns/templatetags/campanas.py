"""The look of a campaign and its recipients."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django import template
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from campaigns.audiencia.resultado import aspecto_de, en_palabras
from campaigns.campana.barra import ANCHO, tramos
from campaigns.campana.selectors import Progreso
from campaigns.ley.jornada import jornada_de
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje.texto import MARCADORES
from campaigns.models import CampanaSMS, Ocurrencia, Programacion, SMSLog
from campaigns.values.estados import AVISO, CAMPANAS, Aspecto, esperas_de
from campaigns.values.intencion import Intencion
from core.text import formato

register = template.Library()

# estado: (CSS class of its colour, icon)
OCURRENCIA: Final = {
    Ocurrencia.Estado.CREADA: ("tono-exito", "circle-check"),
    Ocurrencia.Estado.OMITIDA: ("tono-duda", "player-skip-forward"),
    Ocurrencia.Estado.FALLIDA: ("tono-falla", "alert-triangle"),
}


@register.inclusion_tag("core/_chip.html")
def estado_campana(campana: CampanaSMS) -> dict[str, str]:
    """The campaign's estado, or what it waits for: of two such things both are named."""
    look: Aspecto = CAMPANAS[CampanaSMS.Estado(campana.estado)]
    texto = campana.get_estado_display()
    if waits := esperas_de(campana, timezone.now()):
        look = waits[0].aspecto
        texto = ", ".join(espera.texto for espera in reversed(waits)).capitalize()
    return {"tono": look.tono, "icono": look.icono, "texto": texto}


@register.inclusion_tag("campaigns/_motivo.html")
def motivo_campana(campana: CampanaSMS, acciones: list[str]) -> dict[str, object]:
    """Why the campaign stands as it does, in the colour of its estado when that is an alarm.

    Args:
        acciones: what this person may ask of it.
    """
    row = CAMPANAS[CampanaSMS.Estado(campana.estado)]
    continua = campana.estado == CampanaSMS.Estado.PAUSADO and "reanudar" in acciones
    return {"motivo": campana.motivo, "aspecto": row if row.alarma else AVISO, "continua": continua}


@register.inclusion_tag("campaigns/_espera.html")
def espera_campana(campana: CampanaSMS) -> dict[str, object]:
    """Say until when the campaign waits, or stands paused by a cap, by the shop's own clock; nothing while it does
    not."""
    if not (campana.espera or campana.reanuda_en):
        return {}
    return {"campana": campana, "zona": ajustes_de(campana.usuario_id).zona}


@register.simple_tag
def saldra(campana: CampanaSMS) -> str:
    """Say when a campaign that waits for its date really leaves, where the shop is closed at that moment; else ""."""
    planned = campana.programada_para
    if planned is None or not campana.espera_fecha:
        return ""
    ajustes = ajustes_de(campana.usuario_id)
    jornada = jornada_de(campana, ajustes, planned)
    if jornada is None or jornada.desde <= planned:
        return ""
    return formato.proximo(jornada.desde, ajustes.zona)


@register.inclusion_tag("core/_chip.html")
def estado_sms(log: SMSLog) -> dict[str, str]:
    look = aspecto_de(log.estado, log.codigo)
    return {"tono": look.tono, "icono": look.icono, "texto": en_palabras(log.estado, log.codigo)}


@register.filter
def resultado(log: SMSLog) -> str:
    """Say what became of a recipient, in one of the four words."""
    return en_palabras(log.estado, log.codigo)


TIPO: Final = {
    Intencion.BAJA: ("tono-falla", "user-minus"),
    Intencion.DUDA: ("tono-duda", "help-circle"),
    Intencion.ALTA: ("tono-exito", "user-plus"),
    Intencion.AYUDA: ("tono-activo", "info-circle"),
}


@register.inclusion_tag("core/_chip.html")
def tipo_entrante(tipo: str) -> dict[str, str]:
    """Show what a client's text asks for; nothing when it asks for nothing."""
    tono, icono = TIPO[Intencion(tipo)]
    return {"tono": tono, "icono": icono, "texto": Intencion(tipo).label}


@register.inclusion_tag("core/_chip.html")
def estado_ocurrencia(ocurrencia: Ocurrencia) -> dict[str, str]:
    """Show the occurrence's state, or its campaign's."""
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
    """Show a moment on the clock of the zone it carries."""
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
