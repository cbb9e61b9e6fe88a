"""The four words for what became of a recipient, with one meaning in pages, API, exports and reports.

A row of the ledger that is `fallido` was not sent: on purpose, because nothing was sent any more, or because it was
tried and refused. The reference's `enviados_fallidos` counts all three.
"""

from dataclasses import asdict, dataclass
from typing import Final

from django.db.models import TextChoices

from campaigns.audiencia.juicio import EXCLUSIONES
from campaigns.values import codigos
from campaigns.values.estados import MENSAJES, SMS, Aspecto, EstadoSMS


class Resultado(TextChoices):
    ENVIADO = "enviado", "Enviado"  # Twilio accepted it
    NO_ENVIADO = "no_enviado", "No enviado"  # the campaign was cancelled, or its deadline came first, also for a cap
    EXCLUIDO = "excluido", "Excluido"  # on purpose: a row of EXCLUSIONES
    FALLIDO = "fallido", "Fallido"  # tried and refused, or nobody knows what became of it


# Codes of the failed rows that are each.
NO_ENVIADOS: Final = (codigos.CAMPANA_CANCELADA, codigos.PLAZO_VENCIDO)
EXCLUIDOS: Final = tuple(exclusion.code for exclusion in EXCLUSIONES)


@dataclass(frozen=True, slots=True)
class Look(Aspecto):
    """The look of a Resultado.

    Args:
        varios: what many such recipients are called.
        titulo: above the table of their reasons.
    """

    varios: str
    titulo: str


# Of the rows that are `fallido`, those whom nobody refused.
APARTE: Final = {
    Resultado.EXCLUIDO: Look("tono-aparte", "user-minus", "Excluidos", "No se les podía enviar"),
    Resultado.NO_ENVIADO: Look("tono-quieto", "ban", "No enviados", "Por qué no se les envió"),
}
POR_QUE_FALLARON: Final = "Por qué fallaron"


def espera(estado: str, codigo: str) -> bool:
    """Tell whether a row that is `fallido` waits, set aside for a cap: its Lote opens again when there is room."""
    return estado == EstadoSMS.FALLIDO and codigo == codigos.TOPE


def resultado_de(estado: str, codigo: str) -> str:
    """Return the Resultado of a row; "" while it has none."""
    if estado == EstadoSMS.ENVIADO:
        return Resultado.ENVIADO
    if estado != EstadoSMS.FALLIDO or espera(estado, codigo):
        return ""
    if codigo in NO_ENVIADOS:
        return Resultado.NO_ENVIADO
    return Resultado.EXCLUIDO if codigo in EXCLUIDOS else Resultado.FALLIDO


def en_palabras(estado: str, codigo: str) -> str:
    """Say the row's Resultado; its estado's name while it has none."""
    found = resultado_de(estado, codigo)
    return str(Resultado(found).label if found else _vivo(estado, codigo).label)


def aspecto_de(estado: str, codigo: str) -> Aspecto:
    """Return how a row looks."""
    found = resultado_de(estado, codigo)
    aparte = APARTE.get(Resultado(found)) if found else None
    return aparte or MENSAJES[_vivo(estado, codigo)]


def _vivo(estado: str, codigo: str) -> EstadoSMS:
    """Return the estado by which people call a row."""
    return EstadoSMS.PENDIENTE if espera(estado, codigo) else EstadoSMS(estado)


@dataclass(frozen=True, slots=True)
class Resultados:
    """Counts of recipients by their Resultado."""

    enviados: int = 0
    no_enviados: int = 0
    excluidos: int = 0
    fallidos: int = 0

    @classmethod
    def de(cls, exitosos: int, fallidos: int, *, no_enviados: int, excluidos: int) -> "Resultados":
        """Split the reference's counts.

        Args:
            exitosos, fallidos: as `enviados_exitosos` and `enviados_fallidos` count them.
        """
        return cls(exitosos, no_enviados, excluidos, fallidos - no_enviados - excluidos)

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def en_codigos(codes: tuple[str, ...]) -> str:
    """Return these codes for IN."""
    return "(" + ", ".join(f"'{code}'" for code in codes) + ")"


def cuantos_sql(alias: str = "") -> str:
    """SQL of two counts over rows of campaigns_smslog: those that were not sent, and those that were excluded.

    Args:
        alias: of the table, with its dot.
    """
    return ", ".join(
        f"count(*) FILTER (WHERE {alias}estado = {SMS.FALLIDO} AND {alias}codigo IN {en_codigos(codes)}) AS {name}"
        for codes, name in ((NO_ENVIADOS, "no_enviados"), (EXCLUIDOS, "excluidos"))
    )
