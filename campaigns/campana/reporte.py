"""The report of a shop: what its campaigns did, by the day on which they ended, and the opt-outs of each day."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from campaigns.audiencia.resultado import Resultados
from campaigns.ley.precios import COSTO_DE_LOTE, precio_base
from campaigns.ley.selectors import ajustes_de
from campaigns.values.twilio import ARRIVED
from core.models import Usuario

# Campaigns carry their totals and Lotes their deliveries: no recipient is looked at.
CAMPANAS_SQL: Final = f"""
SELECT (c.completado_en AT TIME ZONE %(zona)s)::date, count(*), sum(c.enviados_exitosos), sum(c.enviados_fallidos),
    sum(c.no_enviados), sum(c.excluidos), sum(l.entregados), sum(l.segmentos), sum(l.costo)
FROM campaigns_campanasms c CROSS JOIN LATERAL (
    SELECT coalesce(sum(segmentos), 0) AS segmentos, coalesce(sum({COSTO_DE_LOTE}), 0) AS costo, coalesce(sum(
        {" + ".join(f"coalesce((entregas ->> '{status}')::int, 0)" for status in ARRIVED)}), 0) AS entregados
    FROM campaigns_lote l WHERE campana_id = c.id
) l
WHERE c.usuario_id = %(tenant)s AND NOT c.prueba AND c.completado_en >= %(desde)s GROUP BY 1
"""  # noqa: S608 - a constant

# The list that a shop brought along is of those who had opted out before.
BAJAS_SQL: Final = """
SELECT (momento AT TIME ZONE %(zona)s)::date, count(*) FROM clientes_registrobaja
WHERE usuario_id = %(tenant)s AND tipo = 'baja' AND fuente <> 'importacion' AND momento >= %(desde)s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Dia:
    """One day of the report.

    Args:
        no_enviados, excluidos, fallidos: by `campaigns.audiencia.resultado`.
        bajas: clients who opted out.
        costo: of the segments, in SMS_PRICE_CURRENCY; None while the shop has no price.
    """

    fecha: date
    campanas: int = 0
    enviados: int = 0
    no_enviados: int = 0
    excluidos: int = 0
    fallidos: int = 0
    entregados: int = 0
    segmentos: int = 0
    bajas: int = 0
    costo: Decimal | None = None

    @property
    def entrega(self) -> int:
        """Per cent of what was sent that was delivered."""
        return round(100 * self.entregados / self.enviados) if self.enviados else 0


@dataclass(frozen=True, slots=True)
class Reporte:
    """The report of a shop's last days.

    Args:
        dias: one for each, today last.
        total: of all of them.
    """

    dias: list[Dia]
    total: Dia

    @property
    def vacio(self) -> bool:
        return self.total.campanas == 0 and self.total.bajas == 0


def reporte_de(usuario: Usuario, *, dias: int) -> Reporte:
    """The last `dias` days."""
    today = timezone.localdate()
    first = today - timedelta(days=dias - 1)
    precio = precio_base(ajustes_de(usuario.tenant_id))
    params: dict[str, Any] = {
        "precio": precio,
        "tenant": usuario.tenant_id,
        "desde": timezone.make_aware(datetime.combine(first, time.min)),
        "zona": timezone.get_current_timezone_name(),
    }
    with connection.cursor() as cursor:
        cursor.execute(CAMPANAS_SQL, params)
        found_rows = cursor.fetchall()
        found = {
            day: Dia(
                day,
                campanas,
                **Resultados.de(
                    int(exitosos), int(fallidos), no_enviados=int(no_enviados), excluidos=int(excluidos)
                ).as_json(),
                entregados=int(entregados),
                segmentos=int(segmentos),
                costo=costo,
            )
            for day, campanas, exitosos, fallidos, no_enviados, excluidos, entregados, segmentos, costo in found_rows
        }
        cursor.execute(BAJAS_SQL, params)
        bajas = Counter(dict(cursor.fetchall()))
    days = [
        replace(found.get(day, Dia(day, costo=Decimal(0))), bajas=bajas[day])
        for day in (first + timedelta(days=n) for n in range(dias))
    ]
    costo = sum((day.costo for day in days if day.costo), Decimal(0))
    if not costo and precio is None:
        days = [replace(day, costo=None) for day in days]
    names = ("campanas", "enviados", "no_enviados", "excluidos", "fallidos", "entregados", "segmentos", "bajas")
    sums = {name: sum(getattr(day, name) for day in days) for name in names}
    return Reporte(days, Dia(today, **sums, costo=None if days[0].costo is None else costo))
