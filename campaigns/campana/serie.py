"""A campaign over time: messages per minute, and all so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from campaigns.models import CampanaSMS
from campaigns.values.estados import LOTE, SMS

# Up to so many recipients each row's own time counts. Beyond, a Lote counts whole when it closes: of two thousand of
# them that is as fine as the drawing, and reading a million rows would not be.
POR_FILAS: Final = 20_000
PUNTOS: Final = 60
PASOS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)

FILAS_SQL = f"""
SELECT floor(extract(epoch FROM s.actualizado - %(desde)s) / %(paso)s)::int AS tramo,
    count(*) FILTER (WHERE s.estado = {SMS.ENVIADO}), count(*) FILTER (WHERE s.estado = {SMS.FALLIDO})
FROM campaigns_smslog s
WHERE s.campana_id = %(campana)s AND (s.estado = {SMS.ENVIADO} OR s.estado = {SMS.FALLIDO} AND s.intentos > 0)
GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - constants
LOTES_SQL = f"""
SELECT floor(extract(epoch FROM cerrado_en - %(desde)s) / %(paso)s)::int AS tramo, sum(exitosos), sum(fallidos)
FROM campaigns_lote WHERE campana_id = %(campana)s AND estado = {LOTE.CERRADO} GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Punto:
    """A stretch of time on the chart.

    Args:
        hora: when the stretch begins.
        enviados, fallidos: within it.
        por_minuto: both, as a rate.
        acumulado: both, from the beginning to its end.
    """

    hora: datetime
    enviados: int
    fallidos: int
    por_minuto: float
    acumulado: int


@dataclass(frozen=True, slots=True)
class Serie:
    """The messages over time.

    Args:
        paso: seconds of each stretch.
    """

    paso: int
    puntos: list[Punto]


def serie_de(campana: CampanaSMS) -> Serie | None:
    """Divide the sending into at most PUNTOS stretches of equal length; None while nothing was sent."""
    if campana.iniciado_en is None:
        return None
    desde = campana.iniciado_en
    hasta = campana.completado_en or timezone.now()
    paso = paso_de((hasta - desde).total_seconds())
    sql = FILAS_SQL if campana.total_clientes <= POR_FILAS else LOTES_SQL
    with connection.cursor() as cursor:
        cursor.execute(sql, {"campana": campana.pk, "desde": desde, "paso": paso})
        # What was settled after the end (a late look at Twilio) belongs to the last stretch.
        found = {int(tramo): (int(sent), int(failed)) for tramo, sent, failed in cursor.fetchall()}
    if not found:
        return None
    first, last = min(0, *found), max(found)
    puntos, total = [], 0
    for tramo in range(first, last + 1):
        sent, failed = found.get(tramo, (0, 0))
        total += sent + failed
        hora = desde + timedelta(seconds=tramo * paso)
        puntos.append(Punto(hora, sent, failed, (sent + failed) * 60 / paso, total))
    return Serie(paso, puntos[-2 * PUNTOS :])


def paso_de(segundos: float) -> int:
    """The shortest round step with which a time is cut into no more than PUNTOS stretches."""
    return next((paso for paso in PASOS_S if segundos <= paso * PUNTOS), PASOS_S[-1])
