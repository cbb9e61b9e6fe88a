"""The caps on what a shop sends in a day and a month, its own and the operator's, and what is taken of them.

Each is a row of TOPES: the engine takes by it, the preview warns by it, and whoever waits is told by it. A shop that
has several sends as far as the lowest lets it.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from django.conf import settings
from django.db import connection
from django.db.models import Q, Sum

from campaigns.ley.precios import precio_base
from campaigns.models import Ajustes, Gasto
from core.text import formato

CERO = Decimal(0)
SE_ACABO: Final = "Del {nombre}, {tope}, no queda ni para un mensaje."
SIN_PRECIO_OPERADOR: Final = (
    "Quien administra la instalación puso un límite en dinero y no dijo cuánto cuesta un segmento: pídale que ponga"
    " SMS_SEGMENT_PRICE."
)

# What a cap counts; each is a column of Gasto.
Medida = Literal["monto", "operador", "mensajes"]
MEDIDAS: Final[tuple[Medida, ...]] = ("monto", "operador", "mensajes")

GASTO_SQL: Final = """
INSERT INTO campaigns_gasto AS g (usuario_id, dia, monto, operador, mensajes) VALUES (%(tenant)s, %(dia)s,
    greatest(0, %(monto)s::numeric), greatest(0, %(operador)s::numeric), greatest(0, %(mensajes)s::int))
ON CONFLICT (usuario_id, dia) DO UPDATE SET monto = greatest(0, g.monto + %(monto)s::numeric),
    operador = greatest(0, g.operador + %(operador)s::numeric), mensajes = greatest(0, g.mensajes + %(mensajes)s::int)
