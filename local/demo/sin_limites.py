"""A shop without the law's hours, for phones that are nobody's."""

from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes
from core.models import Usuario


def quitar_limites(*, usuario: Usuario, motivo: str) -> Ajustes:
    """Let the shop send at any hour, and to a phone as often as it likes: for demonstrations, tests and measurements,
    whose phones are nobody's.

    Args:
        motivo: why, for the history.
    """
    cambios = {"ventanas_activas": False, "frecuencia_activa": False}
    return cambiar_ajustes(usuario=usuario, cambios=cambios, motivo=motivo)
