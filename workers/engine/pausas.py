"""The engine pauses a campaign by itself, and says why."""

import logging

from campaigns import states
from campaigns.models import CampanaSMS

logger = logging.getLogger(__name__)

MOTIVO_MAX = 300


def pause(campana_id: int, motivo: str) -> bool:
    """Pause a running campaign and keep its rows: resuming sends the rest. True when this call did it.

    Args:
        motivo: for people.
    """
    sources, target = states.MOVES["pausar"]
    running = CampanaSMS.objects.filter(pk=campana_id, estado__in=sources)
    if not running.update(estado=target, motivo=motivo[:MOTIVO_MAX]):
        return False
    logger.error("campaign %s paused: %s", campana_id, motivo)
    return True