"""


def operador_sql(costo: str, segmentos: str) -> str:
    """SQL that is what one message takes of the operator's money, no less than the installation's price: a shop chooses
    its own. It needs `precio`, SMS_SEGMENT_PRICE or NULL.

    Args:
        costo, segmentos: columns: what the shop pays for it, and its segments.
    """
    return f"greatest({costo}, {segmentos} * %(precio)s::numeric)"


def gastar(tenant_id: int, dia: date, mas: Mapping[Medida, Any]) -> None:
    """Let a shop have spent more on a day, or less where it is negative; what is left out stays."""
    if any(mas.values()):
        more: dict[str, Any] = {medida: mas.get(medida, 0) for medida in MEDIDAS}
        with connection.cursor() as cursor:
            cursor.execute(GASTO_SQL, {"tenant": tenant_id, "dia": dia, **more})


@dataclass(frozen=True, slots=True)
class Tope:
    """A cap.

    Args:
        codigo: short stable slug for programs.
        nombre: as people read it in the middle of a sentence.
        medida: of MEDIDAS.
        del_mes: whether it is on a month, not on a day.
        de: takes the settings and returns how much it lets through; None when there is no such cap.
    """

    codigo: str
    nombre: str
    medida: Medida
    del_mes: bool
    de: Callable[[Ajustes], Decimal | int | None]

    def escrito(self, cuanto: Decimal | int) -> str:
        """Write an amount of what it counts, for people."""
        return formato.numero(int(cuanto)) if self.medida == "mensajes" else formato.dinero(Decimal(cuanto))

    def hasta(self, dia: date) -> date:
        """Return the last day of the stretch that the cap is on."""
        return dia.replace(day=monthrange(dia.year, dia.month)[1]) if self.del_mes else dia


TOPES: Final = (
    Tope("tope_diario", "tope de gasto del día", "monto", False, lambda ajustes: ajustes.tope_diario),
    Tope("tope_mensual", "tope de gasto del mes", "monto", True, lambda ajustes: ajustes.tope_mensual),
    Tope(
        "limite_diario",
        "límite de gasto del día que pone quien administra la instalación",
        "operador",
        False,
        lambda ajustes: ajustes.limites.dinero_diario,
    ),
    Tope(
        "limite_mensual",
        "límite de gasto del mes que pone quien administra la instalación",
        "operador",
        True,
        lambda ajustes: ajustes.limites.dinero_mensual,
    ),
    Tope(
        "limite_mensajes",
        "límite de mensajes del día que pone quien administra la instalación",
        "mensajes",
        False,
        lambda ajustes: ajustes.limites.mensajes_diarios,
    ),
)


@dataclass(frozen=True, slots=True)
class Gastado:
    """The part of its caps that a shop has taken.

    Args:
        dia, mes: money spent so far, what open Lotes may still send included.
        operador_dia, operador_mes: the same as the operator counts it.
        mensajes_dia, mensajes_mes: messages.
    """

    dia: Decimal
    mes: Decimal
    operador_dia: Decimal = CERO
    operador_mes: Decimal = CERO
    mensajes_dia: int = 0
    mensajes_mes: int = 0

    def de(self, tope: Tope) -> Decimal | int:
        """Return how much of this cap is taken."""
        name = "mes" if tope.del_mes else "dia"
        taken: Decimal | int = getattr(self, name if tope.medida == "monto" else f"{tope.medida}_{name}")
        return taken


def gastado(tenant_id: int, dia: date) -> Gastado:
    """Add up what the shop has spent on a day, and in its month."""
    first = dia.replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    rows = Gasto.objects.filter(usuario_id=tenant_id, dia__gte=first, dia__lt=after)
    of_day = {f"{medida}_dia": Sum(medida, filter=Q(dia=dia)) for medida in MEDIDAS}
    sums = rows.aggregate(**of_day, **{f"{medida}_mes": Sum(medida) for medida in MEDIDAS})
    return Gastado(
        dia=sums["monto_dia"] or CERO,
        mes=sums["monto_mes"] or CERO,
        operador_dia=sums["operador_dia"] or CERO,
        operador_mes=sums["operador_mes"] or CERO,
        mensajes_dia=sums["mensajes_dia"] or 0,
        mensajes_mes=sums["mensajes_mes"] or 0,
    )


def topes_de(ajustes: Ajustes) -> Iterator[tuple[Tope, Decimal | int]]:
    """The caps that the shop has, with how much each lets through."""
    return ((tope, cuanto) for tope in TOPES if (cuanto := tope.de(ajustes)) is not None)


@dataclass(frozen=True, slots=True)
class Agotado:
    """A cap that leaves nothing for one more message.

    Args:
        motivo: for people.
        hasta: the last day on which it does; None when no other day helps.
    """

    motivo: str
    hasta: date | None


def agotado(ajustes: Ajustes, dia: date) -> Agotado | None:
    """Tell which cap lets nothing be sent on a day, not even one segment to where it costs least.

    Whether there is enough for all that a campaign has left is for the engine to say, which takes it.
    """
    caps = list(topes_de(ajustes))
    if not caps:
        return None
    if ajustes.limites.en_dinero and settings.SMS_SEGMENT_PRICE is None:
        return Agotado(SIN_PRECIO_OPERADOR, None)
    spent, least = gastado(ajustes.usuario_id, dia), _un_mensaje(ajustes)
    for tope, cuanto in caps:
        one = least[tope.medida]
        if one and spent.de(tope) + one > cuanto:
            motivo = SE_ACABO.format(nombre=tope.nombre, tope=tope.escrito(cuanto))
            return Agotado(motivo, tope.hasta(dia) if one <= cuanto else None)
    return None


def _un_mensaje(ajustes: Ajustes) -> dict[Medida, Decimal]:
    """Return the least that one message takes of each; 0 where nobody knows."""
    prices = [price for price in (precio_base(ajustes), *map(Decimal, ajustes.precios.values())) if price is not None]
    return {
        "monto": min(prices) if any(prices) else CERO,
        "operador": settings.SMS_SEGMENT_PRICE or CERO,
        "mensajes": Decimal(1),
    }
