"""One at a time, and nobody for ever."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from workers.engine.base import locks
from workers.models import Arriendo

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_a_stopped_holder_goes_no_further_on_waking(monkeypatch: pytest.MonkeyPatch) -> None:
    with locks.alone(locks.SWEEP) as held:
        assert held
        locks.still_here()
        Arriendo.objects.update(hasta=timezone.now() - timedelta(seconds=1))  # it was silent
        taken: list[bool] = []

        def another() -> None:
            with locks.alone(locks.SWEEP) as held:
                taken.append(held)
                with pytest.raises(AssertionError):
                    raise AssertionError  # it fails, and leaves nothing behind
            connection.close()

        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
        assert taken == [True]
        with pytest.raises(locks.LostError):
            locks.still_here()
    assert not Arriendo.objects.exists()


def test_a_word_keeps_it() -> None:
    with locks.alone(locks.SWEEP):
        Arriendo.objects.update(hasta=timezone.now() + timedelta(seconds=1))
        locks.still_here()
        assert Arriendo.objects.get().hasta > timezone.now() + timedelta(seconds=locks.SILENCE_S / 2)


def test_one_from_the_future_is_nobodys() -> None:
    """The server's clock was put back."""
    Arriendo.objects.create(tarea=locks.SWEEP, titular=uuid.uuid4(), hasta=timezone.now() + timedelta(minutes=5))
    with locks.alone(locks.SWEEP) as held:
        assert held


def test_who_has_failed_leaves_it_to_others() -> None:
    with pytest.raises(ValueError, match="a fault"), locks.alone(locks.SWEEP):
        raise ValueError("a fault")
    with locks.alone(locks.SWEEP) as held:
        assert held
