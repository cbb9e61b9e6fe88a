"""The moves a person may ask of a campaign, in one table with a sentence per refusal."""

from datetime import datetime
from typing import Final

from django.db.models import TextChoices


class EstadoCampana(TextChoices):
    PENDIENTE = "pendiente", "Pendiente"  # created and frozen; nothing has been sent, maybe not before its date
    PROCESANDO = "procesando", "Procesando"  # Lotes are open
    PAUSADO = "pausado", "Pausada"  # by a person, or by Twilio refusing the account: see motivo
    COMPLETADO = "completado", "Completada"  # ended; at least one message was sent
    ERROR = "error", "Error"  # ended; none was sent, or its deadline passed: see motivo
    CANCELADO = "cancelado", "Cancelada"  # a person stopped it; what was not sent never will be


class EstadoLote(TextChoices):
    PENDIENTE = "pendiente", "Pendiente"  # only ids, no SMSLog rows yet; or its failed rows are to be tried again
    ABIERTO = "abierto", "Abierto"  # rows written; some are still to be sent
    POR_CONCILIAR = "por_conciliar", "Por conciliar"  # all tried; the outcome of some is unknown
    CERRADO = "cerrado", "Cerrado"  # every row is final; exitosos, fallidos and desconocidos are set


class EstadoSMS(TextChoices):
    PENDIENTE = "pendiente", "Pendiente"  # free to be claimed
    ENVIANDO = "enviando", "Enviando"  # claimed; the call to Twilio may be under way
    ENVIADO = "enviado", "Enviado"  # Twilio accepted it: twilio_sid
    FALLIDO = "fallido", "Fallido"  # it was not sent: codigo and error
    INCIERTO = "incierto", "Incierto"  # the call's outcome is unknown; never blindly sent again


FINALES: Final = frozenset({EstadoCampana.COMPLETADO, EstadoCampana.ERROR, EstadoCampana.CANCELADO})

# action: (from, to)
MOVES: Final[dict[str, tuple[frozenset[EstadoCampana], EstadoCampana]]] = {
    "iniciar": (frozenset({EstadoCampana.PENDIENTE}), EstadoCampana.PROCESANDO),
    "pausar": (frozenset({EstadoCampana.PROCESANDO}), EstadoCampana.PAUSADO),
    "reanudar": (frozenset({EstadoCampana.PAUSADO}), EstadoCampana.PROCESANDO),
    "cancelar": (
        frozenset({EstadoCampana.PENDIENTE, EstadoCampana.PROCESANDO, EstadoCampana.PAUSADO}),
        EstadoCampana.CANCELADO,
    ),
    # Only those who certainly got nothing: see campaigns.campana.reintentos.
    "reintentar": (frozenset({EstadoCampana.COMPLETADO, EstadoCampana.ERROR}), EstadoCampana.PROCESANDO),
}

REFUSALS: Final[dict[EstadoCampana, str]] = {
    EstadoCampana.PENDIENTE: "la campaña aún no ha empezado",
    EstadoCampana.PROCESANDO: "la campaña está en curso",
    EstadoCampana.PAUSADO: "la campaña está pausada",
    EstadoCampana.COMPLETADO: "la campaña ya terminó",
    EstadoCampana.ERROR: "la campaña ya terminó con error",
    EstadoCampana.CANCELADO: "la campaña fue cancelada",
}


def may(action: str, estado: str, reanuda_en: datetime | None = None) -> bool:
    """Whether `action` may be asked of a campaign.

    One that a cap paused goes on by itself, so pausing it means something: it then waits for a person.

    Args:
        reanuda_en: when a campaign that a cap paused goes on by itself.
    """
    sources, _ = MOVES[action]
    held = action == "pausar" and estado == EstadoCampana.PAUSADO and reanuda_en is not None
    return estado in sources or held


def refusal(action: str, estado: str) -> str:
    """Why `action` is not possible from `estado`, as a sentence for people."""
    return f"No se puede {action}: {REFUSALS[EstadoCampana(estado)]}."
