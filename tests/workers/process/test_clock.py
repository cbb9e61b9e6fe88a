"""A timer that nothing ends but its stop."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection

from workers.process import clock
from workers.process.clock import Clock

Start = Callable[[Callable[[], float]], Clock]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a clock whose pauses after failures are short, and stops it afterwards."""
    monkeypatch.setattr(clock, "PAUSES_S", (0.01,))
    clocks: list[Clock] = []

    def begin(work: Callable[[], float]) -> Clock:
        clocks.append(Clock("a clock", work))
        clocks[-1].start()
        return clocks[-1]

    yield begin
    for each in clocks:
        each.stop()
        assert not each.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def records(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_it_works_again_and_again(start: Start) -> None:
    times: list[float] = []

    def work() -> float:
        times.append(time.monotonic())
        return 0.02

    start(work)
    wait_for(lambda: len(times) >= 3)
    assert times[2] - times[0] >= 0.04


@pytest.mark.parametrize("error", [OperationalError("gone"), RuntimeError("a bug"), SystemExit(1)])
def test_it_says_once_that_it_fails_and_once_that_it_works_again(
    start: Start, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    rounds = 0
    worked = threading.Event()

    def work() -> float:
        nonlocal rounds
        rounds += 1
        if rounds <= 5:
            raise error
        worked.set()
        return 0.01

    with caplog.at_level(logging.INFO, logger=clock.logger.name):
        start(work)
        assert worked.wait(10)
        wait_for(lambda: len(records(caplog, logging.WARNING)) == 1)
    [failed] = records(caplog, logging.ERROR)
    assert "a clock failed" in failed
    assert records(caplog, logging.WARNING) == ["a clock works again, after 5 failures"]


def test_it_stops_without_waiting_for_its_next_round(start: Start) -> None:
    begun = threading.Event()

    def work() -> float:
        begun.set()
        return 3600.0

    one = start(work)
    assert begun.wait(10)
    one.stop()
    assert not one.is_alive()


def test_it_lets_the_round_under_way_end(start: Start) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work() -> float:
        begun.set()
        time.sleep(0.2)
        ended.set()
        return 3600.0

    one = start(work)
    assert begun.wait(10)
    one.stop()
    assert ended.is_set()


def test_it_can_be_stopped_before_it_started() -> None:
    Clock("a clock", lambda: 0.0).stop()


@pytest.mark.django_db(transaction=True)  # it ends a real session
@pytest.mark.parametrize("when", ["between two rounds", "within a round"])
def test_it_survives_the_loss_of_its_database_connection(
    start: Start, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    pids: list[int] = []
    go_on = threading.Event()

    def work() -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
            if when == "within a round" and len(pids) == 1:
                assert go_on.wait(10)
                cursor.execute("SELECT 1")
        return 0.05

    start(work)
    wait_for(lambda: len(pids) >= 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pids[0]])
    go_on.set()
    wait_for(lambda: pids[-1] != pids[0])
    assert len(records(caplog, logging.ERROR)) <= 1
