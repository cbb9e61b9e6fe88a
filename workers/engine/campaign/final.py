"""The end of a campaign: its sums, its last estado and why."""

import logging

from django.db import connection, transaction

from campaigns.audiencia.resultado import Resultados
from campaigns.bitacora.services import DE_FINALES, anotar
from campaigns.campana.selectors import motivos_de
from campaigns.models import CampanaSMS
from campaigns.models.campana import MOTIVO_MAX
from campaigns.values import codigos
from campaigns.values.estados import CAMPANA, LOTE, SMS
from core.ops import logs
from core.text.formato import numero, sin_telefonos

logger = logging.getLogger(__name__)

NADA_ENVIADO = "No se envió ningún mensaje: "
VENCIO = "El plazo de la campaña venció: se enviaron {exitosos} de {total} mensajes{desconocidos}."
SIN_SABER = "; de {n} no se sabe si salieron"
# What the deadline did to a row.
CORTADO = [codigos.PLAZO_VENCIDO, codigos.DESCONOCIDO]

# The sums of its Lotes, and whether its deadline cut something off.
SUMAS = f"""
(SELECT coalesce(sum(exitosos), 0) AS exitosos, coalesce(sum(fallidos), 0) AS fallidos,
        coalesce(sum(desconocidos), 0) AS desconocidos,
        coalesce(sum(no_enviados), 0) AS no_enviados, coalesce(sum(excluidos), 0) AS excluidos,
        EXISTS (SELECT FROM campaigns_campanasms WHERE id = %(id)s AND vence_en <= now())
            AND EXISTS (SELECT FROM campaigns_smslog
                WHERE campana_id = %(id)s AND estado = {SMS.FALLIDO} AND codigo = ANY(%(cortado)s)) AS cortada
      FROM campaigns_lote WHERE campana_id = %(id)s)
"""  # noqa: S608 - constants

# One that can end. Whoever waits for its lock meanwhile may have waited for a person who has it tried again: the
# statement that ends it takes a snapshot of its own, and asks everything anew.
CAN_END = f"""
c.id = %(id)s AND c.completado_en IS NULL AND (c.estado IN {CAMPANA.TERMINA_SOLA} OR c.vence_en <= now())
    AND NOT EXISTS (SELECT FROM campaigns_lote WHERE campana_id = %(id)s AND estado <> {LOTE.CERRADO})
"""
LOCK_SQL = f"SELECT FROM campaigns_campanasms c WHERE {CAN_END} FOR NO KEY UPDATE"

# Ends a campaign once, whichever asks first: the chord's callback, the errback or the sweeper. A paused one ends only
# when its deadline has passed.
FINISH_SQL = f"""
UPDATE campaigns_campanasms c
SET estado = CASE WHEN c.estado = {CAMPANA.CANCELADO} THEN {CAMPANA.CANCELADO} WHEN t.cortada THEN {CAMPANA.ERROR}
        WHEN t.exitosos > 0 THEN {CAMPANA.COMPLETADO} ELSE {CAMPANA.ERROR} END,
    motivo = CASE WHEN c.estado = {CAMPANA.CANCELADO} THEN c.motivo ELSE '' END,
    enviados_exitosos = t.exitosos, enviados_fallidos = t.fallidos, desconocidos = t.desconocidos,
    no_enviados = t.no_enviados, excluidos = t.excluidos,
    completado_en = now(), espera_hasta = NULL, reanuda_en = NULL
FROM {SUMAS} t
WHERE {CAN_END}
RETURNING c.estado, t.cortada, c.enviados_exitosos, c.enviados_fallidos, c.desconocidos, c.total_clientes,
    c.no_enviados, c.excluidos
"""  # noqa: S608 - constants


