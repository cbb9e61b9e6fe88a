"""Answers that are kept: one in Redis for all who ask, or copies in one process."""

import pickle
import threading
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, cast

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError

from core.cache import Recent, forget, shared
from tests.local.stack.support import eventually

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


class Planted:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("the cache ran what somebody wrote into it",))


@pytest.mark.parametrize(
    "written", [pickle.dumps(Planted()), b"\x80", b"{", b"", "ñ".encode("latin-1"), b"[" * 100_000]
)
def test_what_is_no_json_is_no_value(written: bytes) -> None:
    redis = cast("Any", cache)._cache.get_client(None, write=True)
    redis.set(cast("Any", cache).make_key(KEY), written)

    assert cache.get(KEY) is None
    assert shared(KEY, Truth(), fresh_s=60) == 1


def test_values_come_back_as_they_went() -> None:
    for value in (None, True, 0, 7, -1.5, "ñ😀", ["a", [1, None]], {"a": {"b": 1}}):
        cache.set(KEY, value)
        assert cache.get(KEY) == value
    cache.set(KEY, 1)
    assert cache.incr(KEY) == 2


def test_it_is_read_anew_when_it_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = Truth()
    shared(KEY, truth, fresh_s=1)
    now = time.time()
    monkeypatch.setattr("core.cache.time.time", lambda: now + 2)
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
    monkeypatch.setattr("core.cache.WAIT_S", 0.1)
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


class Source:
    """A source that counts how often it is read, and may be slow or broken."""

    def __init__(self) -> None:
        self.reads = 0
        self.open = Event()
        self.open.set()
        self.broken = False

    def read(self, key: str) -> str:
        self.reads += 1
        number = self.reads
        assert self.open.wait(20)
        if self.broken:
            raise OSError("away")
        return f"{key}{number}"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("core.cache.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def copies(source: Source) -> Recent[str, str]:
    return Recent(source.read, fresh_s=1.0, stale_s=3.0)


def test_a_young_copy_is_given_as_it_is(copies: Recent[str, str], source: Source, clock: list[float]) -> None:
    assert [copies.get("a"), copies.get("a"), copies.get("b")] == ["a1", "a1", "b2"]
    clock[0] += 0.9
    assert (copies.get("a"), source.reads) == ("a1", 2)


def test_one_that_ages_is_read_anew_behind_the_answer_and_once(
    copies: Recent[str, str], source: Source, clock: list[float]
) -> None:
    copies.get("a")
    clock[0] += 2
    source.open.clear()
    assert [copies.get("a") for _ in range(5)] == ["a1"] * 5  # the reading stands still, and nobody waits for it
    source.open.set()
    eventually(lambda: copies.get("a") == "a2", "the new copy")
    assert source.reads == 2


def test_an_old_one_is_given_to_nobody(copies: Recent[str, str], clock: list[float]) -> None:
    copies.get("a")
    clock[0] += 3.5
    assert copies.get("a") == "a2"


def test_a_copy_is_as_old_as_its_reading_began(copies: Recent[str, str], source: Source, clock: list[float]) -> None:
    source.open.clear()
    asking = Thread(target=copies.get, args=("a",))
    asking.start()
    eventually(lambda: source.reads == 1, "the reading")
    clock[0] += 3.5
    source.open.set()
    asking.join()
    assert copies.get("a") == "a2"


def test_a_reading_that_fails_is_heard_of_once_the_copy_is_old(
    copies: Recent[str, str], source: Source, clock: list[float]
) -> None:
    copies.get("a")
    source.broken = True
    clock[0] += 2
    assert copies.get("a") == "a1"
    eventually(lambda: source.reads == 2, "the failed reading")
    clock[0] += 2
    with pytest.raises(OSError, match="away"):
        copies.get("a")
    source.broken = False
    assert copies.get("a").startswith("a")


def test_old_copies_are_not_kept(copies: Recent[str, str], clock: list[float]) -> None:
    for n in range(50):
        clock[0] += 1
        copies.get(str(n))
    assert len(copies._copies) <= 4
