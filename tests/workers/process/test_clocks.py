"""A worker sweeps by itself, whatever becomes of Redis and of beat."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from campaigns.models import CampanaSMS, SMSLog
from tests.workers.engine.conftest import Running
from tests.workers.process.conftest import StartWorker

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_it_sweeps_while_redis_is_down_and_ends_cleanly(running: Running, start_worker: StartWorker) -> None:
    expired = {"lease_hasta": Now() - timedelta(seconds=1), "token": "0" * 32}
    SMSLog.objects.filter(pk=running.logs[0].pk).update(estado="enviando", **expired)
    SMSLog.objects.exclude(pk=running.logs[0].pk).update(estado="fallido", codigo="x")
    worker = start_worker(REDIS_URL="redis://127.0.0.1:1/0")
    worker.wait_until(lambda: SMSLog.objects.filter(estado="incierto").exists())
    SMSLog.objects.filter(estado="incierto").update(estado="fallido", codigo="x")
    worker.wait_until(lambda: CampanaSMS.objects.get().estado == "error")
    assert worker.said("Cannot connect to redis")
    worker.end()
    assert not worker.said("Traceback")
