"""The loop that sends: nothing is given back before it is durable, nothing is lost, and it never stops in silence."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from campaigns.models import SMSLog
from core.ops import logs
from tests.workers.engine.conftest import Running
from workers.broker.results import Part, backend
from workers.engine.campaign import pausas
from workers.engine.message import claims, ledger, loop, outbox, sending
from workers.engine.message.ledger import Claim
from workers.engine.message.loop import Job, SendLoop
from workers.engine.pace import throttle
from workers.gateway.outcomes import Accepted, Account, Outcome

WAIT_S = 30.0

pytestmark = pytest.mark.django_db(transaction=True)


class Twilio:
    """Accepts everything, when it is let."""

    numbers = itertools.count(1)

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.answers = threading.Event()
        self.answers.set()
        self.under_way = self.most = 0
        self.outcome: Callable[[], Outcome] = lambda: Accepted(f"SM{next(self.numbers):032x}", "queued", 1)

    async def post(self, **message: Any) -> Outcome:
        self.posted.append(message)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.01)
        while not self.answers.is_set():
            await asyncio.sleep(0.01)
        self.under_way -= 1
        return self.outcome()


class Broker:
    """Takes what is given back."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.seen: list[list[str]] = []
        self.died = threading.Event()
        self.reasons: list[str] = []

    def give_back(self, messages: list[Any]) -> None:
        # In the outbox's thread, after its statements.
        self.seen.append(list(SMSLog.objects.filter(pk__in=messages).values_list("estado", flat=True)))
        self.messages += messages

    def die(self, reason: str) -> None:
        self.reasons.append(reason)
        self.died.set()

    def wait(self, n: int) -> None:
        until(lambda: len(self.messages) >= n)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Twilio:
    found = Twilio()
    monkeypatch.setattr(loop, "get_gateway", lambda: found)
    monkeypatch.setattr(throttle, "turn", lambda sender, mensaje: throttle.NOW)
    return found


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def sender(twilio: Twilio, broker: Broker) -> Iterator[SendLoop]:
    for batches in (claims.batches, outbox.batches):
        batches.start()
    found = SendLoop(at_once=2, give_back=broker.give_back, died=broker.die, tick_s=0.01)
    found.start()
    yield found
    twilio.answers.set()
    found.close(WAIT_S)
    for batches in (claims.batches, outbox.batches):
        assert batches.stop(WAIT_S)


def put(sender: SendLoop, running: Running) -> None:
    for log in running.logs:
        sender.put(Job(log.pk, None, log.pk))


def test_a_message_is_given_back_once_its_outcome_is_written(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker
) -> None:
    put(sender, running)
    broker.wait(3)
    assert sorted(broker.messages) == [log.pk for log in running.logs]
    assert {estado for seen in broker.seen for estado in seen} == {"enviado"}
    assert len(twilio.posted) == 3
    assert sender.in_hand == 0


def test_its_part_is_counted_between_the_two(
    running: Running, sender: SendLoop, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[int], set[str], int]] = []

    def count(parts: list[Part]) -> None:
        estados = {SMSLog.objects.get(pk=running.logs[part.index].pk).estado for part in parts}
        seen.append(([part.index for part in parts], estados, len(broker.messages)))

    monkeypatch.setattr(backend(), "count", count)
    sender.put(Job(running.logs[1].pk, Part("group", 1, {"task": "x"}), running.logs[1].pk))
    broker.wait(1)
    assert seen == [([1], {"enviado"}, 0)]


def test_no_more_are_under_way_than_it_may(running: Running, sender: SendLoop, twilio: Twilio, broker: Broker) -> None:
    twilio.answers.clear()
    put(sender, running)
    until(lambda: len(twilio.posted) == 2)
    time.sleep(0.1)
    assert (len(twilio.posted), sender.in_hand) == (2, 3)
    # The third is not claimed before there is room for it: its claim is as young as can be.
    assert SMSLog.objects.get(pk=running.logs[2].pk).estado == "pendiente"
    twilio.answers.set()
    broker.wait(3)
    assert twilio.most == 2


def test_a_message_that_comes_twice_is_sent_once(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker
) -> None:
    for _ in range(3):
        put(sender, running)
    broker.wait(9)
    assert len(twilio.posted) == 3


def test_a_stop_finishes_calls_and_leaves_the_rest_to_the_broker(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker
) -> None:
    twilio.answers.clear()
    put(sender, running)
    until(lambda: len(twilio.posted) == 2)
    threading.Timer(0.2, twilio.answers.set).start()
    assert sender.close(WAIT_S)
    sender.put(Job(running.logs[2].pk, None, running.logs[2].pk))  # too late: nobody takes it
    outbox.batches.stop(WAIT_S)
    running.reload()
    assert sorted(log.estado for log in running.logs) == ["enviado", "enviado", "pendiente"]
    assert len(broker.messages) == 2
    assert running.logs[2].pk not in broker.messages
    assert not broker.reasons


