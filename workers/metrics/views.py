"""`GET /metrics`."""

import logging
from collections.abc import Iterator

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from core.ops import pulses, series
from core.ops.pulses import Visto
from core.ops.watchers import may_watch
from workers.metrics import campaigns, processes

logger = logging.getLogger(__name__)

NOT_ALLOWED = "Send METRICS_TOKEN as `Authorization: Bearer …`, or sign in as staff.\n"


class Product(Collector):
    """A collector that reads everything now. A part that does not answer is left out, and `sms_up` says so."""

    def collect(self) -> Iterator[Metric]:
        up = Gauge("sms_up", "Whether PostgreSQL and Redis answered this scrape.", labels=["part"])
        found, answered = self._from_postgres()
        up.add_metric(["postgres"], answered)
        queues, answered = self._from_redis()
        up.add_metric(["redis"], answered)
        yield up
        yield from found
        yield from queues

    def __init__(self) -> None:
        self._seen: list[Visto] = []

    def _from_postgres(self) -> tuple[list[Metric], bool]:
        try:
            self._seen = pulses.vistos()
            return [*processes.collect(self._seen), *campaigns.collect(), *series.totals()], True
        except DatabaseError as error:
            logger.warning("metrics without PostgreSQL: %s", error)
            return [], False

    def _from_redis(self) -> tuple[list[Metric], bool]:
        try:
            return list(processes.collect_queues(self._seen)), True
        except (RedisError, ValueError) as error:
            logger.warning("metrics without Redis: %s", error)
            return [], False


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, by METRICS_TOKEN, and staff who have signed in."""
    if not may_watch(request):
        return HttpResponse(
            NOT_ALLOWED, status=401, content_type="text/plain", headers={"WWW-Authenticate": 'Bearer realm="metrics"'}
        )
    registry = CollectorRegistry()
    registry.register(Product())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)
