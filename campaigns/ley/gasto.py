"""The caps on what a shop sends in a day and a month, its own and the operator's, and what is taken of them.

Each is a row of TOPES: the engine takes by it, the preview warns by it, and whoever waits is told by it. A shop that
has several sends as far as the lowest lets it.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
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
SIN_PRECIO: Final = "Hay un tope de gasto y no se sabe cuánto cuesta un segmento: ponga su precio en Ajustes."
SIN_PRECIO_OPERADOR: Final = (
    "Quien administra la instalación puso un límite en dinero y no dijo cuánto cuesta un segmento: pídale que ponga"
    " SMS_SEGMENT_PRICE."
)

# What a cap counts; each is a column of Gasto.
Medida = Literal["monto", "operador", "mensajes"]
MEDIDAS: Final[tuple[Medida, ...]] = ("monto", "operador", "mensajes")
# How much of each is taken: a Decimal of money, a number of messages.
Toma = Mapping[Medida, Decimal | int]

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

    def mas(self, toma: Toma, *, mismo_dia: bool) -> "Gastado":
        """Add what is taken besides in the same month.

        Args:
            mismo_dia: whether it is on the same day, too.
        """
        today = toma if mismo_dia else dict.fromkeys(MEDIDAS, 0)
        return Gastado(
            dia=self.dia + today["monto"],
            mes=self.mes + toma["monto"],
            operador_dia=self.operador_dia + today["operador"],
            operador_mes=self.operador_mes + toma["operador"],
            mensajes_dia=self.mensajes_dia + int(today["mensajes"]),
            mensajes_mes=self.mensajes_mes + int(toma["mensajes"]),
        )

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


def sin_precio(ajustes: Ajustes, *, unpriced: bool) -> str:
    """Say why a shop with caps on money sends nothing as long as nobody knows what it costs; "" when it may.

    Args:
        unpriced: whether the shop has no price for some of what is to be sent.
    """
    if unpriced and any(tope.medida == "monto" for tope, _ in topes_de(ajustes)):
        return SIN_PRECIO
    if ajustes.limites.en_dinero and settings.SMS_SEGMENT_PRICE is None:
        return SIN_PRECIO_OPERADOR
    return ""


def que_falta(
    ajustes: Ajustes, spent: Gastado, more: Toma, live: Toma | None = None
) -> tuple[Tope, int | Decimal] | None:
    """Tell the first cap that does not let something be sent, and how much it lets through; None when all do.

    Args:
        spent: what is taken of them.
        more: what it would take beyond that.
        live: what it is about, when a part of it is taken already; as `more` when None.
    """
    for tope, cuanto in topes_de(ajustes):
        if (live or more)[tope.medida] > 0 and spent.de(tope) + more[tope.medida] > cuanto:
            return tope, cuanto
    return None


@dataclass(frozen=True, slots=True)
class Cabida:
    """The part of some recipients, in their order, for which the caps leave enough.

    Args:
        n: so many of the first; 0 when nobody would be sent to among them.
        toma: what those take together.
        tope: the cap that stops the next one; None when all fit.
        cuanto: how much the cap lets through.
        siguiente: what the next one would take.
        caros: the places of those among all of them who are dearer than the whole of a cap. They are left out of the
            count: nobody waits behind somebody whose day never comes.
    """

    n: int
    toma: Toma
    tope: Tope | None = None
    cuanto: Decimal | int = 0
    siguiente: Toma | None = None
    caros: tuple[int, ...] = ()

    def hasta(self, dia: date) -> date | None:
        """Return the last day on which the cap stops the next one; None when no other day helps: it is dearer than the
        whole cap.

        Args:
            dia: today.
        """
        if self.tope is None or self.siguiente is None or self.siguiente[self.tope.medida] > self.cuanto:
            return None
        return self.tope.hasta(dia)


def caben(ajustes: Ajustes, spent: Gastado, filas: Sequence[Toma | None]) -> Cabida:
    """Find how many of the first recipients of a Lote the caps let through.

    Args:
        spent: what is taken of the caps.
        filas: what each takes, in the order of sending; None of one who is not sent to.
    """
    total: dict[Medida, Decimal | int] = dict.fromkeys(MEDIDAS, 0)
    caps = list(topes_de(ajustes))
    dear = {
        n: (tope, cuanto, toma)
        for n, toma in enumerate(filas)
        if toma is not None
        for tope, cuanto in caps
        if toma[tope.medida] > cuanto
    }
    caros = tuple(dear)
    somebody = False
    for n, toma in enumerate(filas):
        if toma is None or n in dear:
            continue
        with_it = {each: total[each] + toma[each] for each in MEDIDAS}
        if falta := que_falta(ajustes, spent, with_it):
            return Cabida(n if somebody else 0, total, *falta, toma, caros)
        total, somebody = with_it, True
    if caros and not somebody:
        return Cabida(0, total, *dear[caros[0]], caros)
    return Cabida(len(filas), total, caros=caros)


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
    if motivo := sin_precio(ajustes, unpriced=False):
        return Agotado(motivo, None)
    spent, least = gastado(ajustes.usuario_id, dia), _un_mensaje(ajustes)
    for tope, cuanto in caps:
        one = least[tope.medida]
        if one and spent.de(tope) + one > cuanto:
            motivo = SE_ACABO.format(nombre=tope.nombre, tope=tope.escrito(cuanto))
            return Agotado(motivo, tope.hasta(dia) if one <= cuanto else None)
    return None


def alguno_cabe(ajustes: Ajustes) -> bool:
    """Tell whether the caps, with nothing taken of them, let the cheapest message be sent."""
    least = _un_mensaje(ajustes)
    return all(least[tope.medida] <= cuanto for tope, cuanto in topes_de(ajustes))


def _un_mensaje(ajustes: Ajustes) -> dict[Medida, Decimal]:
    """Return the least that one message takes of each; 0 where nobody knows."""
    prices = [price for price in (precio_base(ajustes), *map(Decimal, ajustes.precios.values())) if price is not None]
    return {
        "monto": min(prices) if any(prices) else CERO,
        "operador": settings.SMS_SEGMENT_PRICE or CERO,
        "mensajes": Decimal(1),
    }
