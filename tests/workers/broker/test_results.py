"""A chord's parts, counted in groups by the real server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from celery import signature, uuid
from django.conf import settings

from workers.broker import results
from workers.broker.results import Backend, Part

QUEUE = "pruebas"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client
        client.delete(QUEUE)


@pytest.fixture
def backend() -> Backend:
    return results.backend()


def parts(group: str, *indexes: int) -> list[Part]:
    callback: dict[str, Any] = dict(signature("workers.prueba", args=[1], immutable=True, queue=QUEUE))
    return [Part(group, index, callback) for index in indexes]


def chord(backend: Backend, size: int) -> str:
    group = uuid()
    backend.set_chord_size(group, size)
    return group


def test_it_calls_back_once_when_every_part_has_ended(backend: Backend, server: redis.Redis) -> None:
    group = chord(backend, 5)
    backend.count(parts(group, 0, 1, 2))
    assert server.llen(QUEUE) == 0
    backend.count(parts(group, 3, 4))
    assert server.llen(QUEUE) == 1


def test_it_counts_a_part_that_ends_twice_once(backend: Backend, server: redis.Redis) -> None:
    group = chord(backend, 3)
    backend.count(parts(group, 0, 0, 1))
    backend.count(parts(group, 1))
    assert server.llen(QUEUE) == 0
    backend.count(parts(group, 2))
    backend.count(parts(group, 2))
    assert server.llen(QUEUE) == 1


def test_it_counts_the_parts_of_several_chords_together(backend: Backend, server: redis.Redis) -> None:
    one, two = chord(backend, 2), chord(backend, 3)
    backend.count([*parts(one, 0), *parts(two, 0, 1), *parts(one, 1)])
    assert server.llen(QUEUE) == 1
    backend.count(parts(two, 2))
    assert server.llen(QUEUE) == 2


def test_a_chord_whose_size_was_lost_never_calls_back(backend: Backend, server: redis.Redis) -> None:
    group = chord(backend, 1)
    server.delete(backend.get_key_for_group(group, ".s"))
    backend.count(parts(group, 0))
    assert server.llen(QUEUE) == 0


def test_it_leaves_nothing_for_ever(backend: Backend, server: redis.Redis) -> None:
    group = chord(backend, 2)
    backend.count(parts(group, 0))
    assert 0 < server.ttl(backend.get_key_for_group(group, ".parts")) <= 3600
    backend.count(parts(group, 1))
    assert not server.exists(backend.get_key_for_group(group, ".parts"))


def test_the_threads_of_a_process_share_one(backend: Backend) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(results.backend).result() is backend


def test_a_part_that_celery_itself_has_run_is_counted(backend: Backend, server: redis.Redis) -> None:
    group = chord(backend, 1)
    [part] = parts(group, 0)

    class Request:
        group_index, chord = 0, part.callback

    Request.group = group  # type: ignore[attr-defined]
    backend.on_chord_part_return(Request, "SUCCESS", None)
    assert server.llen(QUEUE) == 1
