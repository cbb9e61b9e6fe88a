"""Retry the recipients of an ended campaign who certainly received nothing."""

from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models.functions import Now

from campaigns.audiencia.juicio import JUZGADOS, parametros
from campaigns.ley.jornada import dia_del_envio
from campaigns.ley.selectors import ajustes_de
from campaigns.models import Ajustes, CampanaSMS, SMSLog
from campaigns.remitentes import valor_de
from campaigns.values import codigos, twilio
from campaigns.values.estados import LOTE, SMS
from campaigns.values.twilio import Entrega, Retry
from core.errors import ConflictError

# Failed rows that are never tried again: the message may have been sent, the client is gone, or told Twilio to stop.
# Nor is one that Twilio has given a SID, whatever else it says: that is the proof of a message.
NUNCA: Final = (codigos.DESCONOCIDO, codigos.CLIENTE_ELIMINADO, *twilio.retried(Retry.NEVER))
# Twilio's judgements of a number: only another number can change them.
DEL_NUMERO: Final = tuple(twilio.retried(Retry.OTHER_NUMBER))
# Sent, as far as Twilio's answer said, and dropped before it left: nobody got it. Its message keeps its SID in
# `campaigns_descarte` (`workers.engine.lote.opening`), and its row is free for another.
DESCARTADA: Final = f"s.estado = {SMS.ENVIADO} AND {twilio.dropped_sql('s.entrega', 's.entrega_codigo')}"
SIN_APROBAR = "No se puede reintentar: la campaña venció sin que nadie la aprobara. Cree una copia."
OLVIDADA = (
    "No se puede reintentar: terminó hace tanto que ya se borraron los textos que eran para cada persona."
    " Cree una campaña nueva."
)
NADA = "No se puede reintentar: ningún destinatario fallido puede recibir el mensaje ahora."

# In a large campaign this many failed rows are judged before the move is made; the others when their Lotes open.
JUZGADOS_MAX: Final = 10_000
# … and so many before its button is offered.
MIRADOS_MAX: Final = 1_000


def elegidos(condition: str, *, limit: str = "") -> str:
    """SQL of `fallidos`, and of `elegidos` for `juicio.JUZGADOS`: failed and dropped rows that may work now.

    Args:
        condition: on the rows, which are `s`.
        limit: ORDER BY and LIMIT of them.
    """
    return f"""
fallidos AS MATERIALIZED (
    (SELECT s.id, s.cliente_id, s.codigo, s.telefono FROM campaigns_smslog s
    WHERE {condition} AND s.estado = {SMS.FALLIDO} AND s.twilio_sid = '' AND s.codigo <> ALL(%(nunca)s) {limit})
    UNION ALL
    (SELECT s.id, s.cliente_id, s.entrega_codigo, s.telefono FROM campaigns_smslog s
    WHERE {condition} AND {DESCARTADA} {limit})
), elegidos AS (
    SELECT f.cliente_id AS id, f.id AS n FROM fallidos f JOIN clientes_cliente c ON c.id = f.cliente_id
    WHERE f.codigo <> ALL(%(del_numero)s) OR f.telefono <> c.telefono_e164
)
"""  # noqa: S608 - constants


# A condition on what was judged, `j`: another row of the campaign has the phone already.
OCUPADO: Final = """
EXISTS (SELECT FROM campaigns_smslog o WHERE o.campana_id = %(campana)s AND o.id <> j.n
    AND o.telefono = j.telefono AND o.telefono <> '' AND o.codigo <> 'telefono_duplicado')
"""
PARAMS: Final[dict[str, list[str]]] = {"nunca": list(NUNCA), "del_numero": list(DEL_NUMERO)}

# Whether one of the first failed rows can be sent to, and how many those were.
MIRAR_SQL: Final = (
    "WITH "  # noqa: S608 - constants
    + elegidos("s.campana_id = %(campana)s", limit="ORDER BY s.id LIMIT %(most)s")
    + ","
    + JUZGADOS
    + "SELECT EXISTS (SELECT FROM juzgados j WHERE j.codigo = '' AND NOT "
    + OCUPADO
    + "), (SELECT count(*) FROM fallidos)"
)

