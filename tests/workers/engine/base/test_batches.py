from threading import Thread

import pytest

from workers.engine.base.batches import MOST, Batches


def test_it_works_on_each_item_at_once_until_it_is_started() -> None:
    seen: list[list[int]] = []
    batches = Batches("test", seen.append, gather_s=0.0)
    batches.put(1)
    batches.put(2)
    assert seen == [[1], [2]]


def test_it_does_what_many_threads_put_together_and_in_order() -> None:
    seen: list[list[int]] = []
    batches = Batches("test", seen.append, gather_s=0.05)
    batches.start()
    for number in range(100):
        batches.put(number)
    assert batches.stop(5)
    assert [number for batch in seen for number in batch] == list(range(100))
    assert len(seen) < 10


def test_it_bounds_a_batch() -> None:
    seen: list[list[int]] = []
    batches = Batches("test", seen.append, gather_s=0.05)
    batches.start()
    for number in range(MOST + 1):
        batches.put(number)
    assert batches.stop(5)
    assert [len(batch) for batch in seen] == [MOST, 1]


def test_it_loses_nothing_of_what_threads_put_while_it_stops_or_after() -> None:
    seen: list[list[int]] = []
    batches = Batches("test", seen.append, gather_s=0.0)
    batches.start()

    def put(first: int) -> None:
        for number in range(first, first + 500):
            batches.put(number)

    putters = [Thread(target=put, args=(n * 1000,)) for n in range(4)]
    for putter in putters:
        putter.start()
    for putter in putters:
        putter.join()
    assert batches.stop(5)
    batches.put(-1)
    assert sorted(number for batch in seen for number in batch) == sorted(
        [-1, *(n * 1000 + i for n in range(4) for i in range(500))]
    )


def test_it_goes_on_after_a_batch_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []

    def work(batch: list[int]) -> None:
        if 1 in batch:
            raise ValueError("no")
        seen.extend(batch)

    batches = Batches("test", work, gather_s=0.0)
    batches.start()
    batches.put(1)
    while not caplog.records:
        pass
    batches.put(2)
    assert batches.stop(5)
    assert seen == [2]
    assert "a batch of 1 failed" in caplog.text
