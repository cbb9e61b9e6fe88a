"""Warnings for the person who makes a campaign, beside what the preview counts and costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils import timezone

from campaigns.ley.gasto import SIN_PRECIO_OPERADOR, Medida, gastado, topes_de
from campaigns.ley.jornada import Jornada, dia_del_envio
from campaigns.models import Ajustes
from campaigns.vista_previa.calculo import VistaPrevia
from clientes.rne.selectors import es_vieja, ultima_consulta
from core.text import formato

AHORA: Final = "Se enviará ahora."
AHORA_HASTA: Final = "Se enviará ahora. Lo que no alcance a salir antes de {hasta} sigue en el próximo horario."
ESPERA: Final = "Está fuera del horario de envío: se enviará {desde}."
NUNCA: Final = "El horario de envío de la tienda no se abre nunca: no se enviaría nada."
VENCE: Final = "El plazo de {horas} horas se acaba antes de que se abra el horario: no se enviaría nada."
TOPE_DIA: Final = "Cuesta {costo} y del tope del día quedan {quedan}: al llegar al tope se pausará."
TOPE_MES: Final = "Cuesta {costo} y del tope del mes quedan {quedan}: al llegar al tope se pausará."
LIMITE_DIA: Final = (
    "Cuesta {costo} y del límite del día de la instalación quedan {quedan}: al llegar al límite se pausará."
)
LIMITE_MES: Final = (
    "Cuesta {costo} y del límite del mes de la instalación quedan {quedan}: al llegar al límite se pausará."
)
LIMITE_MENSAJES: Final = (
    "Son {costo} mensajes y del límite del día de la instalación quedan {quedan}: al llegar al límite se pausará."
)
DE_TOPE: Final = {
    "tope_diario": TOPE_DIA,
    "tope_mensual": TOPE_MES,
    "limite_diario": LIMITE_DIA,
    "limite_mensual": LIMITE_MES,
    "limite_mensajes": LIMITE_MENSAJES,
}
NI_UNO: Final = " El tope no alcanza ni para un mensaje: no se enviará nada."
RNE_FALTA: Final = "Falta la consulta del Registro de Números Excluidos, que la ley pide antes de enviar publicidad."
RNE_VIEJA: Final = "La última consulta del Registro de Números Excluidos es del {dia}: tiene más de {dias} días."
RNE_PAUSA: Final = " Sin una vigente la campaña se pausará."
SIN_NOMBRE: Final = "El texto no dice de quién es. Con «{tienda}: » al comienzo cuesta {cuanto}."
LO_MISMO: Final = "lo mismo"
SIN_CONSENTIMIENTO: Final = "{n} de los que lo recibirán no tienen registrado su consentimiento."


@dataclass(frozen=True, slots=True)
class Aviso:
    """A warning.

    Args:
        codigo: short stable slug for programs.
    """

    codigo: str
    texto: str


def por_que_no_ahora(jornada: Jornada | None, zona: tzinfo) -> str:
    """Say why no message leaves now, and when the first ones do; "" when they leave now."""
    if jornada is None:
        return NUNCA
    return ESPERA.format(desde=formato.proximo(jornada.desde, zona)) if jornada.desde > timezone.now() else ""


def cuando(vista: VistaPrevia) -> str:
    """Say when the first messages leave."""
    jornada, zona = vista.jornada, vista.ajustes.zona
    if espera := por_que_no_ahora(jornada, zona):
        return espera
    if jornada is None or jornada.ventana_hasta is None:
        return AHORA
    return AHORA_HASTA.format(hasta=formato.proximo(jornada.ventana_hasta, zona))


def avisos_de(vista: VistaPrevia) -> list[Aviso]:
    """List what may surprise the person who presses the button."""
    return [*_plazo(vista.ajustes, vista.jornada), *_gasto(vista), *_registros(vista), *_nombre(vista)]


def _plazo(ajustes: Ajustes, jornada: Jornada | None) -> Iterator[Aviso]:
    deadline: datetime = timezone.now() + timedelta(hours=ajustes.plazo_h)
    if jornada is not None and jornada.desde > deadline:
        yield Aviso("plazo", VENCE.format(horas=f"{ajustes.plazo_h:g}"))


def _gasto(vista: VistaPrevia) -> Iterator[Aviso]:
    ajustes = vista.ajustes
    if vista.aprobacion:
        yield Aviso("aprobacion", vista.aprobacion)
    caps = list(topes_de(ajustes))
    if not caps:
        return
    if ajustes.limites.en_dinero and settings.SMS_SEGMENT_PRICE is None:
        yield Aviso("limite_sin_precio", SIN_PRECIO_OPERADOR)
    spent = gastado(ajustes.usuario_id, dia_del_envio(ajustes, a_toda_hora=vista.a_toda_hora))
    takes: dict[Medida, Decimal | None] = {
        "monto": vista.costo.precio(ajustes),
        "operador": vista.costo.precio_operador(ajustes),
        "mensajes": Decimal(vista.costo.destinatarios),
    }
    for tope, limit in caps:
        costo, left = takes[tope.medida], limit - spent.de(tope)
        if costo is not None and costo > left:
            texto = DE_TOPE[tope.codigo].format(costo=tope.escrito(costo), quedan=tope.escrito(max(left, Decimal(0))))
            yield Aviso(tope.codigo, texto + (NI_UNO if costo / max(vista.total, 1) > limit else ""))


def _registros(vista: VistaPrevia) -> Iterator[Aviso]:
    ajustes = vista.ajustes
    if ajustes.rne_activo:
        latest = ultima_consulta(ajustes.usuario_id)
        pausa = RNE_PAUSA if ajustes.rne_exigir_consulta and not vista.a_toda_hora else ""
        if latest is None:
            yield Aviso("rne", RNE_FALTA + pausa)
        elif es_vieja(latest, dias=ajustes.rne_vigencia_dias):
            yield Aviso("rne", RNE_VIEJA.format(dia=formato.dia(latest), dias=ajustes.rne_vigencia_dias) + pausa)
    if n := vista.costo.sin_consentimiento:
        yield Aviso("sin_consentimiento", SIN_CONSENTIMIENTO.format(n=formato.numero(n)))


def _nombre(vista: VistaPrevia) -> Iterator[Aviso]:
    if vista.costo_con_nombre is None:
        return
    more = vista.costo_con_nombre.segmentos - vista.costo.segmentos
    before, after = (costo.precio(vista.ajustes) for costo in (vista.costo, vista.costo_con_nombre))
    cuanto = LO_MISMO
    if more and before is not None and after is not None:
        cuanto = f"{formato.dinero(after - before)} más"
    elif more:
        cuanto = f"{formato.numero(more)} segmento{'s' if more > 1 else ''} más"
    yield Aviso("sin_remitente", SIN_NOMBRE.format(tienda=vista.sin_nombre, cuanto=cuanto))
