"""Counters and histograms of the worker processes, added up in PostgreSQL.

A worker counts in its own memory, with prometheus-client's types. Every few seconds, with its pulse, it adds what is
new to the sum of all processes; the web reads that sum when it is asked for the metrics. So the numbers are one truth
for every process of the web, on every machine, and survive restarts. A process that is killed takes its last seconds
along.
"""

import json
from threading import Lock
from typing import Final

from django.db import connection
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from core.models import Contador

# What is defined with `registry=series.REGISTRY` is shared.
REGISTRY: Final = CollectorRegistry()

# Grown, never set: two processes may do it at once. In one order, so that they do not wait for each other in a circle.
ADD_SQL = """
INSERT INTO core_contador AS c (serie, etiquetas, valor)
SELECT serie, etiquetas, valor
FROM unnest(%s::text[], %s::text[], %s::float8[]) AS n(serie, etiquetas, valor) ORDER BY serie, etiquetas
ON CONFLICT (serie, etiquetas) DO UPDATE SET valor = c.valor + EXCLUDED.valor
"""

Key = tuple[str, str]

_lock = Lock()
_added: dict[Key, float] = {}


def add() -> int:
    """Add what this process has counted since the last time; return how many series have grown.

    Raises:
        django.db.Error: nothing was added; the next call adds it. (After a commit whose answer got lost it is added
            twice: a few seconds of one process.)
    """
    with _lock:
        counted = _counted()
        grown = {key: value - _added.get(key, 0.0) for key, value in counted.items() if value != _added.get(key, 0.0)}
        if grown:
            series, labels = [key[0] for key in grown], [key[1] for key in grown]
            with connection.cursor() as cursor:
                cursor.execute(ADD_SQL, (series, labels, list(grown.values())))
            _added.update({key: counted[key] for key in grown})
        return len(grown)


def totals() -> list[Metric]:
    """Every shared series with the sum of all processes, for a registry's collector."""
    rows = Contador.objects.order_by("pk").values_list("serie", "etiquetas", "valor")
    found = [(serie, json.loads(labels), valor) for serie, labels, valor in rows]
    metrics = []
    for own in REGISTRY.collect():
        metric = Metric(own.name, own.documentation, own.type)
        names = {own.name + suffix for suffix in ("", "_total", "_bucket", "_sum", "_count")}
        for serie, labels, valor in sorted((row for row in found if row[0] in names), key=_order):
            metric.add_sample(serie, labels, valor)
        metrics.append(metric)
    return metrics


def _order(row: tuple[str, dict[str, str], float]) -> tuple[object, ...]:
    """A histogram's buckets come in the order of their bounds."""
    serie, labels, _ = row
    rest = sorted((name, value) for name, value in labels.items() if name != "le")
    return rest, serie, float(labels.get("le", "0"))


def _counted() -> dict[Key, float]:
    return {
        (sample.name, json.dumps(sample.labels, sort_keys=True, separators=(",", ":"))): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }
