"""A clock for deadlines that goes on while the machine sleeps."""

import time

import pytest

from core.clock import JUMP_S, Mark, elapsed


def test_sleep_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """CLOCK_MONOTONIC stands still in suspend, and CLOCK_BOOTTIME goes on."""
    before = elapsed()
    boottime = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda clock: boottime(clock) + 600)
    assert elapsed() - before >= 600


def test_it_never_stands_behind_the_clock_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    before = elapsed()
    monotonic = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 600)
    assert elapsed() - before >= 600


@pytest.mark.parametrize(("ahead_s", "jumped"), [(0.0, False), (JUMP_S / 2, False), (600.0, True), (-600.0, False)])
def test_a_wall_clock_that_ran_ahead_tells_of_a_sleep(
    monkeypatch: pytest.MonkeyPatch, ahead_s: float, jumped: bool
) -> None:
    mark = Mark()
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + ahead_s)
    assert mark.jumped() is jumped


def test_time_that_both_clocks_saw_is_no_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = Mark()
    wall, monotonic = time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: wall() + 600)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 600)
    assert not mark.jumped()
