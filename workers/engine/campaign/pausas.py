"""The pauses that the engine makes by itself, with their reason; a campaign that reached a cap goes on when the next
day's opens."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists
from django.db.models.functions import Now

from campaigns.bitacora.services import anotar, anotar_move
from campaigns.campana.services import publicar_de_nuevo
from campaigns.campana.tiendas import DESHABILITADA
from campaigns.ley.jornada import jornada_de_tras
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS, SMSLog, Suceso
from campaigns.models.campana import MOTIVO_MAX
from campaigns.values import estados
from core.text import formato
from workers.engine.lote.cupos import ExhaustedError
from workers.gateway.outcomes import Account

logger = logging.getLogger(__name__)

SIGUE_SOLA = " Sigue sola el {momento}."


def pause(campana_id: int, motivo: str) -> bool:
    """Pause a running campaign and keep its rows: resuming sends the rest. True when this call did it.

    Args:
        motivo: for people.
    """
    return _pause(campana_id, motivo[:MOTIVO_MAX], reanuda_en=None)


def pause_for_account(campana_id: int, refusal: Account, *, claim: tuple[int, UUID] | None = None) -> None:
    """Pause the campaign because Twilio refuses the account or the sender: keep the rows, and say why.

    Args:
        claim: the row that was refused, and the token of its claim: if it was made before a person resumed the
            campaign, the refusal tells of what that person has mended since.
    """
    claimed_at = None
    if claim is not None:
        found = SMSLog.objects.filter(pk=claim[0], token=claim[1])
        claimed_at = found.values_list("reclamado_en", flat=True).first()
    motivo = f"Twilio: {refusal.message} ({refusal.code})."
    _pause(campana_id, motivo[:MOTIVO_MAX], reanuda_en=None, claimed_at=claimed_at)


def pause_if_disabled(campana_id: int) -> None:
    """Pause the campaign if it runs and its shop is disabled: nobody there can stop it any more."""
    running = CampanaSMS.objects.filter(pk=campana_id, estado__in=estados.MOVES["pausar"].de)
    if running.filter(usuario__is_active=False).exists():
        pause(campana_id, DESHABILITADA)


def pause_for_cap(campana_id: int, cap: ExhaustedError) -> bool:
    """Pause a running campaign until there is money again. True when this call did it."""
    campana = CampanaSMS.objects.get(pk=campana_id)
    ajustes = ajustes_de(campana.usuario_id)
    reanuda_en = None
    if cap.hasta is not None:
        jornada = jornada_de_tras(campana, ajustes, cap.hasta)
        # Nobody is promised what the deadline will not let happen.
        if jornada and (campana.vence_en is None or jornada.desde < campana.vence_en):
            reanuda_en = jornada.desde
    sigue = SIGUE_SOLA.format(momento=formato.dia_y_hora(reanuda_en.astimezone(ajustes.zona))) if reanuda_en else ""
    return _pause(campana_id, cap.motivo, reanuda_en=reanuda_en, sigue=sigue)


def _pause(
    campana_id: int,
    motivo: str,
    *,
    reanuda_en: datetime | None,
    sigue: str = "",
    claimed_at: datetime | None = None,
) -> bool:
    move = estados.MOVES["pausar"]
    running = CampanaSMS.objects.filter(pk=campana_id, estado__in=move.de)
    if claimed_at is not None:
        # Both by PostgreSQL's clock.
        resumed = Suceso.objects.filter(campana_id=campana_id, tipo=Suceso.Tipo.REANUDADA, creado__gt=claimed_at)
        running = running.filter(~Exists(resumed))
    with transaction.atomic():
        if not running.update(estado=move.a, motivo=motivo, reanuda_en=reanuda_en):
            return False
        anotar(campana_id=campana_id, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle=motivo + sigue)
    logger.error("campaign %s paused: %s%s", campana_id, motivo, sigue)
    return True


@transaction.atomic
def resume_if_due(campana_id: int) -> None:
    """Let a campaign that reached a cap go on once its day has come. The caps, and the windows, are asked again."""
    move = estados.MOVES["reanudar"]
    due = CampanaSMS.objects.filter(pk=campana_id, estado__in=move.de, reanuda_en__lte=Now(), usuario__is_active=True)
    if due.update(estado=move.a, motivo="", reanuda_en=None):
        publicar_de_nuevo(campana_id)
        anotar_move(campana_id=campana_id, action="reanudar")
