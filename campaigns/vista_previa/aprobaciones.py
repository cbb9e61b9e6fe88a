"""The approval of large campaigns: which ones wait for it, and the decision."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Coalesce, Now

from campaigns.audiencia.seleccion import Audiencia
from campaigns.bitacora.services import anotar
from campaigns.ley.jornada import dia_del_envio
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, CampanaSMS, Remitente, Suceso
from campaigns.values.wake import nudge
from campaigns.vista_previa.costo import calcular, grupos_de
from core.errors import ConflictError, ForbiddenError, InvalidInputError
from core.models import Usuario
from core.text import formato

logger = logging.getLogger(__name__)

MOTIVO_MAX = 200
MUCHOS = "Espera aprobación: son {total} destinatarios, y sin ella van hasta {limite}."
CARA = "Espera aprobación: cuesta {costo}, y sin ella se gasta hasta {limite}."
CARA_OPERADOR = "Espera aprobación: cuesta {costo}, y en esta instalación se gasta sin ella hasta {limite}."
SIN_PRECIO = "Espera aprobación: no se sabe cuánto cuesta, y sin ella se gasta hasta {limite}."
RECHAZADA = "{quien} no la aprobó."
RECHAZADA_PORQUE = "{quien} no la aprobó: {motivo}"
NO_ESPERA = "No se puede {accion}: la campaña no espera aprobación."
PROPIA = "Usted creó esta campaña: en su tienda la aprueba otra persona."
TEXTO_PROPIO = "Usted escribió el texto de esta campaña: en su tienda la aprueba otra persona."
LLAVE_DEL_TEXTO = "Esta llave es de quien escribió el texto: la aprueba otra persona, o usted en su página."
LLAVE_DEL_CAMBIO = "Esta llave es de quien cambió la campaña: la aprueba otra persona, o usted en su página."
LLAVE_PROPIA = "Esta llave es de quien creó la campaña: la aprueba otra persona, o usted en su página."
CAMBIO = "La campaña cambió: revísela."
MOTIVO_LARGO = f"El motivo puede tener hasta {MOTIVO_MAX} caracteres."


@dataclass(frozen=True, slots=True)
class Costos:
    """The cost of a campaign in the eyes of each limit on cost; None when there is no such limit, or no price.

    Args:
        tienda: at the shop's prices.
        operador: at no less than the installation's.
    """

    tienda: Decimal | None = None
    operador: Decimal | None = None


def por_que_espera(
    ajustes: Ajustes, *, total: int, costo: Decimal | None, costo_operador: Decimal | None = None
) -> str:
    """Say why a campaign of this size waits for approval, by the shop's limits or the operator's; "" when it does not.

    Args:
        total: recipients, sendable or not.
        costo: in SMS_PRICE_CURRENCY; None when there is no price, or no limit for which to count it.
        costo_operador: the same at no less than the installation's price.
    """
    limite = ajustes.aprobacion_desde
    if limite is not None and total > limite:
        return MUCHOS.format(total=formato.numero(total), limite=formato.numero(limite))
    of_operator = (ajustes.limites.aprobacion_costo, costo_operador, CARA_OPERADOR)
    for caro, cuesta, texto in ((ajustes.aprobacion_costo, costo, CARA), of_operator):
        if caro is not None and cuesta is None:
            return SIN_PRECIO.format(limite=formato.dinero(caro))
        if caro is not None and cuesta is not None and cuesta > caro:
            return texto.format(costo=formato.dinero(cuesta), limite=formato.dinero(caro))
    return ""


def costo_a_aprobar(
    mensaje: str,
    audiencia: Audiencia,
    *,
    ajustes: Ajustes,
    remitente: Remitente | None,
    a_toda_hora: bool,
    desde: datetime | None = None,
) -> Costos:
    """Estimate what a campaign costs in the eyes of the limits on cost.

    The estimate is made as if nobody had had a message that day: a client who waits for another day costs on that one.

    Args:
        desde: when it starts; now when None.
    """
    if (ajustes.aprobacion_costo, ajustes.limites.aprobacion_costo) == (None, None):
        return Costos()
    dia = dia_del_envio(ajustes, a_toda_hora=a_toda_hora, desde=desde)
    grupos = grupos_de(audiencia, ajustes=ajustes, dia=dia, remitente=remitente, a_toda_hora=True)
    costo = calcular(mensaje, grupos)
    return Costos(costo.precio(ajustes), costo.precio_operador(ajustes))


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
    if motivo := por_que_espera(
        ajustes, total=campana.total_clientes, costo=costo.tienda, costo_operador=costo.operador
    ):
        # Its deadline runs meanwhile, from when it should start: nobody says yes to last week's offer.
        CampanaSMS.objects.filter(pk=campana.pk).update(
            aprobacion=CampanaSMS.Aprobacion.PENDIENTE,
            motivo=motivo,
            vence_en=Coalesce("programada_para", Now()) + timedelta(hours=ajustes.plazo_h),
        )
        campana.refresh_from_db()


def no_aprueba(campana: CampanaSMS, usuario: Usuario, *, con_llave: bool = False) -> str:
    """Say why the person may not approve this campaign, which they made or whose text is theirs; "" when they may.

    A program that makes or changes campaigns approves none of those, whatever the shop says: then nobody would have
    looked. OWASP ASVS 5.0, 2.3.5.

    Args:
        con_llave: whether a program asks, with a key of the person's.
    """
    if usuario.pk not in (campana.creada_por_id, campana.redactada_por_id):
        return LLAVE_DEL_CAMBIO if con_llave and _la_cambio(campana, usuario) else ""
    own = campana.creada_por_id == usuario.pk
    if con_llave:
        return LLAVE_PROPIA if own else LLAVE_DEL_TEXTO
    if not ajustes_de(campana.usuario_id).aprobacion_ajena:
        return ""
    return PROPIA if own else TEXTO_PROPIO


def _la_cambio(campana: CampanaSMS, usuario: Usuario) -> bool:
    return Suceso.objects.filter(campana=campana, tipo=Suceso.Tipo.EDITADA, usuario=usuario).exists()


def decidir(
    *,
    campana: CampanaSMS,
    usuario: Usuario,
    aprobar: bool,
    motivo: str = "",
    con_llave: bool = False,
    huella: str | None = None,
) -> CampanaSMS:
    """Let a campaign that waits for approval start, or cancel it.

    Args:
        usuario: who decides.
        motivo: why not, for people; at most 200 characters.
        con_llave: whether a program asks, with a key of theirs.
        huella: of the campaign as they saw it; None decides about whatever it is now.

    Raises:
        ForbiddenError: they would approve what they made themselves, which the shop or a key does not allow.
        ConflictError: it does not wait for approval, or not any more: its deadline came first, or somebody else. Or it
            is another than they saw.
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
        # Whoever changes it holds this row until what they changed, and who they are, is written.
        locked = CampanaSMS.objects.select_for_update(no_key=True, of=("self",)).get(pk=campana.pk)
        if aprobar and (refusal := no_aprueba(locked, usuario, con_llave=con_llave)):
            raise ForbiddenError(refusal, code="own_campaign")
        if huella is not None and huella != locked.huella:
            raise ConflictError(CAMBIO, code="changed")
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
