"""The conditions of a segment: one definition for the API, the pages and the database.

All that are given must hold. A client without any of them is not asked about it.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TypedDict

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from clientes.models import Cliente, Venta


class Condiciones(TypedDict, total=False):
    """The conditions as JSON stores them: dates are ISO 8601, amounts are decimal strings, days count back from now."""

    activo: bool
    etiquetas: list[int]  # has any of these tags
    sin_etiquetas: list[int]  # has none of these
    compro_en_dias: int  # bought within this many days
    no_compro_en_dias: int  # bought nothing within this many days
    gasto_minimo: str  # spent at least this
    gasto_en_dias: int  # … within this many days; ever, if absent
    creado_desde: str  # entered on this day or later
    creado_hasta: str  # entered on this day or earlier
    con_movil: bool  # has a valid mobile phone


def filtrar(clientes: QuerySet[Cliente], condiciones: Condiciones) -> QuerySet[Cliente]:
    """Filter clients to those that meet every condition.

    Args:
        clientes: one tenant's clients.
    """
    if "activo" in condiciones:
        clientes = clientes.filter(activo=condiciones["activo"])
    if condiciones.get("con_movil"):
        clientes = clientes.filter(movil=True)
    if etiquetas := condiciones.get("etiquetas"):
        clientes = clientes.filter(_tagged(etiquetas))
    if etiquetas := condiciones.get("sin_etiquetas"):
        clientes = clientes.filter(~_tagged(etiquetas))
    if desde := condiciones.get("creado_desde"):
        clientes = clientes.filter(creado__gte=_start_of(date.fromisoformat(desde)))
    if hasta := condiciones.get("creado_hasta"):
        clientes = clientes.filter(creado__lt=_start_of(date.fromisoformat(hasta) + timedelta(days=1)))
    return _by_sales(clientes, condiciones)


def _by_sales(clientes: QuerySet[Cliente], condiciones: Condiciones) -> QuerySet[Cliente]:
    ventas = Venta.objects.filter(cliente=OuterRef("pk"))
    if "compro_en_dias" in condiciones:
        clientes = clientes.filter(Exists(ventas.filter(fecha__gte=_ago(condiciones["compro_en_dias"]))))
    if "no_compro_en_dias" in condiciones:
        clientes = clientes.filter(~Exists(ventas.filter(fecha__gte=_ago(condiciones["no_compro_en_dias"]))))
    if "gasto_minimo" in condiciones:
        if "gasto_en_dias" in condiciones:
            ventas = ventas.filter(fecha__gte=_ago(condiciones["gasto_en_dias"]))
        spent = ventas.values("cliente").annotate(suma=Sum("total"))
        clientes = clientes.filter(Exists(spent.filter(suma__gte=Decimal(condiciones["gasto_minimo"]))))
    return clientes


def _tagged(etiquetas: list[int]) -> Exists:
    return Exists(Cliente.etiquetas.through.objects.filter(cliente=OuterRef("pk"), etiqueta__in=etiquetas))


def _ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _start_of(day: date) -> datetime:
    """Return midnight in the product's zone: a day is what the shop's calendar says."""
    return timezone.make_aware(datetime.combine(day, time.min))