def test_a_claim_that_comes_after_the_stop_is_given_back(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    may, claim_many = threading.Event(), ledger.claim_many

    def slowly(held: dict[int, Any]) -> dict[int, Claim]:
        found = claim_many(held)
        may.wait(WAIT_S)
        return found

    monkeypatch.setattr(ledger, "claim_many", slowly)
    sender.put(Job(running.logs[0].pk, None, running.logs[0].pk))
    until(lambda: SMSLog.objects.get(pk=running.logs[0].pk).estado == "enviando")
    threading.Timer(0.2, may.set).start()
    assert sender.close(WAIT_S)
    outbox.batches.stop(WAIT_S)
    running.reload()
    assert (running.logs[0].estado, running.logs[0].intentos) == ("pendiente", 0)
    assert (twilio.posted, broker.messages) == ([], [])


def test_a_call_that_takes_too_long_is_left_to_its_lease(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker
) -> None:
    twilio.answers.clear()
    put(sender, running)
    until(lambda: len(twilio.posted) == 2)
    assert not sender.close(0.1)
    running.reload()
    assert [log.estado for log in running.logs].count("enviando") == 2
    assert broker.messages == []
    assert not broker.reasons


@pytest.mark.parametrize("fault", [ValueError("a mistake"), MemoryError("all used up")])
def test_what_a_step_raises_costs_nobody_else(
    running: Running,
    sender: SendLoop,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    """Its row stays claimed, and is looked up when its lease is over."""
    admitted, spoilt = sending._admitted, running.logs[0].pk

    async def failing(claim: Claim, hands: sending.Hands) -> Claim | None:
        if claim.log_id == spoilt:
            raise fault
        return await admitted(claim, hands)

    monkeypatch.setattr(sending, "_admitted", failing)
    put(sender, running)
    broker.wait(3)
    running.reload()
    assert [log.estado for log in running.logs] == ["enviando", "enviado", "enviado"]
    assert f"sms {spoilt}: sending failed" in caplog.text
    assert not broker.reasons


def test_what_the_gateway_raises_is_in_doubt(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker
) -> None:
    def broken() -> Outcome:
        raise KeyError("a mistake of ours")

    twilio.outcome = broken
    put(sender, running)
    broker.wait(3)
    running.reload()
    assert {(log.estado, log.codigo) for log in running.logs} == {("incierto", "internal_error")}


def test_a_loop_that_ends_on_its_own_says_so(sender: SendLoop, broker: Broker) -> None:
    def exits() -> None:
        raise SystemExit(3)

    sender._tell(exits)
    assert broker.died.wait(WAIT_S)
    assert "SystemExit(3)" in broker.reasons[0]
    assert sender.close(1)  # nothing was under way


def test_it_says_that_it_turns(sender: SendLoop) -> None:
    before = sender.ticks
    until(lambda: sender.ticks > before + 3)


def test_it_turns_while_redis_and_postgresql_are_slow(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused account pauses its campaign in a thread: the others are sent meanwhile."""
    in_pause, may, pause = threading.Event(), threading.Event(), pausas.pause_for_account
    about: list[object] = []

    def slowly(*args: Any, **kwargs: Any) -> Any:
        about.append((logs.said("sms"), logs.said("campana")))
        in_pause.set()
        may.wait(WAIT_S)
        try:
            return pause(*args, **kwargs)
        finally:
            connection.close()

    monkeypatch.setattr(pausas, "pause_for_account", slowly)
    twilio.outcome = lambda: Account("20003", "Twilio rechazó las credenciales")
    sender.put(Job(running.logs[0].pk, None, running.logs[0].pk))
    assert in_pause.wait(WAIT_S)
    twilio.outcome = lambda: Accepted(f"SM{next(Twilio.numbers):032x}", "queued", 1)
    sender.put(Job(running.logs[1].pk, None, running.logs[1].pk))
    broker.wait(1)
    assert broker.messages == [running.logs[1].pk]
    may.set()
    broker.wait(2)
    running.reload()
    assert (running.campana.estado, running.logs[0].estado) == ("pausado", "pendiente")
    assert about == [(running.logs[0].pk, running.campana.pk)]


def test_a_held_message_waits_without_a_thread(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[throttle.Turn] = []
    monkeypatch.setattr(throttle, "turn", lambda sender, mensaje: throttle.Turn(0.2, seated=True))
    monkeypatch.setattr(throttle, "leave", left.append)
    put(sender, running)
    until(lambda: sender.in_hand == 3)
    assert twilio.posted == []
    broker.wait(3)
    assert len(left) == len(twilio.posted) == 3


def test_a_message_whose_turn_is_far_away_is_free_again(
    running: Running, sender: SendLoop, twilio: Twilio, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "turn", lambda sender, mensaje: None)
    put(sender, running)
    broker.wait(3)
    running.reload()
    assert {(log.estado, log.intentos) for log in running.logs} == {("pendiente", 0)}
    assert twilio.posted == []
