"""Services of answers: answering a client, and keeping what is answered often."""

from typing import Final

from django.db import IntegrityError, transaction

from campaigns.audiencia.juicio import REMEDIOS, TEXTOS
from campaigns.audiencia.seleccion import Audiencia
from campaigns.campana.services import NuevaCampana, campana_con_clave, crear_campana
from campaigns.entrantes.selectors import entrantes_de
from campaigns.entrantes.services import E164, marcar_leidos
from campaigns.ley.jornada import dia_del_envio
from campaigns.ley.selectors import ajustes_de
from campaigns.mensaje import texto
from campaigns.models import CampanaSMS, Entrante, Remitente, RespuestaGuardada
from campaigns.remitentes import remitentes_de
from campaigns.respuestas import palabras
from campaigns.respuestas.selectors import cuando_sale, guardadas_de, ultimo_de
from campaigns.vista_previa import firma
from campaigns.vista_previa.costo import grupos_de
from clientes.selectors import clientes_de_telefonos
from core.errors import ConflictError, InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario

SIN_TELEFONO: Final = "No se le puede contestar: no quedó un número al que escribir."
SIN_CLIENTE: Final = "Ese número no está entre sus clientes: agréguelo primero, y después contéstele."
NO_SE_ENVIA: Final = "No se le puede contestar. {motivo} {remedio}"
MAX_GUARDADAS: Final = 100
LLENO: Final = f"Una tienda puede guardar hasta {MAX_GUARDADAS} respuestas: elimine alguna que ya no use."
PALABRA_REPETIDA: Final = "Otra respuesta ya se da con esa palabra."


def responder(
    *,
    usuario: Usuario,
    entrante: Entrante,
    mensaje: str,
    idempotency: Idempotency | None = None,
    prueba: bool = False,
) -> tuple[CampanaSMS, bool]:
    """Answer a client with one message: a campaign of one, which obeys all that campaigns obey. What the client wrote
    counts as read then.

    It comes from the sender that the client wrote to. For 24 hours after the client's last text it leaves at any hour
    and is not counted against the cap on contacts; later it is a message like any other.

    Args:
        usuario: who answers.
        entrante: a text of the client's.
        idempotency: makes a repeated request return the first one's answer.
        prueba: nothing is to leave.

    Returns:
        The campaign, and whether this call created it.

    Raises:
        InvalidInputError: the text cannot be sent, naming `mensaje`.
        ConflictError: nobody can be answered, with the reason and what to do.
    """
    if idempotency and (known := campana_con_clave(usuario=usuario, idempotency=idempotency)):
        return known, False
    with transaction.atomic():
        campana, created = _enviar(usuario, entrante, mensaje, automatica=False, idempotency=idempotency, prueba=prueba)
        if created and not prueba:
            unread = entrantes_de(usuario).filter(telefono=entrante.telefono, leido_en=None)
            marcar_leidos(usuario=usuario, ids=list(unread.values_list("pk", flat=True)), leido=True)
    return campana, created


def contestar_sola(*, entrante: Entrante, respuesta: RespuestaGuardada) -> CampanaSMS:
    """Give a saved answer to a text, once however often it is tried.

    Raises:
        InvalidInputError, ConflictError: as `responder` does.
    """
    idempotency = Idempotency.of(f"respuesta-automatica-{entrante.pk}", {"entrante": entrante.pk})
    tienda = respuesta.usuario
    return _enviar(tienda, entrante, respuesta.mensaje, automatica=True, idempotency=idempotency)[0]


def _enviar(
    usuario: Usuario,
    entrante: Entrante,
    mensaje: str,
    *,
    automatica: bool,
    idempotency: Idempotency | None,
    prueba: bool = False,
) -> tuple[CampanaSMS, bool]:
    ultimo = ultimo_de(usuario, entrante.telefono)
    if ultimo is None or not E164.fullmatch(entrante.telefono):
        raise ConflictError(SIN_TELEFONO, code="no_phone")
    cliente = clientes_de_telefonos(usuario, {entrante.telefono}).get(entrante.telefono)
    if cliente is None:
        raise ConflictError(SIN_CLIENTE, code="no_client")
    audiencia = Audiencia.de_ids([cliente.pk])
    nueva = NuevaCampana(
        mensaje=texto.sin_retornos(mensaje),
        audiencia=audiencia,
        remitente=_remitente(usuario, ultimo),
        prueba=prueba,
        respuesta_a=ultimo,
        automatica=automatica,
        libre_hasta=cuando_sale(usuario, ultimo).libre_hasta,
    )
    nueva.validar(ajustes_de(usuario.tenant_id), audiencia)
    _exigir_enviable(usuario, audiencia, nueva)
    return crear_campana(usuario=usuario, nueva=nueva, idempotency=idempotency)


def _exigir_enviable(usuario: Usuario, audiencia: Audiencia, nueva: NuevaCampana) -> None:
    """Refuse at once what the engine would leave out."""
    ajustes, free = ajustes_de(usuario.tenant_id), nueva.libre_hasta is not None
    dia = dia_del_envio(ajustes, a_toda_hora=free)
    grupos = grupos_de(audiencia, ajustes=ajustes, dia=dia, remitente=nueva.remitente, a_toda_hora=free)
    if codigo := next((grupo.codigo for grupo in grupos), ""):
        text = NO_SE_ENVIA.format(motivo=TEXTOS[codigo], remedio=REMEDIOS[codigo])
        raise ConflictError(text.strip(), code=codigo)


def _remitente(usuario: Usuario, ultimo: Entrante) -> Remitente | None:
    """The sender that the client wrote to, or got the shop's last message from; None for the installation's."""
    active = remitentes_de(usuario).filter(activo=True)
    before = active.filter(campanas=ultimo.campana_id).first() if ultimo.campana_id else None
    return active.filter(valor=ultimo.remitente).first() or before


def guardar_respuesta(*, respuesta: RespuestaGuardada, nombre: str, mensaje: str, palabra: str) -> None:
    """Write a saved answer of a shop, a new one or another text of one that there is.

    Args:
        palabra: as a person writes it; "" for an answer that only people give.

    Raises:
        InvalidInputError: naming the field: the text cannot be sent, the word is another answer's or cannot be
            answered, or the shop has as many answers as it may.
    """
    mensaje = texto.sin_retornos(mensaje)
    texto.validate(mensaje)
    respuesta.nombre, respuesta.mensaje, respuesta.palabra = nombre, mensaje, palabras.leer(palabra)
    if respuesta.palabra:  # nobody is there to put the name in when it is given
        firma.exigir(mensaje, ajustes_de(respuesta.usuario_id))
    try:
        with transaction.atomic():
            if respuesta._state.adding:
                tienda = Usuario.objects.select_for_update(no_key=True).get(pk=respuesta.usuario_id)
                if guardadas_de(tienda).count() >= MAX_GUARDADAS:
                    raise InvalidInputError(LLENO, field="nombre", code="limit")
            respuesta.save()
    except IntegrityError as error:
        raise InvalidInputError(PALABRA_REPETIDA, field="palabra", code="unique") from error
