"""The steps of a new campaign, each as a page: what it shows beside what the form carries."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from campaigns import remitentes
from campaigns.audiencia.juicio import TEXTOS
from campaigns.campana import selectors, services
from campaigns.mensaje import texto
from campaigns.models import MENSAJE_MAX, Remitente
from campaigns.models.campana import MOTIVO_MAX, NOMBRE_MAX
from campaigns.pages import borrador_form
from campaigns.values import codigos
from campaigns.vista_previa import elegibles, firma
from campaigns.vista_previa.avisos import avisos_de, cuando
from campaigns.vista_previa.borrador import Borrador
from campaigns.vista_previa.calculo import VistaPrevia, calcular_vista_previa
from clientes.selectors import clientes_de, segmentos_de
from core.errors import InvalidInputError
from core.models import Usuario

# field of the form: the search that fills it
BUSCADORES = {"clientes": "q", "excluir_clientes": "q_excluir"}


def audiencia(
    request: HttpRequest, usuario: Usuario, borrador: Borrador, error: InvalidInputError | None = None
) -> HttpResponse:
    data = request.POST
    context = {
        **cuenta(usuario, borrador),
        "etiquetas": elegibles.etiquetas(usuario),
        "segmentos": segmentos_de(usuario).order_by("nombre"),
        "hay_clientes": clientes_de(usuario).exists(),
        "incluidos": buscador(usuario, borrador, "clientes", data),
        "excluidos_uno": buscador(usuario, borrador, "excluir_clientes", data),
        "copia_grande": bool(borrador.mensaje and request.GET.get("copiar") and not borrador.clientes),
    }
    return _paso(request, "audiencia", borrador, borrador_form.PASO_AUDIENCIA, context, error)


def cuenta(usuario: Usuario, borrador: Borrador) -> dict[str, Any]:
    try:
        return {"cuenta": elegibles.contar_audiencia(usuario, borrador.audiencia(), _desde(usuario, borrador))}
    except InvalidInputError as error:
        return {"cuenta": None, "cuenta_error": error.message}


def buscador(usuario: Usuario, borrador: Borrador, campo: str, data: QueryDict) -> elegibles.Buscador:
    ids = borrador.clientes if campo == "clientes" else borrador.excluir_clientes
    return elegibles.buscador(usuario, campo=campo, ids=ids, q=data.get(BUSCADORES[campo], ""))


def mensaje(
    request: HttpRequest, usuario: Usuario, borrador: Borrador, error: InvalidInputError | None = None
) -> HttpResponse:
    context = {
        **costo(usuario, borrador, momento_o_ahora(borrador)),
        "nombres": elegibles.nombres_de(usuario, borrador.audiencia(), _desde(usuario, borrador)),
        "plantillas": selectors.plantillas_de(usuario).filter(activo=True).order_by("nombre"),
        "remitentes": remitentes.remitentes_de(usuario).filter(activo=True).order_by("nombre"),
        "mensaje_max": MENSAJE_MAX,
        "nombre_max": NOMBRE_MAX,
        "motivo_max": MOTIVO_MAX,
        **texto.editor(),
    }
    return _paso(request, "mensaje", borrador, borrador_form.PASO_MENSAJE, context, error)


def costo(usuario: Usuario, borrador: Borrador, programada_para: datetime | None = None) -> dict[str, Any]:
    """Preview the draft.

    Args:
        programada_para: for this moment; now when None.
    """
    if not borrador.mensaje.strip():
        return {"vista": None}
    try:
        vista = calcular_vista_previa(
            usuario=usuario,
            mensaje=borrador.mensaje,
            audiencia=borrador.audiencia(),
            remitente=_desde(usuario, borrador),
            clase=borrador.clase,
            programada_para=programada_para,
        )
    except InvalidInputError as error:
        return {"vista": None, "costo_error": error.message, "sin_firma": error.code == firma.CODIGO}
    plain = vista.costo_transliterado
    return {
        "vista": vista,
        "excluidos": [(TEXTOS[codigo], n) for codigo, n in vista.costo.excluidos.most_common()],
        "precio": vista.costo.precio(vista.ajustes),
        "cuando": cuando(vista),
        "avisos": avisos_de(vista),
        "ahorro_dinero": _ahorro(vista),
        "ahorro": vista.costo.segmentos - plain.segmentos if plain else 0,
    }


def revision(
    request: HttpRequest, usuario: Usuario, borrador: Borrador, aviso: str = "", *, fecha_error: str = ""
) -> HttpResponse:
    remitente = remitentes.elegido(usuario, borrador.remitente)
    programada_para = None if fecha_error else momento(borrador)
    context = {
        **costo(usuario, borrador, programada_para),
        "remitente": remitente,
        "fecha_error": fecha_error,
        "desde": f"{timezone.localtime() + timedelta(minutes=1):%Y-%m-%dT%H:%M}",
        "zona": timezone.get_current_timezone_name(),
        # A key for this preview: sending it twice makes one campaign.
        "clave": str(uuid4()),
        "aviso": aviso,
    }
    vista = context["vista"]
    if vista is None:
        raise InvalidInputError(context.get("costo_error", texto.VACIO), field="mensaje")
    context |= {
        "por_segmentos": sorted(vista.costo.por_segmentos.items()) if len(vista.costo.por_segmentos) > 1 else [],
        "por_encoding": vista.costo.por_encoding.most_common(),
        "ucs2_por_nombre": 0 if vista.letras_ucs2 else vista.costo.por_encoding["UCS-2"],
        "mas_largo_aparte": vista.mas_largo is not None and vista.mas_largo not in vista.ejemplos,
        "hoy_ya_recibieron": bool(vista.costo.excluidos[codigos.FRECUENCIA]),
        "revisada": revisada(vista),
        "revisada_para": borrador.fecha if programada_para else "",
        "para_otra_hora": para_otra_hora(vista),
        "duracion": remitentes.duracion(remitente, segmentos=vista.costo.segmentos),
    }
    return _paso(request, "revision", borrador, borrador_form.PASO_REVISION, context, None)


def _ahorro(vista: VistaPrevia) -> Decimal | None:
    """Return what the text without accents costs less; None without a price."""
    plain, now = vista.costo_transliterado, vista.costo.precio(vista.ajustes)
    cheaper = plain.precio(vista.ajustes) if plain else None
    return None if now is None or cheaper is None else now - cheaper


def momento(borrador: Borrador) -> datetime | None:
    """Return the moment for which the draft is planned; None is now, also while its date is not filled in.

    Raises:
        InvalidInputError: that date cannot be.
    """
    if not borrador.fecha:
        return None
    programada_para = borrador.programada_para()
    if programada_para is not None:
        services.validar_fecha(programada_para)
    return programada_para


def momento_o_ahora(borrador: Borrador) -> datetime | None:
    """Return the moment of `momento`; None also while its date cannot be, which the review says."""
    try:
        return momento(borrador)
    except InvalidInputError:
        return None


def revisada(vista: VistaPrevia) -> str:
    """Return what the review promised, as the form carries it: how many messages, of how many segments."""
    return f"{vista.costo.destinatarios}-{vista.costo.segmentos}"


def para_otra_hora(vista: VistaPrevia) -> datetime | None:
    """Return when the campaign really leaves, if it is planned for a moment at which the shop is closed."""
    jornada, planned = vista.jornada, vista.programada_para
    return jornada.desde if jornada and planned and jornada.desde > planned else None


def _desde(usuario: Usuario, borrador: Borrador) -> Remitente | None:
    """The sender that was chosen; whether it is still offered is asked when it is used."""
    return remitentes.remitentes_de(usuario).filter(pk=borrador.remitente).first()


def _paso(
    request: HttpRequest,
    paso: str,
    borrador: Borrador,
    shown: frozenset[str],
    context: dict[str, Any],
    error: InvalidInputError | None,
) -> HttpResponse:
    context |= {
        "seccion": "campanas",
        "paso": paso,
        "borrador": borrador,
        "ocultos": borrador_form.ocultos(borrador, shown),
        "error": error.message if error else "",
        "error_campo": error.field if error else "",
    }
    return render(request, f"campaigns/nueva/{paso}.html", context)
