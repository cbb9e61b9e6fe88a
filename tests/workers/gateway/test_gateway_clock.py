"""Twilio's clock, as it is known from the messages that Twilio creates."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import JUMP_S, elapsed
from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import answering, scripted_server
from tests.workers.gateway.raw import message_json
from workers.gateway import twilio
from workers.gateway.clock import KNOWN_FOR_S, LONGEST_CALL_S, Span, TwilioClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_nothing_is_known_before_a_message_was_accepted() -> None:
    assert TwilioClock().at(0.0) is None


def test_a_message_tells_it_to_a_second_and_its_call() -> None:
    clock = TwilioClock()
    clock.learn(at(0), written=100.0, answered=100.2)
    assert clock.at(100.2) == Span(at(0), at(1.2))
    assert clock.at(110.2) == Span(at(10), at(11.2))


def test_further_messages_narrow_it() -> None:
    clock = TwilioClock()
    clock.learn(at(0), written=100.0, answered=100.2)  # between 0 and 1.2 at 100.2
    clock.learn(at(1), written=100.9, answered=101.0)  # from 1 to 2.1 at 101: it is 0.2 to 1.2 at 100.2
    assert clock.at(100.2) == Span(at(0.2), at(1.2))


def test_a_clock_that_was_set_is_learnt_anew() -> None:
    clock = TwilioClock()
    clock.learn(at(0), written=100.0, answered=100.2)
    clock.learn(at(7200), written=101.0, answered=101.2)
    assert clock.at(101.2) == Span(at(7200), at(7201.2))


@pytest.mark.parametrize("stopped_s", [JUMP_S * 2, 60.0, 3600.0])
def test_a_machine_that_was_stopped_does_not_know_it_any_more(
    monkeypatch: pytest.MonkeyPatch, stopped_s: float
) -> None:
    clock = TwilioClock()
    clock.learn(at(0), written=100.0, answered=100.2)
    clock.learn(at(0.5), written=100.3, answered=100.4)
    _set_wall_clock(monkeypatch, stopped_s)
    assert clock.at(100.5) is None
    # Within the difference that was known, so that nothing but the jump tells: it is not narrowed, but learnt anew.
    clock.learn(at(1), written=100.5, answered=101.5)
    assert clock.at(101.5) == Span(at(1), at(3))


@pytest.mark.parametrize("ahead_s", [JUMP_S / 2, -3600.0])
def test_a_wall_clock_that_is_set_right_forgets_nothing(monkeypatch: pytest.MonkeyPatch, ahead_s: float) -> None:
    clock = TwilioClock()
    clock.learn(at(0), written=100.0, answered=100.2)
    _set_wall_clock(monkeypatch, ahead_s)
    assert clock.at(100.2) == Span(at(0), at(1.2))


def _set_wall_clock(monkeypatch: pytest.MonkeyPatch, ahead_s: float) -> None:
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + ahead_s)


def test_it_forgets_what_is_old_and_hears_no_call_that_took_too_long() -> None:
    clock = TwilioClock()
    clock.learn(at(0), written=100.0, answered=101.0 + LONGEST_CALL_S)
    assert clock.at(100.0) is None
    clock.learn(at(0), written=100.0, answered=100.2)
    assert clock.at(100.2 + 2 * KNOWN_FOR_S + 1) is None
    later = 100.2 + KNOWN_FOR_S + 1
    clock.learn(at(KNOWN_FOR_S + 1), written=later, answered=later)
    assert clock.at(later) == Span(at(KNOWN_FOR_S + 1), at(KNOWN_FOR_S + 2))


def test_the_gateway_learns_it_from_an_acceptance(make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = TwilioClock()
    monkeypatch.setattr(twilio, "CLOCK", clock)
    with scripted_server(answering(201, message_json(date_created="Thu, 24 Aug 2023 05:01:45 +0000"))) as server:
        make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t")
    span = clock.at(elapsed())
    assert span is not None
    created = datetime(2023, 8, 24, 5, 1, 45, tzinfo=UTC)
    assert span.low < created + timedelta(minutes=1)
    assert span.high > created
