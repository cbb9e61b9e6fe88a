"""Telling the workers that a campaign has something to do."""

from core import nudges

AVANZAR = "workers.avanzar_campana"


def nudge(campana_id: int) -> None:
    """Ask a worker to look at this campaign once the transaction commits. Never raises for a broker's fault."""
    nudges.nudge(AVANZAR, campana_id)
