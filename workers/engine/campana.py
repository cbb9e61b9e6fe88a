"""A campaign's life in the engine: start, advance, pause by itself, end."""

import logging

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from campaigns import states
from campaigns.models import CampanaSMS
from campaigns.selectors import motivos_de
from workers.engine import lotes
from workers.gateway.outcomes import Account

logger = logging.getLogger(__name__)

MOTIVO_MAX = 300
NADA_ENVIADO = "No se envió ningún mensaje: "


def advance(campana_id: int) -> None:
    """Do whatever is next for this campaign. Safe to call at any time, any number of times."""
    if not CampanaSMS.objects.filter(pk=campana_id, completado_en=None).exists():
        return
    sources, target = states.MOVES["iniciar"]
    due = Q(programada_para=None) | Q(programada_para__lte=Now())
    CampanaSMS.objects.filter(due, pk=campana_id, estado__in=sources).update(estado=target, iniciado_en=Now())
    # Lote by Lote, so that the first messages leave while the rest of the window opens.
    lotes.publish_due(campana_id)
    while _open_one(campana_id):
        lotes.publish_due(campana_id)
    while _drain_one(campana_id):
        pass
    lotes.fail_cancelled(campana_id)
    finish(campana_id)


def _open_one(campana_id: int) -> bool:
    """Open one Lote if the window has room; True when it did."""
    with transaction.atomic():
        # Serialises the openers of one campaign: two Lotes may hold the same phone.
        campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
        if campana.estado != CampanaSMS.Estado.PROCESANDO or lotes.in_flight(campana_id) >= settings.LOTES_EN_VUELO:
            return False
        # Twilio answers nothing but errors: what is uncertain already is found out before more is put in doubt.
        if lotes.in_doubt(campana_id, limit=2 * settings.LOTE_SIZE) >= 2 * settings.LOTE_SIZE:
            return False
        return lotes.open_next(campana) is not None


def _drain_one(campana_id: int) -> bool:
    """Give the recipients of one unopened Lote of a cancelled campaign their failed rows; True when it did."""
    with transaction.atomic():
        campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
        lote = lotes.open_next(campana) if campana.estado == CampanaSMS.Estado.CANCELADO else None
    return lote is not None


# Ends a campaign once, whoever asks first: the chord's callback, the errback or the sweeper.
FINISH_SQL = """
UPDATE campaigns_campanasms c
SET estado = CASE WHEN c.estado = 'cancelado' THEN 'cancelado' WHEN t.exitosos > 0 THEN 'completado'
        ELSE 'error' END,
    motivo = CASE WHEN c.estado = 'cancelado' THEN c.motivo ELSE '' END,
    enviados_exitosos = t.exitosos, enviados_fallidos = t.fallidos, completado_en = now()
FROM (SELECT coalesce(sum(exitosos), 0) AS exitosos, coalesce(sum(fallidos), 0) AS fallidos
      FROM campaigns_lote WHERE campana_id = %(id)s) t
WHERE c.id = %(id)s AND c.estado IN ('procesando', 'cancelado') AND c.completado_en IS NULL
    AND NOT EXISTS (SELECT FROM campaigns_lote WHERE campana_id = %(id)s AND estado <> 'cerrado')
RETURNING c.estado, c.enviados_exitosos, c.enviados_fallidos
"""


@transaction.atomic
def finish(campana_id: int) -> bool:
    """End the campaign if every Lote is closed; True when this call did it."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH_SQL, {"id": campana_id})
        row = cursor.fetchone()
    if row is None:
        return False
    estado, exitosos, fallidos = row
    if estado == CampanaSMS.Estado.ERROR:
        CampanaSMS.objects.filter(pk=campana_id).update(motivo=_why_nothing_was_sent(campana_id)[:MOTIVO_MAX])
    logger.info("campaign %s ended in %s: %s sent, %s failed", campana_id, estado, exitosos, fallidos)
    return True


def _why_nothing_was_sent(campana_id: int) -> str:
    reasons = motivos_de(CampanaSMS(pk=campana_id))[:3]
    return NADA_ENVIADO + "; ".join(f"{reason.n} × {reason.error}" for reason in reasons)


def pause_for_account(campana_id: int, refusal: Account) -> None:
    """Twilio refuses the account or the sender: stop, keep the rows, and say why."""
    sources, target = states.MOVES["pausar"]
    motivo = f"Twilio: {refusal.message} ({refusal.code})."[:MOTIVO_MAX]
    if CampanaSMS.objects.filter(pk=campana_id, estado__in=sources).update(estado=target, motivo=motivo):
        logger.error("campaign %s paused: %s %s", campana_id, refusal.code, refusal.message)
