"""Campaigns that may leave at any hour: what somebody who makes one has to say."""

from campaigns.models import CampanaSMS
from core.errors import InvalidInputError

MOTIVO_MAX = 300
FALTA_MOTIVO = "Diga por qué la campaña es {clase}: saldrá a cualquier hora, y queda escrito quién lo decidió."
SOBRA_MOTIVO = "Una campaña promocional no lleva motivo."
MOTIVO_LARGO = f"El motivo puede tener hasta {MOTIVO_MAX} caracteres."


def validar(clase: str, motivo: str) -> str:
    """The reason, without spaces around it.

    Raises:
        InvalidInputError: `clase_motivo` is missing, too long, or given for a promotional campaign.
    """
    motivo = motivo.strip()
    if clase == CampanaSMS.Clase.PROMOCIONAL:
        if motivo:
            raise InvalidInputError(SOBRA_MOTIVO, field="clase_motivo", code="invalid")
        return ""
    if not motivo:
        text = FALTA_MOTIVO.format(clase=CampanaSMS.Clase(clase).label.lower())
        raise InvalidInputError(text, field="clase_motivo", code="required")
    if len(motivo) > MOTIVO_MAX:
        raise InvalidInputError(MOTIVO_LARGO, field="clase_motivo", code="max_length")
    return motivo
