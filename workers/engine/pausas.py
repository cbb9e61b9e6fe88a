"""The engine pauses a campaign by itself, and says why."""

import logging

from django.db import transaction

from campaigns import states
from campaigns.bitacora.services import anotar
from campaigns.models import CampanaSMS, Suceso

logger = logging.getLogger(__name__)

MOTIVO_MAX = 300


def pause(campana_id: int, motivo: str) -> bool:
    """Pause a running campaign and keep its rows: resuming sends the rest. True when this call did it.

    Args:
        motivo: for people.
    """
    sources, target = states.MOVES["pausar"]
    motivo = motivo[:MOTIVO_MAX]
    running = CampanaSMS.objects.filter(pk=campana_id, estado__in=sources)
    with transaction.atomic():
        if not running.update(estado=target, motivo=motivo):
            return False
        anotar(campana_id=campana_id, tipo=Suceso.Tipo.PAUSADA_SOLA, detalle=motivo)
    logger.error("campaign %s paused: %s", campana_id, motivo)
    return True
