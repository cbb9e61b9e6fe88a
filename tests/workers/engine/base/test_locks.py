"""One at a time, and nobody for ever."""

import threading
import time

import pytest
from django.db import Error as DatabaseError
from django.db import connection

from workers.engine.base import locks

pytestmark = pytest.mark.django_db(transaction=True)  # advisory locks belong to sessions


def hold(entered: threading.Event, seconds: float) -> None:
    """Hold the lock without a word, as a stopped process does."""
    try:
        with locks.alone(locks.SWEEP) as held:
            assert held
            entered.set()
            time.sleep(seconds)
    except DatabaseError:
        pass  # the server ended the session
    finally:
        connection.close()


def test_one_is_inside() -> None:
    entered = threading.Event()
    holder = threading.Thread(target=hold, args=(entered, 0.3))
    holder.start()
    assert entered.wait(30)
    with locks.alone(locks.SWEEP) as held:
        assert not held
    with locks.alone(locks.RECONCILE) as held:
        assert held
    holder.join()
    with locks.alone(locks.SWEEP) as held:
        assert held


def test_a_stopped_holder_does_not_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "SILENCE_S", 0.2)
    entered = threading.Event()
    holder = threading.Thread(target=hold, args=(entered, 3.0))
    holder.start()
    assert entered.wait(30)
    time.sleep(0.6)
    with locks.alone(locks.SWEEP) as held:
        assert held
    holder.join()


def test_it_leaves_no_limit_behind() -> None:
    for _ in range(2):
        with locks.alone(locks.SWEEP), connection.cursor() as cursor:
            cursor.execute("SHOW idle_session_timeout")
            assert cursor.fetchone() == (f"{locks.SILENCE_S:.0f}s",)
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_session_timeout")
        assert cursor.fetchone() == ("0",)
