"""Gauges of the campaigns that are not over, from PostgreSQL. What has ended is not read."""

from collections.abc import Iterator
from typing import Final

from django.db import connection
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.metrics_core import Metric

from campaigns.campana.selectors import Progreso, progreso_de
from campaigns.models import CampanaSMS, Lote, SMSLog

# Beyond so many the numbers are a part of the truth: a scrape must end.
MOST_CAMPAIGNS: Final = 1000
MOST_ROWS: Final = 200_000

# Those that wait on purpose are counted apart: with none of the others moving, something is wrong.
WAITING: Final = ("espera_ventana", "espera_aprobacion", "espera_fecha")
CAMPAIGNS_SQL = """
SELECT CASE
    WHEN estado = 'procesando' AND espera_hasta > now() THEN 'espera_ventana'
    WHEN estado = 'pendiente' AND aprobacion = 'pendiente' THEN 'espera_aprobacion'
    WHEN estado = 'pendiente' AND programada_para > now() THEN 'espera_fecha'
    ELSE estado END, count(*)
FROM campaigns_campanasms WHERE completado_en IS NULL GROUP BY 1
"""
LOTES_SQL = """
SELECT l.estado, count(*) FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
WHERE c.completado_en IS NULL GROUP BY 1
"""
DOUBTS_SQL = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(actualizado)), 0)::float8
FROM (SELECT actualizado FROM campaigns_smslog WHERE estado = 'incierto' LIMIT %s) s
"""
LATE_SQL = """
SELECT count(*) FROM (
    SELECT FROM campaigns_smslog WHERE estado = 'enviando' AND lease_hasta < now() LIMIT %s
) s
"""
CONNECTIONS_SQL = """
SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity WHERE backend_type = 'client backend'
"""

# field of Progreso: estado of the row
ROWS: Final = {
    "pendientes": SMSLog.Estado.PENDIENTE,
    "enviando": SMSLog.Estado.ENVIANDO,
    "inciertos": SMSLog.Estado.INCIERTO,
    "exitosos": SMSLog.Estado.ENVIADO,
    "fallidos": SMSLog.Estado.FALLIDO,
}


def collect() -> Iterator[Metric]:
    """Raises:
    django.db.Error: PostgreSQL does not answer.
    """
    alive = CampanaSMS.objects.filter(completado_en=None).order_by("pk")[:MOST_CAMPAIGNS]
    progress = list(progreso_de(alive).values())
    yield _by_estado(
        "sms_campaigns",
        "Campaigns that are not over, by estado, or by what they wait for.",
        [*CampanaSMS.Estado.values, *WAITING],
        CAMPAIGNS_SQL,
    )
    yield _by_estado("sms_lotes", "Lotes of campaigns that are not over, by estado.", Lote.Estado.values, LOTES_SQL)
    yield _recipients(progress)
    yield Gauge(
        "sms_rate_per_second",
        "Recipients finished per second over the last ten seconds.",
        sum(one.por_segundo for one in progress),
    )
    doubts, oldest = _row(DOUBTS_SQL, MOST_ROWS)
    yield Gauge("sms_inciertos", "Rows of unknown outcome, of all campaigns.", doubts)
    yield Gauge(
        "sms_inciertos_oldest_seconds", "Age of the oldest row of unknown outcome; 0 when there is none.", oldest
    )
    [late] = _row(LATE_SQL, MOST_ROWS)
    yield Gauge("sms_leases_overdue", "Claims that have run out and wait for the sweeper.", late)
    used, most = _row(CONNECTIONS_SQL)
    yield Gauge("sms_db_connections", "Connections to PostgreSQL, of everybody.", used)
    yield Gauge("sms_db_connections_max", "PostgreSQL's max_connections.", most)


def _by_estado(name: str, text: str, estados: list[str], sql: str) -> Gauge:
    """A gauge that also says 0, so that an alert on it never lacks its series."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        counted = dict(cursor.fetchall())
    gauge = Gauge(name, text, labels=["estado"])
    for estado in estados:
        gauge.add_metric([estado], counted.get(estado, 0))
    return gauge


def _recipients(progress: list[Progreso]) -> Gauge:
    gauge = Gauge("sms_recipients", "Recipients of campaigns that are not over, by estado.", labels=["estado"])
    for field, estado in ROWS.items():
        gauge.add_metric([estado.value], sum(getattr(one, field) for one in progress))
    return gauge


def _row(sql: str, *params: int) -> tuple[float, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row: tuple[float, ...] = cursor.fetchone()
        return row