@transaction.atomic
def finish(campana_id: int) -> bool:
    """End the campaign if every Lote is closed; True when this call did it."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_SQL, {"id": campana_id})
        if not cursor.rowcount:
            return False
        cursor.execute(FINISH_SQL, {"id": campana_id, "cortado": CORTADO})
        row = cursor.fetchone()
    if row is None:
        return False
    estado, cortada, exitosos, fallidos, desconocidos, total, no_enviados, excluidos = row
    motivo = ""
    if estado == CampanaSMS.Estado.ERROR:
        motivo = _explain(campana_id, cortada, exitosos, desconocidos, total)
    anotar(
        campana_id=campana_id,
        tipo=DE_FINALES[CampanaSMS.Estado(estado)],
        detalle=motivo or _dicho(Resultados.de(exitosos, fallidos, no_enviados=no_enviados, excluidos=excluidos)),
    )
    with logs.about(campana=campana_id):
        logger.info("campaign %s ended in %s: %s sent, %s failed", campana_id, estado, exitosos, fallidos)
    return True


RESUM_SQL = f"""
UPDATE campaigns_campanasms c SET enviados_exitosos = t.exitosos, enviados_fallidos = t.fallidos,
    desconocidos = t.desconocidos, no_enviados = t.no_enviados, excluidos = t.excluidos
FROM {SUMAS} t WHERE c.id = %(id)s AND c.completado_en IS NOT NULL
RETURNING c.estado, t.cortada, c.enviados_exitosos, c.enviados_fallidos, c.desconocidos, c.total_clientes,
    c.no_enviados, c.excluidos
"""  # noqa: S608 - constants

SENT_AFTER_ALL_SQL = f"""
UPDATE campaigns_campanasms SET estado = {CAMPANA.COMPLETADO}, motivo = ''
WHERE id = %s AND estado = {CAMPANA.ERROR} AND enviados_exitosos > 0
"""  # noqa: S608 - constants


def resum(campana_id: int) -> None:
    """Sum a campaign that has ended again, because a message of it was sent after all; nothing happens to another.

    One that ended in `error` because nothing was sent is `completado` then; one whose deadline cut others off stays in
    `error`, with its figures put right. The caller holds the campaign's lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(RESUM_SQL, {"id": campana_id, "cortado": CORTADO})
        row = cursor.fetchone()
    if row is None:
        return
    estado, cortada, exitosos, fallidos, desconocidos, total, no_enviados, excluidos = row
    if estado != CampanaSMS.Estado.ERROR:
        return
    if cortada or not exitosos:
        _explain(campana_id, cortada, exitosos, desconocidos, total)
        return
    with connection.cursor() as cursor:
        cursor.execute(SENT_AFTER_ALL_SQL, [campana_id])
    anotar(
        campana_id=campana_id,
        tipo=DE_FINALES[CampanaSMS.Estado.COMPLETADO],
        detalle=_dicho(Resultados.de(exitosos, fallidos, no_enviados=no_enviados, excluidos=excluidos)),
    )


def _dicho(resultados: Resultados) -> str:
    """Say what became of the recipients: `97 enviados, 2 excluidos, 1 fallido`."""
    found = {
        "enviado": resultados.enviados,
        "no enviado": resultados.no_enviados,
        "excluido": resultados.excluidos,
        "fallido": resultados.fallidos,
    }
    return ", ".join(
        f"{numero(n)} {' '.join(word if word == 'no' or n == 1 else f'{word}s' for word in name.split())}"
        for name, n in found.items()
        if n or name in {"enviado", "fallido"}
    )


def _explain(campana_id: int, cortada: bool, exitosos: int, desconocidos: int, total: int) -> str:
    """Write down why the campaign is in `error`, and return it."""
    sin_saber = SIN_SABER.format(n=desconocidos) if desconocidos else ""
    motivo = (
        VENCIO.format(exitosos=exitosos, total=total, desconocidos=sin_saber)
        if cortada
        else _why_nothing_was_sent(campana_id)
    )[:MOTIVO_MAX]
    CampanaSMS.objects.filter(pk=campana_id).update(motivo=motivo)
    return motivo


def _why_nothing_was_sent(campana_id: int) -> str:
    reasons = motivos_de(CampanaSMS(pk=campana_id))[:3]
    # Whoever watches the campaign may read it, and Twilio's words name a number.
    return NADA_ENVIADO + "; ".join(f"{reason.n} × {sin_telefonos(reason.error)}" for reason in reasons)
