"""One answer for all who ask: in Redis, read again by one caller at a time."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError

from core import shared as module
from core.shared import forget, shared

KEY = "prueba:compartido"


class Truth:
    """Counts how often it was read."""

    def __init__(self, pause: float = 0.0) -> None:
        self.reads = 0
        self._pause = pause

    def __call__(self) -> int:
        self.reads += 1
        time.sleep(self._pause)
        return self.reads


def test_it_is_read_once_while_it_is_fresh() -> None:
    truth = Truth()
    assert [shared(KEY, truth, fresh_s=60) for _ in range(5)] == [1] * 5
    assert truth.reads == 1


def test_it_is_read_anew_when_it_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = Truth()
    shared(KEY, truth, fresh_s=1)
    now = time.time()
    monkeypatch.setattr("core.shared.time.time", lambda: now + 2)
    assert shared(KEY, truth, fresh_s=1) == 2


def together(threads: int, work: Callable[[], Any]) -> list[Any]:
    found: list[Any] = []
    barrier = threading.Barrier(threads)

    def one() -> None:
        barrier.wait()
        found.append(work())

    running = [threading.Thread(target=one) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return found


def test_many_who_come_at_once_cost_one_reading() -> None:
    truth = Truth(pause=0.3)
    assert together(16, lambda: shared(KEY, truth, fresh_s=60)) == [1] * 16
    assert truth.reads == 1


def test_while_one_reads_the_others_take_the_stale_answer() -> None:
    cache.set(KEY, (time.time() - 5, "vieja"), 30)
    cache.set(f"{KEY}:lock", 1, 5)
    assert shared(KEY, lambda: "nueva", fresh_s=1) == "vieja"


def test_a_reader_that_died_holds_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.1)
    cache.set(f"{KEY}:lock", 1, 5)
    assert shared(KEY, lambda: "leída", fresh_s=1) == "leída"


def test_a_failure_is_the_callers_and_is_not_kept() -> None:
    def fail() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        shared(KEY, fail, fresh_s=60)
    assert shared(KEY, lambda: "bien", fresh_s=60) == "bien"


def test_it_can_be_forgotten() -> None:
    truth = Truth()
    shared(KEY, truth, fresh_s=60)
    forget(KEY)
    assert shared(KEY, truth, fresh_s=60) == 2


def test_without_redis_each_reads_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise RedisConnectionError("away")

    for name in ("get", "set", "add", "delete_many"):
        monkeypatch.setattr(cache, name, refuse)
    truth = Truth()
    assert [shared(KEY, truth, fresh_s=60) for _ in range(3)] == [1, 2, 3]
    forget(KEY)
