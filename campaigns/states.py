"""The moves a person may ask of a campaign, in one table with a sentence per refusal."""

from typing import Final

from campaigns.models import CampanaSMS, SMSLog

Estado = CampanaSMS.Estado
EstadoSMS = SMSLog.Estado

FINALES: Final = frozenset({Estado.COMPLETADO, Estado.ERROR, Estado.CANCELADO})

# action: (from, to)
MOVES: Final[dict[str, tuple[frozenset[Estado], Estado]]] = {
    "iniciar": (frozenset({Estado.PENDIENTE}), Estado.PROCESANDO),
    "pausar": (frozenset({Estado.PROCESANDO}), Estado.PAUSADO),
    "reanudar": (frozenset({Estado.PAUSADO}), Estado.PROCESANDO),
    "cancelar": (frozenset({Estado.PENDIENTE, Estado.PROCESANDO, Estado.PAUSADO}), Estado.CANCELADO),
    # Only those who certainly got nothing: see campaigns.reintentos.
    "reintentar": (frozenset({Estado.COMPLETADO, Estado.ERROR}), Estado.PROCESANDO),
}

REFUSALS: Final[dict[Estado, str]] = {
    Estado.PENDIENTE: "la campaña aún no ha empezado",
    Estado.PROCESANDO: "la campaña está en curso",
    Estado.PAUSADO: "la campaña está pausada",
    Estado.COMPLETADO: "la campaña ya terminó",
    Estado.ERROR: "la campaña ya terminó con error",
    Estado.CANCELADO: "la campaña fue cancelada",
}


def may(action: str, campana: CampanaSMS) -> bool:
    """Whether `action` may be asked of the campaign.

    One that a cap paused goes on by itself, so pausing it means something: it then waits for a person.
    """
    sources, _ = MOVES[action]
    held = action == "pausar" and campana.estado == Estado.PAUSADO and campana.reanuda_en is not None
    return campana.estado in sources or held


def refusal(action: str, estado: str) -> str:
    """Why `action` is not possible from `estado`, as a sentence for people."""
    return f"No se puede {action}: {REFUSALS[Estado(estado)]}."
