"""Reads. Each one starts from the tenant."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, Sum

from campaigns.models import Gasto

CERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Gastado:
    """Args:
    dia, mes: spent so far, what open Lotes may still send included.
    """

    dia: Decimal
    mes: Decimal


def gastado(tenant_id: int, dia: date) -> Gastado:
    """What the shop has spent on a day, and in its month."""
    first = dia.replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    rows = Gasto.objects.filter(usuario_id=tenant_id, dia__gte=first, dia__lt=after)
    sums = rows.aggregate(mes=Sum("monto"), dia=Sum("monto", filter=Q(dia=dia)))
    return Gastado(sums["dia"] or CERO, sums["mes"] or CERO)
