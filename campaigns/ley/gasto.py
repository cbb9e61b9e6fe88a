"""Selectors of the money spent. Each one starts from the tenant."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import Q, Sum

from campaigns.ley.precios import precio_base
from campaigns.models import Ajustes, Gasto
from core.text import formato

CERO = Decimal(0)
SE_ACABO_EL_DIA: Final = "Del tope de gasto del día, {tope}, no queda ni para un mensaje."
SE_ACABO_EL_MES: Final = "Del tope de gasto del mes, {tope}, no queda ni para un mensaje."


@dataclass(frozen=True, slots=True)
class Gastado:
    """The money that a shop has spent.

    Args:
        dia, mes: spent so far, what open Lotes may still send included.
    """

    dia: Decimal
    mes: Decimal


def gastado(tenant_id: int, dia: date) -> Gastado:
    """Add up what the shop has spent on a day, and in its month."""
    first = dia.replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    rows = Gasto.objects.filter(usuario_id=tenant_id, dia__gte=first, dia__lt=after)
    sums = rows.aggregate(mes=Sum("monto"), dia=Sum("monto", filter=Q(dia=dia)))
    return Gastado(sums["dia"] or CERO, sums["mes"] or CERO)


@dataclass(frozen=True, slots=True)
class Agotado:
    """A cap that leaves no money for one more message.

    Args:
        motivo: for people.
        hasta: the last day on which it does; None when no other day helps.
    """

    motivo: str
    hasta: date | None


def agotado(ajustes: Ajustes, dia: date) -> Agotado | None:
    """Tell which cap on spending lets nothing be sent on a day, not even one segment to where it costs least.

    Whether there is money for all that a campaign has left is for the engine to say, which takes it.
    """
    prices = [price for price in (precio_base(ajustes), *map(Decimal, ajustes.precios.values())) if price is not None]
    if (ajustes.tope_diario, ajustes.tope_mensual) == (None, None) or not any(prices):
        return None
    spent, least = gastado(ajustes.usuario_id, dia), min(prices)
    fin_de_mes = dia.replace(day=monthrange(dia.year, dia.month)[1])
    for tope, so_far, text, hasta in (
        (ajustes.tope_diario, spent.dia, SE_ACABO_EL_DIA, dia),
        (ajustes.tope_mensual, spent.mes, SE_ACABO_EL_MES, fin_de_mes),
    ):
        if tope is not None and so_far + least > tope:
            return Agotado(text.format(tope=formato.dinero(tope)), hasta if least <= tope else None)
    return None
