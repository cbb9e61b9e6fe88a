"""The broker's channel, against the real server."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from kombu import Connection, Consumer, Message, Queue
from kombu.transport.virtual import QoS as VirtualQoS

from core import redis_url
from workers.broker import transport

QUEUES = [Queue("prueba-a"), Queue("prueba-b")]


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client
        client.delete(*(queue.name for queue in QUEUES))


@pytest.fixture
def connection(server: redis.Redis) -> Iterator[Connection]:
    with Connection(redis_url.for_celery(settings.REDIS_URL), transport_options={"priority_steps": [0]}) as found:
        yield found


def publish(connection: Connection, queue: Queue, *bodies: str) -> None:
    producer = connection.Producer()
    for body in bodies:
        producer.publish(body, routing_key=queue.name, exchange="", declare=[queue])


def consume(connection: Connection, *, prefetch: int, queues: list[Queue] = QUEUES) -> tuple[Consumer, list[Message]]:
    got: list[Message] = []
    consumer = Consumer(connection, queues, on_message=got.append)
    consumer.qos(prefetch_count=prefetch)
    consumer.consume()
    return consumer, got


def test_redis_means_this_transport(connection: Connection) -> None:
    assert isinstance(connection.transport, transport.Transport)
    assert isinstance(connection.default_channel, transport.Channel)


def test_it_fetches_up_to_its_limit_in_one_round_trip(connection: Connection, server: redis.Redis) -> None:
    publish(connection, QUEUES[0], *map(str, range(10)))
    _, got = consume(connection, prefetch=8)
    connection.drain_events(timeout=5)
    assert [message.payload for message in got] == list(map(str, range(8)))
    assert server.llen("prueba-a") == 2


def test_it_fetches_again_only_when_a_quarter_of_its_limit_is_free(connection: Connection) -> None:
    publish(connection, QUEUES[0], *map(str, range(20)))
    _, got = consume(connection, prefetch=8)
    connection.drain_events(timeout=5)
    got[0].ack()
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.1)
    got[1].ack()
    connection.drain_events(timeout=5)
    assert len(got) == 10


def test_it_takes_turns_among_the_queues(connection: Connection) -> None:
    publish(connection, QUEUES[0], *["a"] * 8)
    publish(connection, QUEUES[1], *["b"] * 8)
    _, got = consume(connection, prefetch=4)
    seen = []
    for _ in range(4):
        got.clear()
        connection.drain_events(timeout=5)
        seen.append({message.payload for message in got})
        for message in got:
            message.ack()
    assert sorted(map(sorted, seen)) == [["a"], ["a"], ["b"], ["b"]]
    assert seen[0] != seen[1]


def test_neither_messages_nor_other_tasks_keep_the_others_from_being_fetched(server: redis.Redis) -> None:
    envios, campanas = Queue("envios.prueba"), Queue("prueba-campanas")
    options = {"priority_steps": [0], "prefetch_tasks": 4}
    try:
        with Connection(redis_url.for_celery(settings.REDIS_URL), transport_options=options) as connection:
            publish(connection, envios, *map(str, range(12)))
            publish(connection, campanas, *map(str, range(9)))
            _, got = consume(connection, prefetch=8, queues=[envios, campanas])

            def fetch() -> list[int]:
                for _ in range(4):
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=0.3)
                return [server.llen(queue.name) for queue in (envios, campanas)]

            # As many of each as there is room for, and not one more of either.
            assert fetch() == [4, 5]
            for message in got[:]:
                if message.delivery_info["routing_key"] == campanas.name:
                    message.ack()
            assert fetch() == [4, 1]  # however many messages are in hand
            for message in got[:]:
                if message.delivery_info["routing_key"] == envios.name:
                    message.ack()
            assert fetch() == [0, 1]
            for message in got:
                if not message.acknowledged:
                    message.ack()
    finally:
        server.delete(envios.name, campanas.name)


def test_a_channel_that_only_listens_is_always_read(connection: Connection) -> None:
    channel: Any = connection.channel()  # of this transport, which has more than the type says
    assert channel.qos.can_consume()


def test_it_keeps_no_copy_of_what_is_not_acknowledged(connection: Connection, server: redis.Redis) -> None:
    publish(connection, QUEUES[0], "1")
    before = server.dbsize()
    _, got = consume(connection, prefetch=4)
    connection.drain_events(timeout=5)
    assert len(got) == 1
    assert server.dbsize() == before - 1
    assert not server.exists("unacked")


def test_what_was_fetched_and_not_done_goes_back_first_when_the_channel_closes(
    connection: Connection, server: redis.Redis
) -> None:
    publish(connection, QUEUES[0], *map(str, range(6)))
    consumer, got = consume(connection, prefetch=4)
    connection.drain_events(timeout=5)
    got[0].ack()
    assert consumer.channel is not None
    consumer.channel.close()  # type: ignore[union-attr]  # the stubs allow a connection
    assert server.llen("prueba-a") == 5
    with connection.clone() as second:
        _, again = consume(second, prefetch=20)
        second.drain_events(timeout=5)
        assert sorted(message.payload for message in again[:3]) == ["1", "2", "3"]
        assert [message.payload for message in again[3:]] == ["4", "5"]
        for message in again:
            message.ack()


def test_its_limits_are_kombus_own() -> None:
    assert issubclass(transport.QoS, VirtualQoS)
