from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from campaigns.models import CampanaSMS, Lote, SMSLog
from tests.workers.engine.conftest import Running
from workers.engine import locks, lotes, sweeper

pytestmark = pytest.mark.django_db(transaction=True)  # advisory locks belong to sessions
LONG_AGO = Now() - timedelta(hours=1)


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lotes that were published, instead of a broker that no worker reads."""
    published: list[int] = []
    monkeypatch.setattr(lotes, "_publish", published.append)
    return published


def stand_still(running: Running) -> None:
    SMSLog.objects.filter(lote=running.lote).update(actualizado=LONG_AGO)
    Lote.objects.filter(pk=running.lote.pk).update(publicado_en=LONG_AGO)


def test_it_publishes_again_a_lote_whose_tasks_are_gone(running: Running, broker: list[int]) -> None:
    stand_still(running)
    found = sweeper.sweep()
    assert found is not None
    assert (found.lost, broker) == (1, [running.lote.pk])
    found = sweeper.sweep()
    assert found is not None
    assert (found.lost, len(broker)) == (0, 1)


def test_it_leaves_a_lote_alone_that_moved_lately(running: Running, broker: list[int]) -> None:
    stand_still(running)
    SMSLog.objects.filter(pk=running.logs[0].pk).update(actualizado=Now())
    sweeper.sweep()
    assert broker == []


def test_it_waits_longer_while_the_queue_is_full(running: Running, broker: list[int]) -> None:
    SMSLog.objects.filter(lote=running.lote).update(actualizado=Now() - timedelta(minutes=1))
    Lote.objects.filter(pk=running.lote.pk).update(publicado_en=Now() - timedelta(minutes=1))
    with redis.Redis.from_url(settings.REDIS_URL) as queue:
        queue.lpush(sweeper.QUEUE, "somebody else's task")
        sweeper.sweep()
        assert broker == []
        queue.delete(sweeper.QUEUE)
    sweeper.sweep()
    assert broker == [running.lote.pk]


def test_it_publishes_nothing_of_a_paused_campaign(running: Running, broker: list[int]) -> None:
    stand_still(running)
    CampanaSMS.objects.update(estado="pausado")
    sweeper.sweep()
    assert broker == []


def test_it_ends_a_campaign_whose_callback_was_lost(running: Running) -> None:
    SMSLog.objects.update(estado="enviado", twilio_sid="SM1")
    sweeper.sweep()
    running.reload()
    assert (running.lote.estado, running.campana.estado) == ("cerrado", "completado")


def test_it_closes_a_lote_when_its_last_uncertain_row_is_settled(running: Running) -> None:
    SMSLog.objects.update(estado="incierto")
    sweeper.sweep()
    running.reload()
    assert running.lote.estado == "por_conciliar"
    SMSLog.objects.update(estado="enviado", twilio_sid="SM1")
    sweeper.sweep()
    running.reload()
    assert running.campana.estado == "completado"


def test_one_sweeps_at_a_time(running: Running) -> None:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [locks.SWEEP])
    assert sweeper.sweep() is None
    other.close()
    assert sweeper.sweep() is not None
