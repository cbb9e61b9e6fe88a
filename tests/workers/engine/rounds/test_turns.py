"""Everybody offers, one does."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from workers.engine.rounds import turns
from workers.models import Turno

pytestmark = pytest.mark.django_db


def taken(ago: timedelta) -> None:
    Turno.objects.update_or_create(tarea=turns.SWEEP, defaults={"tomado_en": Now() - ago})


def test_the_first_takes_it_and_the_others_do_not() -> None:
    assert [turns.take(turns.SWEEP, every=5.0) for _ in range(3)] == [True, False, False]
    assert turns.take(turns.RECONCILE, every=5.0)


def test_it_is_due_again_after_the_interval() -> None:
    taken(timedelta(seconds=4))
    assert not turns.take(turns.SWEEP, every=5.0)
    assert 0.0 < turns.due_in(turns.SWEEP, every=5.0) < 1.5
    taken(timedelta(seconds=6))
    assert turns.due_in(turns.SWEEP, every=5.0) <= 0.0
    assert turns.take(turns.SWEEP, every=5.0)


def test_nobody_took_it_yet() -> None:
    assert turns.due_in(turns.SWEEP, every=5.0) <= 0.0


def test_a_clock_that_was_put_back_stops_nobody() -> None:
    taken(-timedelta(hours=1))
    assert turns.due_in(turns.SWEEP, every=5.0) <= 0.0
    assert turns.take(turns.SWEEP, every=5.0)
    assert not turns.take(turns.SWEEP, every=5.0)
