"""Warnings for the person who makes a campaign, beside what the preview counts and costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils import timezone

from campaigns.ley.gasto import SIN_PRECIO_OPERADOR, Medida, gastado, topes_de
from campaigns.ley.jornada import Jornada, dia_del_envio
from campaigns.vista_previa.calculo import VistaPrevia
from campaigns.vista_previa.reparto import NUNCA, VENCE, Reparto
from clientes.rne.selectors import es_vieja, ultima_consulta
from core.text import formato

AHORA: Final = "Se enviará ahora."
AHORA_HASTA: Final = "Se enviará ahora. Lo que no alcance a salir antes de {hasta} sigue en el próximo horario."
ESPERA: Final = "Está fuera del horario de envío: se enviará {desde}."
ALCANZA: Final = "{dia} alcanza para {n}"
NINGUNO: Final = (
    "{dia} no alcanza para ninguno: {n} sale {cuando}",
    "{dia} no alcanza para ninguno: {n} salen {cuando}",
)
OTROS: Final = ("el otro sale {cuando}", "los otros {n} salen {cuando}")
UNOS: Final = ("{n} sale {cuando}", "{n} salen {cuando}")
RESTO: Final = "los demás, {n}, salen poco a poco hasta {cuando}"
NO_SALEN: Final = ("{n} no se enviará.", "{n} no se enviarán.")
APROXIMADO: Final = "unos "
# Days that a sentence names; all are in the API's list.
DIAS_DICHOS: Final = 4
PROGRAMADA: Final = "Se enviará {desde}."
PROGRAMADA_HASTA: Final = "Se enviará {desde}. Lo que no alcance a salir antes de {hasta} sigue en el próximo horario."
PROGRAMADA_FUERA: Final = "A esa hora está cerrado el horario de envío: se enviará {desde}."
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
NO_CELULAR: Final = "El número de uno de los que lo recibirán no es de celular: el SMS puede no llegarle."
NO_CELULARES: Final = "Los números de {n} de los que lo recibirán no son de celular: el SMS puede no llegarles."
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
    if jornada.desde <= timezone.now():
        return ""
    return formato.frase(ESPERA.format(desde=formato.proximo(jornada.desde, zona)))


def cuando(vista: VistaPrevia) -> str:
    """Say when the first messages leave, as far as the shop's hours decide it."""
    jornada, zona = vista.jornada, vista.ajustes.zona
    if vista.programada_para is not None:
        return cuando_programada(vista.programada_para, jornada, zona)
    if espera := por_que_no_ahora(jornada, zona):
        return espera
    if jornada is None or jornada.ventana_hasta is None:
        return AHORA
    return AHORA_HASTA.format(hasta=formato.proximo(jornada.ventana_hasta, zona))


def cuando_programada(momento: datetime, jornada: Jornada | None, zona: tzinfo) -> str:
    """Say when the first messages leave of what is planned for a moment.

    Args:
        jornada: the one of that moment, or the next; None when there is none.
        zona: of the shop.
    """
    if jornada is None:
        return NUNCA
    desde = formato.proximo(jornada.desde, zona)
    if jornada.desde > momento:
        return formato.frase(PROGRAMADA_FUERA.format(desde=desde))
    if jornada.ventana_hasta is None:
        return formato.frase(PROGRAMADA.format(desde=desde))
    return formato.frase(PROGRAMADA_HASTA.format(desde=desde, hasta=formato.proximo(jornada.ventana_hasta, zona)))


def salidas_en_palabras(vista: VistaPrevia) -> str:
    """Say how many messages leave on which day, and how many never, where a cap or the deadline decides it; "" when all
    leave in the first jornada."""
    reparto, zona = vista.reparto, vista.ajustes.zona
    if reparto.todos_juntos:
        return ""
    parts = []
    if reparto.salidas:
        about = APROXIMADO if reparto.aproximado else ""
        parts.append(_primera(reparto, zona, about))
        shown, more = reparto.salidas[1:DIAS_DICHOS], reparto.salidas[DIAS_DICHOS:]
        the_others = OTROS if len(reparto.salidas) == 2 and not reparto.no_salen else UNOS
        parts += [
            the_others[salida.cantidad != 1].format(
                n=about + formato.numero(salida.cantidad), cuando=formato.proximo(salida.desde, zona)
            )
            for salida in shown
        ]
        if more:
            n = about + formato.numero(sum(salida.cantidad for salida in more))
            parts.append(RESTO.format(n=n, cuando=formato.proximo(more[-1].desde, zona)))
    said = formato.frase("; ".join(parts) + ".") if parts else ""
    if reparto.no_salen:
        rest = NO_SALEN[reparto.no_salen != 1].format(n=formato.numero(reparto.no_salen))
        said = f"{said} {rest} {reparto.motivo}"
    return said.strip()


def _primera(reparto: Reparto, zona: tzinfo, about: str) -> str:
    first, jornada = reparto.salidas[0], reparto.jornada
    n = about + formato.numero(first.cantidad)
    day = formato.proximo(first.desde, zona)
    if jornada is not None and first.dia != jornada.dia:
        full = formato.proximo(jornada.desde, zona).partition(",")[0]
        return NINGUNO[first.cantidad != 1].format(dia=full[0].upper() + full[1:], n=n, cuando=day)
    said = day.partition(",")[0]
    return ALCANZA.format(dia=said[0].upper() + said[1:], n=n)


def avisos_de(vista: VistaPrevia) -> list[Aviso]:
    """List what may surprise the person who presses the button."""
    return [*_plazo(vista), *_gasto(vista), *_salidas(vista), *_registros(vista), *_nombre(vista)]


def _plazo(vista: VistaPrevia) -> Iterator[Aviso]:
    too_late = VENCE.format(horas=f"{vista.ajustes.plazo_h:g}")
    if vista.reparto.motivo == too_late:
        yield Aviso("plazo", too_late)


def _salidas(vista: VistaPrevia) -> Iterator[Aviso]:
    late = VENCE.format(horas=f"{vista.ajustes.plazo_h:g}")
    if vista.reparto.motivo == late or vista.jornada is None or not vista.reparto.pedido.destinatarios:
        return  # which has its own warning
    if said := salidas_en_palabras(vista):
        yield Aviso("salidas", said)


def _gasto(vista: VistaPrevia) -> Iterator[Aviso]:
    ajustes = vista.ajustes
    if vista.aprobacion:
        yield Aviso("aprobacion", vista.aprobacion)
    caps = list(topes_de(ajustes))
    if not caps:
        return
    if ajustes.limites.en_dinero and settings.SMS_SEGMENT_PRICE is None:
        yield Aviso("limite_sin_precio", SIN_PRECIO_OPERADOR)
    dia = dia_del_envio(ajustes, a_toda_hora=vista.a_toda_hora, desde=vista.programada_para)
    spent, pedido = gastado(ajustes.usuario_id, dia), vista.reparto.pedido
    takes: dict[Medida, Decimal | None] = {
        "monto": pedido.precio(ajustes),
        "operador": pedido.precio_operador(ajustes),
        "mensajes": Decimal(pedido.destinatarios),
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
    if n := vista.no_celulares:
        yield Aviso("no_celular", NO_CELULAR if n == 1 else NO_CELULARES.format(n=formato.numero(n)))
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
