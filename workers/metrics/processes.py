"""Gauges of the processes and of the queues between them."""

from collections.abc import Iterator, Sequence

from celery import current_app
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.metrics_core import Metric

from core import redis_client
from core.models import Pulso
from core.ops.pulses import Visto


def collect(seen: Sequence[Visto]) -> Iterator[Metric]:
    """Args:
    seen: every process of the last day.
    """
    alive = Gauge("sms_processes", "Processes with a pulse, by kind.", labels=["kind"])
    last = Gauge("sms_process_last_seen_timestamp_seconds", "When a process was last seen.", labels=["kind", "name"])
    for tipo in Pulso.Tipo.values:
        alive.add_metric([tipo], sum(one.vive for one in seen if one.tipo == tipo))
    for one in seen:
        last.add_metric([one.tipo, one.nombre], one.visto.timestamp())
    yield alive
    yield last


def collect_queues(seen: Sequence[Visto]) -> Iterator[Metric]:
    """Raises:
    redis.RedisError: it does not answer.
    """
    names = sorted({*current_app.amqp.queues, *(queue for one in seen for queue in one.colas)})
    with redis_client.connect() as client:
        pipeline = client.pipeline(transaction=False)
        for name in names:
            pipeline.llen(name)
        depths = pipeline.execute()
    depth = Gauge("sms_queue_depth", "Tasks that wait in a queue of the broker.", labels=["queue"])
    for name, waiting in zip(names, depths, strict=True):
        depth.add_metric([name], waiting)
    yield depth
