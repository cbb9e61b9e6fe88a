"""The messages that a worker fetches for recipients go to the loop that sends, and come back to be acknowledged."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import redis
from celery import current_app
from celery.exceptions import InvalidTaskError
from celery.worker import state
from django.conf import settings
from kombu import Connection, Consumer, Queue

from core import redis_url
from workers import tasks
from workers.broker.results import Part
from workers.engine.message.loop import Job
from workers.engine.publish import chords
from workers.process.steps import Sending
from workers.process.strategy import job_of

QUEUE = Queue("prueba-estrategia")
WHOLE: dict[str, Any] = {
    "payload": [[11], {}, {"chord": {"task": "x"}}],
    "headers": {"group": "g", "group_index": 2},
}


@pytest.fixture
def fetched() -> list[Any]:
    """Return two messages of a chord and one of none, as a consumer gets them."""
    got: list[Any] = []
    try:
        for closes, log_ids in ((True, [11, 22]), (False, [33])):
            chords.publish(lote_id=7, log_ids=log_ids, queue=QUEUE.name, closes=closes)
        options = {"priority_steps": [0]}
        with Connection(redis_url.for_celery(settings.REDIS_URL), transport_options=options) as connection:
            consumer = Consumer(connection, [QUEUE], on_message=got.append)
            consumer.qos(prefetch_count=10)
            consumer.consume()
            connection.drain_events(timeout=5)
            for message in got:
                message.ack()
    finally:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.delete(QUEUE.name)
    return got


def test_a_message_as_it_is_published_becomes_a_job(fetched: list[Any]) -> None:
    put: list[Job] = []
    consumer = SimpleNamespace(
        controller=SimpleNamespace(sending=SimpleNamespace(loop=SimpleNamespace(put=put.append)))
    )
    handle = tasks.enviar_sms.start_strategy(current_app, consumer)
    before = state.all_total_count[0]
    for message in fetched:
        handle(message, None, None, None, [])
    assert state.all_total_count[0] == before + 3  # the watchdog sees that it takes them
    assert [job.log_id for job in put] == [11, 22, 33]
    first, second, alone = put
    assert first.part
    assert second.part
    assert first.part.group == second.part.group
    assert (first.part.index, second.part.index) == (0, 1)
    assert (first.part.callback["task"], first.part.callback["args"]) == ("workers.cerrar_lote", [7])
    assert alone.part is None
    assert first.message is fetched[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"payload": [[], {}, {"chord": None}]},
        {"payload": [["uno"], {}, {"chord": None}]},
        {"payload": [[1, 2], {}, {"chord": None}]},
        {"payload": {"args": [1]}},
        {"payload": [[1], {}, {}]},
        {"payload": None},
        {"headers": {}},
        {"headers": {"group": "g", "group_index": None}},
    ],
)
def test_any_other_is_refused_and_not_lost_in_silence(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidTaskError):
        job_of(SimpleNamespace(**WHOLE | changed), None)
    assert job_of(SimpleNamespace(**WHOLE), None).part == Part("g", 2, {"task": "x"})


def test_one_of_celerys_first_protocol_is_refused() -> None:
    with pytest.raises(InvalidTaskError):
        job_of(SimpleNamespace(**WHOLE), {"task": chords.ENVIAR, "args": [1]})


class TestAcknowledging:
    @pytest.fixture
    def soon(self) -> list[Any]:
        return []

    @pytest.fixture
    def sending(self, soon: list[Any]) -> Sending:
        consumer = SimpleNamespace(call_soon=soon.append, connection_errors=(OSError,))
        return Sending(SimpleNamespace(consumer=consumer))

    def test_it_happens_in_the_consumers_thread_for_all_at_once(self, sending: Sending, soon: list[Any]) -> None:
        messages = [Mock(), Mock()]
        sending._give_back(messages)
        assert not any(message.ack_log_error.called for message in messages)
        (acknowledge,) = soon
        acknowledge()
        acknowledge()
        assert all(message.ack_log_error.call_count == 1 for message in messages)

    def test_one_that_fails_keeps_no_other_back(self, sending: Sending, soon: list[Any]) -> None:
        lost, good = Mock(), Mock()
        lost.ack_log_error.side_effect = RuntimeError("its channel is gone")
        sending._give_back([lost, good])
        soon[0]()
        assert good.ack_log_error.called
