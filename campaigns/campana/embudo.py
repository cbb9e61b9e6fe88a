"""From accepted to delivered: how many messages got how far, and what they cost."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db import connection

from campaigns.ley.precios import COSTO_DE_LOTE, precio_base
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS
from campaigns.values.remedios import motivo_de_entrega, remedio

LLEGARON: Final = ("delivered", "read")
NO_LLEGARON: Final = ("undelivered", "failed", "canceled")

# Closed Lotes carry their sums (workers.engine.lote.entregas), also while they wait to be opened once more for a retry;
# the rows of the few others are counted, Lote by Lote.
SUMADO = "l.contado_en IS NOT NULL AND l.estado IN ('cerrado', 'pendiente')"
POR_CONTAR = f"NOT ({SUMADO}) AND (l.estado <> 'pendiente' OR l.cerrado_en IS NOT NULL)"
EMBUDO_SQL = f"""
SELECT clave, sum(n)::bigint FROM (
    SELECT e.key AS clave, e.value::bigint AS n
    FROM campaigns_lote l CROSS JOIN LATERAL jsonb_each_text(l.entregas) e
    WHERE l.campana_id = %(campana)s AND {SUMADO}
    UNION ALL
    SELECT s.clave, s.n FROM campaigns_lote l CROSS JOIN LATERAL (
        SELECT CASE WHEN entrega IN ('undelivered', 'failed') AND entrega_codigo <> ''
            THEN entrega || '/' || entrega_codigo ELSE entrega END AS clave, count(*) AS n
        FROM campaigns_smslog WHERE lote_id = l.id AND estado = 'enviado' GROUP BY 1
    ) s WHERE l.campana_id = %(campana)s AND {POR_CONTAR}
) f GROUP BY clave
"""  # noqa: S608 - a constant
SEGMENTOS_SQL = f"""
SELECT coalesce(sum(CASE WHEN {SUMADO} THEN l.segmentos ELSE s.segmentos END), 0)::bigint,
    coalesce(sum(CASE WHEN {SUMADO} THEN {COSTO_DE_LOTE} ELSE s.costo END), 0)
FROM campaigns_lote l LEFT JOIN LATERAL (
    SELECT sum(coalesce(segmentos, 1)) AS segmentos,
        sum(coalesce(costo, coalesce(segmentos, 1) * %(precio)s::numeric)) AS costo FROM campaigns_smslog
    WHERE lote_id = l.id AND estado = 'enviado' AND {POR_CONTAR}
) s ON true WHERE l.campana_id = %(campana)s
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Razon:
    """Why messages that Twilio accepted did not arrive."""

    codigo: str
    texto: str
    remedio: str
    n: int


@dataclass(frozen=True, slots=True)
class Embudo:
    """`enviados = entregados + no_entregados + sin_informe`.

    Args:
        enviados: accepted by Twilio.
        sin_informe: neither has been said of them yet, and maybe never will.
        razones: of those that did not arrive, the most frequent first.
        segmentos: billed so far.
        costo: of them, in SMS_PRICE_CURRENCY; None while the shop has no price.
    """

    enviados: int = 0
    entregados: int = 0
    no_entregados: int = 0
    sin_informe: int = 0
    razones: list[Razon] = field(default_factory=list)
    segmentos: int = 0
    costo: Decimal | None = None

    def porcentaje(self, n: int) -> int:
        return round(100 * n / self.enviados) if self.enviados else 0

    @property
    def tramos(self) -> list[tuple[str, str, str, int, int]]:
        """Label, tone, icon, number and per cent of each outcome."""
        return [
            (label, tone, icon, n, self.porcentaje(n))
            for label, tone, icon, n in (
                ("Entregados", "tono-exito", "circle-check", self.entregados),
                ("No entregados", "tono-falla", "circle-x", self.no_entregados),
                ("Sin informe", "tono-quieto", "help-circle", self.sin_informe),
            )
        ]


def embudo_de(campana: CampanaSMS) -> Embudo:
    """How far the campaign's messages got. The cost does not grow with what is closed but by Lotes."""
    precio = precio_base(ajustes_de(campana.usuario_id))
    with connection.cursor() as cursor:
        cursor.execute(EMBUDO_SQL, {"campana": campana.pk})
        counted = [(*clave.partition("/")[::2], int(n)) for clave, n in cursor.fetchall()]
        cursor.execute(SEGMENTOS_SQL, {"campana": campana.pk, "precio": precio})
        segmentos, costo = cursor.fetchone()
    total = sum(n for _, _, n in counted)
    arrived = sum(n for entrega, _, n in counted if entrega in LLEGARON)
    lost = sum(n for entrega, _, n in counted if entrega in NO_LLEGARON)
    reasons: dict[str, int] = {}
    for entrega, codigo, n in counted:
        if entrega in NO_LLEGARON:
            reasons[codigo] = reasons.get(codigo, 0) + n
    razones = [Razon(codigo, motivo_de_entrega(codigo), remedio(codigo), n) for codigo, n in reasons.items()]
    razones.sort(key=lambda razon: (-razon.n, razon.codigo))
    cost = costo if costo or precio is not None else None
    return Embudo(total, arrived, lost, total - arrived - lost, razones, int(segmentos), cost)
