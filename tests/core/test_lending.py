"""A worker's connections: lent, given back, never more than there may be."""

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from core.postgresql import lending
from core.postgresql.lending import Lender

pytestmark = pytest.mark.django_db(transaction=True)

PID_SQL = "SELECT pg_backend_pid()"


def pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute(PID_SQL)
        return int(cursor.fetchone()[0])


def in_thread(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def used() -> int:
    """Ask something and give the connection back."""
    try:
        return pid()
    finally:
        lending.rest()


@pytest.fixture
def lender(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lender]:
    """Three connections, of which tasks get two."""
    connection.close()
    found = Lender(most=3, tasks=2, max_age_s=600.0, wait_s=0.2, long_wait_s=0.2)
    monkeypatch.setattr(lending, "_lender", found)
    yield found
    connection.close()
    found.close()


def test_one_thread_takes_what_the_other_has_given_back(lender: Lender) -> None:
    assert in_thread(used) == in_thread(used) == used()


def test_who_finds_none_waits_and_the_timers_have_their_part(lender: Lender) -> None:
    held, go = threading.Barrier(3), threading.Event()

    def hold() -> None:
        pid()
        held.wait(10)
        go.wait(10)
        lending.rest()

    def timer() -> int:
        lending.be_timer()
        return used()

    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(hold) for _ in range(2)]
        held.wait(10)
        with pytest.raises(OperationalError, match="in use"):
            in_thread(used)
        assert in_thread(timer)
        go.set()
        for one in busy:
            one.result()
    assert in_thread(used)


def test_long_work_has_one_and_takes_turns(lender: Lender) -> None:
    held, go, over = threading.Event(), threading.Event(), threading.Event()

    @lending.long_work()
    def hold() -> None:
        pid()
        held.set()
        go.wait(10)
        lending.let_others()
        over.wait(10)

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(hold)
        held.wait(10)
        with pytest.raises(OperationalError, match="in use"):
            in_thread(lending.long_work()(used))
        assert in_thread(used)  # a task's
        go.set()
        lender._permits[lending.Kind.LONG] = tuple((permit, 10.0) for permit, _ in lender._permits[lending.Kind.LONG])
        assert in_thread(lending.long_work()(used))  # between two steps
        over.set()
        busy.result()
    assert lending.kind() is lending.Kind.TASK
    for _ in range(2):  # all permits are back
        assert in_thread(lending.long_work()(used))


def test_a_broken_one_and_one_in_a_transaction_are_not_lent(lender: Lender) -> None:
    first = used()
    with ThreadPoolExecutor(1) as pool:
        lending.keep_own()
        try:
            assert pool.submit(used).result() == first
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [first])
            connection.close()
        finally:
            lending._thread.own = False
        second = pool.submit(used).result()
    assert second != first
    with transaction.atomic():
        assert pid() == second
        lending.rest()  # it stays: a transaction is under way
        assert pid() == second
    connection.set_autocommit(False)
    assert pid() == second
    connection.close()
    assert used() != second


def test_a_thread_that_ends_without_a_word_takes_none_along(lender: Lender) -> None:
    for _ in range(4):
        in_thread(pid)
        gc.collect()
    assert in_thread(used)


def test_elsewhere_a_threads_connection_is_its_own() -> None:
    assert lending.lender() is None
    first = pid()
    lending.rest()
    assert pid() == first
