"""What a shop's campaigns did, by the day on which they ended."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from campaigns.vista_previa import precio
from core.models import Usuario

# Twilio's code of "the recipient opted out": https://www.twilio.com/docs/api/errors/21610
BAJA: Final = "21610"
# Failures of a campaign that are looked through for opt-outs; beyond it the number is a part of the truth.
FALLOS_MAX: Final = 10_000

# Campaigns carry their totals and Lotes their deliveries: recipients are looked at for opt-outs only.
REPORTE_SQL = """
SELECT (c.completado_en AT TIME ZONE %(zona)s)::date, count(*), sum(c.enviados_exitosos), sum(c.enviados_fallidos),
    sum(l.entregados), sum(l.segmentos), sum(b.bajas)
FROM campaigns_campanasms c CROSS JOIN LATERAL (
    SELECT coalesce(sum(segmentos), 0) AS segmentos, coalesce(sum(
        coalesce((entregas ->> 'delivered')::int, 0) + coalesce((entregas ->> 'read')::int, 0)), 0) AS entregados
    FROM campaigns_lote WHERE campana_id = c.id
) l CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE codigo = %(baja)s) AS bajas FROM (
        SELECT codigo FROM campaigns_smslog WHERE campana_id = c.id AND estado = 'fallido' ORDER BY id LIMIT %(fallos)s
    ) f
) b
WHERE c.usuario_id = %(tenant)s AND c.completado_en >= %(desde)s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Dia:
    """Args:
    bajas: recipients that were not sent to because they had opted out.
    """

    fecha: date
    campanas: int = 0
    enviados: int = 0
    fallidos: int = 0
    entregados: int = 0
    segmentos: int = 0
    bajas: int = 0

    @property
    def costo(self) -> Decimal | None:
        """In SMS_PRICE_CURRENCY; None while no price is configured."""
        return precio(self.segmentos)

    @property
    def entrega(self) -> int:
        """Per cent of what was sent that was delivered."""
        return round(100 * self.entregados / self.enviados) if self.enviados else 0


@dataclass(frozen=True, slots=True)
class Reporte:
    """Args:
    dias: one for each, today last.
    total: of all of them.
    """

    dias: list[Dia]
    total: Dia

    @property
    def vacio(self) -> bool:
        return self.total.campanas == 0


def reporte_de(usuario: Usuario, *, dias: int) -> Reporte:
    """The last `dias` days."""
    today = timezone.localdate()
    first = today - timedelta(days=dias - 1)
    params: dict[str, Any] = {
        "tenant": usuario.tenant_id,
        "desde": timezone.make_aware(datetime.combine(first, time.min)),
        "zona": timezone.get_current_timezone_name(),
        "baja": BAJA,
        "fallos": FALLOS_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(REPORTE_SQL, params)
        found = {row[0]: Dia(row[0], *map(int, row[1:])) for row in cursor.fetchall()}
    days = [found.get(day, Dia(day)) for day in (first + timedelta(days=n) for n in range(dias))]
    names = ("campanas", "enviados", "fallidos", "entregados", "segmentos", "bajas")
    return Reporte(days, Dia(today, **{name: sum(getattr(day, name) for day in days) for name in names}))
