"""What the threads of a process write at the same moment goes into one statement."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from workers.engine.base.grouping import Grouping


class Writer:
    """Doubles numbers; the first group waits until the test lets it go."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.started, self.go = Event(), Event()

    def __call__(self, group: Sequence[int]) -> list[int]:
        self.groups.append(list(group))
        self.started.set()
        assert self.go.wait(10)
        if -1 in group:
            raise ValueError("no -1")
        return [2 * item for item in group]


def test_it_writes_alone_what_comes_alone() -> None:
    writer = Writer()
    writer.go.set()
    grouping = Grouping(writer)
    assert [grouping.put(n) for n in (1, 2, 3)] == [2, 4, 6]
    assert writer.groups == [[1], [2], [3]]


def test_whoever_comes_meanwhile_goes_together() -> None:
    writer = Writer()
    grouping = Grouping(writer)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(grouping.put, 0)
        assert writer.started.wait(10)
        others = [pool.submit(grouping.put, n) for n in range(1, 8)]
        while len(grouping._arrived) < 7:
            pass
        writer.go.set()
        assert [first.result(10), *(other.result(10) for other in others)] == [2 * n for n in range(8)]
    assert [sorted(group) for group in writer.groups] == [[0], list(range(1, 8))]


def test_a_failure_is_told_to_all_of_its_group_and_to_nobody_else() -> None:
    writer = Writer()
    grouping = Grouping(writer)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(grouping.put, 0)
        assert writer.started.wait(10)
        others = [pool.submit(grouping.put, n) for n in (1, -1, 2)]
        while len(grouping._arrived) < 3:
            pass
        writer.go.set()
        assert first.result(10) == 0
        for other in others:
            with pytest.raises(ValueError, match="no -1"):
                other.result(10)
    assert grouping.put(5) == 10


def test_everybody_gets_their_own_answer() -> None:
    writer = Writer()
    writer.go.set()
    grouping, barrier = Grouping(writer), Barrier(16)

    def put(n: int) -> bool:
        barrier.wait(10)
        return all(grouping.put(1000 * n + i) == 2 * (1000 * n + i) for i in range(200))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(put, range(16)))
    assert sum(map(len, writer.groups)) == 16 * 200
