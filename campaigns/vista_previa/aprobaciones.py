"""Large campaigns wait until somebody says yes: which ones, and the decision."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Coalesce, Now

from campaigns.audiencia.seleccion import Audiencia
from campaigns.bitacora.services import anotar
from campaigns.ley.jornada import dia_del_envio
from campaigns.models import Ajustes, CampanaSMS, Remitente, Suceso
from campaigns.values.wake import nudge
from campaigns.vista_previa.costo import calcular, grupos_de
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.text import formato

logger = logging.getLogger(__name__)

MOTIVO_MAX = 200
MUCHOS = "Espera aprobación: son {total} destinatarios, y sin ella van hasta {limite}."
CARA = "Espera aprobación: cuesta {costo}, y sin ella se gasta hasta {limite}."
SIN_PRECIO = "Espera aprobación: no se sabe cuánto cuesta, y sin ella se gasta hasta {limite}."
RECHAZADA = "{quien} no la aprobó."
RECHAZADA_PORQUE = "{quien} no la aprobó: {motivo}"
NO_ESPERA = "No se puede {accion}: la campaña no espera aprobación."
MOTIVO_LARGO = f"El motivo puede tener hasta {MOTIVO_MAX} caracteres."


def por_que_espera(ajustes: Ajustes, *, total: int, costo: Decimal | None) -> str:
    """Why a campaign of this size waits for approval; "" when it does not.

    Args:
        total: recipients, sendable or not.
        costo: in SMS_PRICE_CURRENCY; None when there is no price, or no limit for which to count it.
    """
    limite = ajustes.aprobacion_destinatarios
    if limite is not None and total > limite:
        return MUCHOS.format(total=formato.numero(total), limite=formato.numero(limite))
    caro = ajustes.aprobacion_costo
    if caro is None:
        return ""
    if costo is None:
        return SIN_PRECIO.format(limite=formato.dinero(caro))
    return CARA.format(costo=formato.dinero(costo), limite=formato.dinero(caro)) if costo > caro else ""


def costo_a_aprobar(
    mensaje: str,
    audiencia: Audiencia,
    *,
    ajustes: Ajustes,
    remitente: Remitente | None,
    a_toda_hora: bool,
    desde: datetime | None = None,
) -> Decimal | None:
    """What a campaign costs in the eyes of the limit on cost; None when there is no limit, or no price.

    As if nobody had had a message that day: who waits for another day costs on that one.

    Args:
        desde: when it starts; now when None.
    """
    if ajustes.aprobacion_costo is None:
        return None
    dia = dia_del_envio(ajustes, a_toda_hora=a_toda_hora, desde=desde)
    grupos = grupos_de(audiencia, ajustes=ajustes, dia=dia, remitente=remitente, a_toda_hora=True)
    return calcular(mensaje, grupos).precio(ajustes)


def hacer_esperar(*, campana: CampanaSMS, audiencia: Audiencia, ajustes: Ajustes) -> None:
    """Let a campaign that was created just now wait for approval if it is large. The engine starts none that waits."""
    costo = costo_a_aprobar(
        campana.mensaje,
        audiencia,
        ajustes=ajustes,
        remitente=campana.remitente,
        a_toda_hora=campana.a_toda_hora,
        desde=campana.programada_para,
    )
    if motivo := por_que_espera(ajustes, total=campana.total_clientes, costo=costo):
        # Its deadline runs meanwhile, from when it should start: nobody says yes to last week's offer.
        CampanaSMS.objects.filter(pk=campana.pk).update(
            aprobacion=CampanaSMS.Aprobacion.PENDIENTE,
            motivo=motivo,
            vence_en=Coalesce("programada_para", Now()) + timedelta(hours=ajustes.plazo_h),
        )
        campana.refresh_from_db()


def decidir(*, campana: CampanaSMS, usuario: Usuario, aprobar: bool, motivo: str = "") -> CampanaSMS:
    """Let a campaign that waits for approval start, or cancel it.

    Args:
        usuario: the admin who decides.
        motivo: why not, for people; at most 200 characters.

    Raises:
        ConflictError: it does not wait for approval, or not any more: its deadline came first, or somebody else.
        InvalidInputError: the reason is too long.
    """
    motivo = motivo.strip()
    if len(motivo) > MOTIVO_MAX:
        raise InvalidInputError(MOTIVO_LARGO, field="motivo", code="max_length")
    changes = (
        {"aprobacion": CampanaSMS.Aprobacion.APROBADA, "motivo": "", "vence_en": None}
        if aprobar
        else {
            "aprobacion": CampanaSMS.Aprobacion.RECHAZADA,
            "estado": CampanaSMS.Estado.CANCELADO,
            "motivo": _por_que_no(usuario, motivo),
        }
    )
    waiting = CampanaSMS.objects.filter(
        pk=campana.pk,
        estado=CampanaSMS.Estado.PENDIENTE,
        aprobacion=CampanaSMS.Aprobacion.PENDIENTE,
        vence_en__gt=Now(),
    )
    with transaction.atomic():
        if not waiting.update(decidida_por=usuario, decidida_en=Now(), **changes):
            raise ConflictError(NO_ESPERA.format(accion="aprobar" if aprobar else "rechazar"), code="move_refused")
        tipo = Suceso.Tipo.APROBADA if aprobar else Suceso.Tipo.RECHAZADA
        anotar(campana_id=campana.pk, tipo=tipo, detalle=motivo)
        nudge(campana.pk)
    logger.info("campaign %s: %s decided %s", campana.pk, usuario.username, changes["aprobacion"])
    campana.refresh_from_db()
    return campana


def _por_que_no(usuario: Usuario, motivo: str) -> str:
    quien = usuario.get_full_name() or usuario.username
    return RECHAZADA_PORQUE.format(quien=quien, motivo=motivo) if motivo else RECHAZADA.format(quien=quien)