# Lote by Lote, each by its index.
REABRIR_SQL: Final = f"""
UPDATE campaigns_lote l SET estado = {LOTE.PENDIENTE}, publicar_desde = NULL, publicado_hasta = NULL
WHERE l.campana_id = %(campana)s AND l.estado = {LOTE.CERRADO} AND (l.fallidos > 0 AND (
    SELECT 1 FROM campaigns_smslog s
    WHERE s.lote_id = l.id AND s.estado = {SMS.FALLIDO} AND s.twilio_sid = '' AND s.codigo <> ALL(%(nunca)s)
    LIMIT 1) = 1 OR (
    SELECT 1 FROM campaigns_smslog s WHERE s.campana_id = l.campana_id AND s.lote_id = l.id AND {DESCARTADA}
    LIMIT 1) = 1)
"""  # noqa: S608 - constants


def reintentables(campana: CampanaSMS) -> bool:
    """Tell whether a failed or dropped recipient can be tried again by the clients' present data; of a campaign with
    very many, whether one might be."""
    if campana.aprobacion == CampanaSMS.Aprobacion.PENDIENTE or _se_olvido(campana):
        return False
    rows = SMSLog.objects.filter(campana=campana)
    failed = rows.filter(estado=SMSLog.Estado.FALLIDO, twilio_sid="").exclude(codigo__in=NUNCA)
    dropped = rows.filter(estado=SMSLog.Estado.ENVIADO, entrega=Entrega.FAILED, entrega_codigo__in=twilio.DROPPED)
    return (failed.exists() or dropped.exists()) and _alguien(campana, most=MIRADOS_MAX)


def _alguien(campana: CampanaSMS, *, most: int) -> bool:
    """Judge the first failed and dropped recipients; True also when there are more than were judged.

    Args:
        most: so many of each.
    """
    ajustes = ajustes_de(campana.usuario_id)
    with connection.cursor() as cursor:
        cursor.execute(MIRAR_SQL, {**_parametros(campana, ajustes), "most": most})
        somebody, looked_at = cursor.fetchone()
    return bool(somebody) or looked_at >= most


def _se_olvido(campana: CampanaSMS) -> bool:
    """Tell whether what was written to each recipient alone was erased since it ended: it would be sent blank."""
    if campana.olvidada_en is None or campana.completado_en is None or campana.olvidada_en < campana.completado_en:
        return False
    return campana.con_destinatarios or campana.respuesta_a_id is not None


def _parametros(campana: CampanaSMS, ajustes: Ajustes) -> dict[str, Any]:
    return {
        **parametros(
            ajustes,
            dia=dia_del_envio(ajustes, a_toda_hora=campana.a_toda_hora),
            remitente=valor_de(campana.remitente),
            campana_id=campana.pk,
            a_toda_hora=campana.a_toda_hora,
        ),
        **PARAMS,
    }


def exigir_aprobada(campana: CampanaSMS) -> None:
    """Raises ConflictError: it ended while it waited for approval, which nothing gives it any more."""
    if campana.aprobacion == CampanaSMS.Aprobacion.PENDIENTE:
        raise ConflictError(SIN_APROBAR, code="move_refused")


def reabrir(campana: CampanaSMS) -> None:
    """Let the engine open once more the Lotes with failed recipients; part of the move, in its transaction.

    Nothing is done to the recipients here, however many they are: each Lote's are judged again when it opens.

    Raises:
        ConflictError: by the clients' present data there is nobody to try again, or what it said was erased.
    """
    if _se_olvido(CampanaSMS.objects.get(pk=campana.pk)):
        raise ConflictError(OLVIDADA, code="move_refused")
    if not _alguien(campana, most=JUZGADOS_MAX):
        raise ConflictError(NADA, code="move_refused")
    ajustes = ajustes_de(campana.usuario_id)
    with connection.cursor() as cursor:
        cursor.execute(REABRIR_SQL, _parametros(campana, ajustes))
    CampanaSMS.objects.filter(pk=campana.pk).update(
        completado_en=None,
        # At once, and not when it begins again: it may be paused before that, and a pause has a deadline too.
        vence_en=Now() + timedelta(hours=ajustes.plazo_h),
        cierra_en=None,  # by the settings of now: nobody told a campaign that had ended of their changes
        ventana_hasta=None,
        enviados_exitosos=0,
        enviados_fallidos=0,
        no_enviados=0,
        excluidos=0,
        iniciado_en=Now(),
    )
