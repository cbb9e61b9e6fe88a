"""Tasks that are gone are published again; tasks that wait are not, however long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampanaSMS, Lote, SMSLog
from core import queues
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.plans import Planner
from workers.engine.lote import lotes
from workers.engine.publish import chords, losses


@pytest.fixture
def broker(db: None) -> Iterator["redis.Redis"]:
    names = queues.envios(settings.ENVIOS_QUEUES)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*names)
        yield client
        client.delete(*names)


@dataclass
class Published:
    """A Lote of three, published some minutes ago; its tasks are in its queue."""

    lote: Lote
    rows: list[int]
    queue: str

    def fetch(self, broker: "redis.Redis", count: int) -> None:
        """What a worker does; this one is killed before it claims anything."""
        broker.rpop(self.queue, count)


def publish(usuario: Usuario, *, minutes_ago: float) -> Published:
    clientes = ClienteFactory.create_batch(3, usuario=usuario)
    campana = CampanaFactory.create(usuario=usuario, total_clientes=3, estado="procesando")
    lote = open_lote(campana, clientes)
    rows = [sms_log(campana, lote, cliente).pk for cliente in clientes]
    moment = Now() - timedelta(minutes=minutes_ago)
    Lote.objects.filter(pk=lote.pk).update(publicado_en=moment)
    SMSLog.objects.filter(lote=lote).update(actualizado=moment)
    queue = queues.envios_of(usuario.pk, settings.ENVIOS_QUEUES)
    chords.publish(lote_id=lote.pk, log_ids=rows, queue=queue)
    return Published(lote, rows, queue)


def test_an_empty_queue_holds_nobodys_tasks(owner: Usuario, broker: "redis.Redis") -> None:
    gone = publish(owner, minutes_ago=2)
    broker.delete(gone.queue)
    assert losses.publish_again() == [gone.lote.pk]
    assert losses.publish_again() == []


def test_what_waits_is_left_alone(owner: Usuario, broker: "redis.Redis") -> None:
    """For an hour: a slow provider's queue moves, and this Lote's turn has not come."""
    publish(owner, minutes_ago=60)
    publish(owner, minutes_ago=50)
    assert losses.publish_again() == []


def test_what_is_partly_fetched_is_left_alone(owner: Usuario, broker: "redis.Redis") -> None:
    waiting = publish(owner, minutes_ago=60)
    waiting.fetch(broker, 2)
    assert losses.publish_again() == []


def test_a_queue_that_goes_on_has_passed_what_is_gone(owner: Usuario, broker: "redis.Redis") -> None:
    gone = publish(owner, minutes_ago=10)
    later = publish(owner, minutes_ago=5)
    gone.fetch(broker, 3)
    assert broker.llen(later.queue) == 3
    assert losses.publish_again() == [gone.lote.pk]


def test_it_is_published_once_for_each_loss(
    owner: Usuario, broker: "redis.Redis", django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Then it waits at the end of the queue like the others."""
    gone = publish(owner, minutes_ago=10)
    publish(owner, minutes_ago=5)
    gone.fetch(broker, 3)
    with django_assert_max_num_queries(3):
        assert losses.publish_again() == [gone.lote.pk]
    assert len(lotes.publish_due(gone.lote.campana_id, most=10)) == 1
    assert broker.llen(gone.queue) == 6
    # Long after, while the other Lote still waits before it.
    Lote.objects.filter(pk=gone.lote.pk).update(publicado_en=Now() - timedelta(minutes=1))
    assert losses.publish_again() == []


def test_another_queue_proves_nothing(owner: Usuario, stranger: Usuario, broker: "redis.Redis") -> None:
    waiting = publish(owner, minutes_ago=10)
    other = publish(stranger, minutes_ago=5)
    assert waiting.queue != other.queue
    assert losses.publish_again() == []
    other.fetch(broker, 3)
    assert losses.publish_again() == [other.lote.pk]


@pytest.mark.parametrize(
    ("campana", "lote", "log"),
    [
        ({"estado": "pausado"}, {}, {}),
        ({"estado": "cancelado"}, {}, {}),
        ({}, {"publicar_desde": Now()}, {}),  # it will be published anyway
        ({}, {"publicado_en": Now()}, {}),
        ({}, {"publicado_en": None}, {}),
        ({}, {}, {"actualizado": Now()}),  # it moves
        ({}, {}, {"estado": "incierto"}),  # nothing left to send
    ],
)
def test_only_a_lote_that_stands_still_is_looked_at(
    owner: Usuario, broker: "redis.Redis", campana: dict[str, object], lote: dict[str, object], log: dict[str, object]
) -> None:
    gone = publish(owner, minutes_ago=10)
    broker.delete(gone.queue)
    CampanaSMS.objects.update(**campana)
    Lote.objects.update(**lote)
    SMSLog.objects.update(**log)
    assert losses.publish_again() == []


def test_a_slice_that_is_gone_is_published_from_the_lotes_beginning(owner: Usuario, broker: "redis.Redis") -> None:
    gone = publish(owner, minutes_ago=10)
    broker.delete(gone.queue)
    Lote.objects.update(publicado_hasta=gone.rows[1])
    assert losses.publish_again() == [gone.lote.pk]
    lotes.publish_due(gone.lote.campana_id, most=10)
    assert broker.llen(gone.queue) == 3


@pytest.mark.parametrize("message", [b"", b"{}", b"[]", b'{"body": "W10="}', b'{"body": "bm8="}', b'{"body": 7}'])
def test_a_message_that_is_not_ours_proves_nothing(owner: Usuario, broker: "redis.Redis", message: bytes) -> None:
    waiting = publish(owner, minutes_ago=10)
    broker.rpush(waiting.queue, message)
    assert losses.publish_again() == []


def test_a_task_whose_row_was_deleted_proves_nothing(owner: Usuario, broker: "redis.Redis") -> None:
    waiting = publish(owner, minutes_ago=10)
    first = publish(owner, minutes_ago=5)
    broker.delete(waiting.queue)
    chords.publish(lote_id=first.lote.pk, log_ids=first.rows, queue=first.queue)
    SMSLog.objects.filter(lote=first.lote).delete()
    assert losses.publish_again() == []


def test_nothing_is_known_while_the_broker_is_away(
    owner: Usuario, broker: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = publish(owner, minutes_ago=10)
    broker.delete(gone.queue)
    with monkeypatch.context() as away:
        away.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        assert losses.publish_again() == []
    assert losses.publish_again() == [gone.lote.pk]


def test_it_asks_little_while_nothing_stands_still(
    owner: Usuario,
    broker: "redis.Redis",
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    publish(owner, minutes_ago=0)
    monkeypatch.setattr(settings, "REDIS_URL", "not asked")
    with django_assert_num_queries(1):
        assert losses.publish_again() == []


def test_it_reads_the_open_lotes_only(planner: Planner, owner: Usuario, broker: "redis.Redis") -> None:
    publish(owner, minutes_ago=10)
    planner.learn(CampanaSMS, Lote, SMSLog)
    with connection.cursor() as cursor:
        # Of a table as small as a test's the planner may read all, whatever indexes there are.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = planner.explain(losses.QUIET_SQL, {"quiet": 30, "queues": 8})
    assert plan.count("smslog_por_lote") == 2  # and nothing else of the rows
