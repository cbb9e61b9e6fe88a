"""A silent worker is replaced; one that waits, works, reconnects or ends is not."""

import secrets
import time
from dataclasses import replace

import pytest
from celery import current_app

from tests.workers.process.conftest import StartWorker
from workers.process import watchdog
from workers.process.watchdog import DEAF, EXIT_CODE, HUNG, STUCK, Judge, Sight

WELL = Sight(ticks=0, taken=0, free=True, waiting=0, ending=False)
SILENT_APP = "tests.workers.process.silent"
PATIENCE_S = 60.0


def verdict(*sights: Sight, every: float = 10.0) -> str | None:
    """Return what is said of the last sight, after nothing was said of the others."""
    judge = Judge(PATIENCE_S)
    found = None
    for number, sight in enumerate(sights):
        assert found is None, f"at sight {number}"
        found = judge.verdict(sight, at=1000.0 + number * every)
    return found


def turning(sight: Sight, count: int = 7) -> list[Sight]:
    return [replace(sight, ticks=number) for number in range(count)]


def test_a_loop_that_stands_still_is_hung() -> None:
    assert verdict(*[WELL] * 7) == HUNG.format(PATIENCE_S)
    assert verdict(*[replace(WELL, free=False)] * 7) == HUNG.format(PATIENCE_S)  # busy threads do not stop a loop


def test_a_worker_whose_sending_stands_still_ends_although_the_consumer_turns() -> None:
    assert verdict(*turning(replace(WELL, sending_ticks=3))) == STUCK.format(PATIENCE_S)


def test_sending_that_turns_is_nothing_to_say() -> None:
    assert verdict(*(replace(sight, sending_ticks=n) for n, sight in enumerate(turning(WELL, 50)))) is None


def test_a_worker_that_takes_none_of_what_waits_is_deaf() -> None:
    assert verdict(*turning(replace(WELL, waiting=3))) == DEAF.format(PATIENCE_S)


@pytest.mark.parametrize(
    "sights",
    [
        pytest.param(turning(WELL, 50), id="idle"),
        pytest.param(turning(replace(WELL, waiting=9, free=False), 50), id="all its threads are busy with slow calls"),
        pytest.param([replace(WELL, ticks=n, taken=n, waiting=9) for n in range(50)], id="working"),
        pytest.param([replace(WELL, waiting=None)] * 50, id="Redis does not answer"),
        pytest.param([replace(WELL, waiting=9, ending=True)] * 50, id="told to end"),
        pytest.param([*turning(replace(WELL, waiting=9), 6), WELL], id="somebody else took what waited"),
        pytest.param([*[WELL] * 6, replace(WELL, ticks=1)], id="it turns at the last moment"),
        pytest.param([*[WELL] * 6, replace(WELL, waiting=None), *[WELL] * 5], id="Redis was away for a moment"),
    ],
)
def test_nothing_is_wrong_with_one_that_is(sights: list[Sight]) -> None:
    assert verdict(*sights) is None


def test_nothing_is_wrong_with_a_process_that_was_stopped() -> None:
    """SIGSTOP, a suspended machine: on waking its loop has not turned for an hour."""
    judge = Judge(PATIENCE_S)
    assert judge.verdict(WELL, at=1000.0) is None
    assert judge.verdict(WELL, at=4600.0) is None
    assert judge.verdict(WELL, at=4610.0) is None


def test_it_looks_often_enough_to_notice_that_it_was_stopped() -> None:
    assert watchdog.Watchdog(lambda: WELL, 2.0).round() <= 0.5
    assert watchdog.Watchdog(lambda: WELL, 60.0).round() == watchdog.LOOK_S


@pytest.fixture
def queue() -> str:
    return f"silent-{secrets.token_hex(4)}"


def send(queue: str, seconds: float) -> None:
    current_app.send_task("tests.work", args=[seconds], queue=queue)


FAST = {"WATCHDOG_S": "2", "TWILIO_CONNECT_TIMEOUT_S": "0.5", "TWILIO_READ_TIMEOUT_S": "0.5", "LEASE_S": "5"}


@pytest.mark.e2e
def test_a_hung_worker_ends_by_force(start_worker: StartWorker, queue: str) -> None:
    worker = start_worker(app=SILENT_APP, queues=queue, SILENT="hung", **FAST)
    assert worker.ends() == EXIT_CODE
    assert worker.said(HUNG.format(2))


@pytest.mark.e2e
def test_a_deaf_worker_ends_well_and_another_takes_its_tasks(start_worker: StartWorker, queue: str) -> None:
    worker = start_worker(app=SILENT_APP, queues=queue, SILENT="deaf", **FAST)
    worker.wait_until(lambda: worker.said(" ready."))
    send(queue, 0.0)
    assert worker.ends() == 0
    assert worker.said(DEAF.format(2))
    assert not worker.said("working")
    another = start_worker(app=SILENT_APP, queues=queue, SILENT="no", **FAST)
    another.wait_until(lambda: another.said("worked"))


@pytest.mark.e2e
def test_it_leaves_alone_who_is_idle_busy_or_without_redis(start_worker: StartWorker, queue: str) -> None:
    idle = start_worker(app=SILENT_APP, queues=f"{queue}-idle", SILENT="no", **FAST)
    away = start_worker(app=SILENT_APP, queues=queue, SILENT="no", REDIS_URL="redis://127.0.0.1:1/0", **FAST)
    busy = start_worker(app=SILENT_APP, queues=queue, threads=1, SILENT="no", **FAST)
    for _ in range(2):
        send(queue, 6.0)
    busy.wait_until(lambda: busy.said("worked"))
    time.sleep(1)
    for worker in (idle, away, busy):
        assert worker.process.poll() is None, worker.log.read_text()
    assert idle.said(" ready.")
    assert away.said("Cannot connect to redis")
