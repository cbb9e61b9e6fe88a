"""One rate for all threads of all processes, against the real Valkey."""

import json
import math
import secrets
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from redis.exceptions import RedisError

from tests.workers.engine.slots import micros, take_slots
from workers.engine.pace import rates as module
from workers.engine.pace.rates import MEMORY_S, PUBLISH, SEND, Rates, Sender

ROOT = Path(__file__).resolve().parents[4]
RATE = 200.0


@pytest.fixture
def client() -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        yield client


@pytest.fixture
def sender() -> Sender:
    """One that nobody has sent for."""
    return Sender(f"+57{secrets.randbelow(10**9):09}", RATE)


@pytest.fixture
def rates() -> Rates:
    return Rates(settings.REDIS_URL)


def key(sender: Sender, what: str) -> str:
    return f"sms:remitente:{sender.value}:{what}"


def process(sender: Sender, seconds: float, mode: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.workers.engine.slots", settings.REDIS_URL]
    return subprocess.Popen(
        [*command, sender.value, str(sender.rate), str(seconds), mode],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def printed(process: "subprocess.Popen[str]") -> Any:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return json.loads(output)


def test_many_threads_of_many_processes_never_exceed_the_rate(sender: Sender) -> None:
    """In no span of time: each slot ends at least its own length after the one before it."""
    others = [process(sender, 4.0, "slots") for _ in range(2)]
    mine = take_slots(settings.REDIS_URL, sender, 5.0)
    theirs = [[(end, segments) for end, segments in printed(other)] for other in others]
    assert all(len(slots) > 10 for slots in (mine, *theirs))
    slots = sorted([*mine, *(slot for slots in theirs for slot in slots)])
    for (before, _), (end, segments) in pairwise(slots):
        assert end - before >= segments * 1e6 / RATE
    # Nor is it wasted: there was always somebody who would have sent.
    took = slots[-1][0] - slots[0][0]
    assert sum(segments for _, segments in slots[1:]) >= 0.95 * RATE * took / 1e6


def test_a_turn_that_is_too_far_away_is_not_taken(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    slow = Sender(sender.value, 0.5)
    first = rates.take_slot(SEND, slow, segments=1, patience_s=1.0)
    assert (first.granted, first.wait_s) == (True, 0.0)
    second = rates.take_slot(SEND, slow, segments=1, patience_s=1.0)
    assert not second.granted
    assert 1.0 < second.wait_s <= 2.0
    assert client.get(key(sender, SEND)) == str(first.ends_at)


def test_a_turn_is_as_long_as_its_segments(rates: Rates, sender: Sender) -> None:
    ends = [rates.take_slot(SEND, sender, segments=n, patience_s=10.0).ends_at for n in (1, 3, 2)]
    assert [later - before for before, later in pairwise(ends)] == [15_000, 10_000]


def test_senders_do_not_share(rates: Rates, sender: Sender) -> None:
    rates.take_slot(SEND, Sender(sender.value, 0.1), segments=1, patience_s=1.0)
    assert rates.take_slot(SEND, Sender(f"{sender.value}0", 0.1), segments=1, patience_s=0.0).granted


def test_without_a_limit_nothing_is_written(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    for _ in range(3):
        slot = rates.take_slot(SEND, Sender(sender.value, 0.0), segments=1, patience_s=0.0)
        assert (slot.granted, slot.wait_s) == (True, 0.0)
    assert client.exists(key(sender, SEND)) == 0


def test_what_is_published_takes_turns_of_its_own_and_never_runs_behind(rates: Rates, sender: Sender) -> None:
    published = [rates.take_slot(PUBLISH, sender, segments=200, patience_s=60.0).ends_at for _ in range(3)]
    assert rates.take_slot(SEND, sender, segments=1, patience_s=0.0).granted
    later = rates.take_slot(PUBLISH, sender, segments=1, patience_s=60.0)
    assert later.ends_at == published[-1] + 5_000
    other = Sender(f"{sender.value}1", RATE)
    sent = rates.take_slot(SEND, other, segments=100, patience_s=0.0)
    assert rates.take_slot(PUBLISH, other, segments=1, patience_s=10.0).ends_at == sent.ends_at + 5_000


def test_a_wiped_redis_goes_on_from_where_the_process_knows(
    rates: Rates, sender: Sender, client: "redis.Redis"
) -> None:
    slow = Sender(sender.value, 2.0)
    ends = [rates.take_slot(SEND, slow, segments=1, patience_s=1.0).ends_at for _ in range(2)]
    client.delete(key(sender, SEND))
    assert rates.take_slot(SEND, slow, segments=1, patience_s=1.0).ends_at == ends[-1] + 500_000


def test_a_clock_that_was_put_back_blocks_nobody(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    rates.take_slot(SEND, sender, segments=1, patience_s=1.0)
    client.delete(key(sender, SEND))
    rates._taken[key(sender, SEND)] += 3_600_000_000
    assert rates.take_slot(SEND, sender, segments=1, patience_s=1.0).wait_s <= 1.01


# --- the brake ---------------------------------------------------------------------------------------


def brake_of(client: "redis.Redis", sender: Sender) -> dict[str, float]:
    return {str(name): float(value) for name, value in client.hgetall(key(sender, "freno")).items()}


def release(client: "redis.Redis", sender: Sender, *, seconds_ago: float) -> None:
    """Make it as if the brake had been released so long ago."""
    client.hset(key(sender, "freno"), "hasta", str(micros(client) - round(seconds_ago * 1e6)))


@pytest.mark.parametrize("rate", [0.0, RATE])
def test_a_brake_holds_all_for_as_long_as_twilio_asks(rates: Rates, sender: Sender, rate: float) -> None:
    sender = Sender(sender.value, rate)
    assert not rates.is_braked(sender)
    rates.slow_down(sender, retry_after_s=30.0, sent_rate=100.0)
    other = Rates(settings.REDIS_URL)  # another process
    assert other.is_braked(sender)
    assert 29.0 < other.look(sender).brake_s <= 30.0
    slot = other.take_slot(SEND, sender, segments=1, patience_s=1.0)
    assert (slot.granted, 29.0 < slot.wait_s <= 30.0) == (False, True)


def test_the_refusals_of_one_moment_are_one(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    for _ in range(50):
        rates.slow_down(sender, retry_after_s=None, sent_rate=100.0)
    first = brake_of(client, sender)
    assert (first["nivel"], first["ritmo"]) == (1, 50.0)
    # But one of them may know better how long.
    rates.slow_down(sender, retry_after_s=60.0, sent_rate=100.0)
    longer = brake_of(client, sender)
    assert longer["hasta"] > first["hasta"] + 50e6
    assert longer["nivel"] == 1
    rates.slow_down(sender, retry_after_s=1.0, sent_rate=100.0)
    assert brake_of(client, sender) == longer


def test_pauses_grow_from_refusal_to_refusal(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    for level in range(12):
        before = micros(client)
        rates.slow_down(sender, retry_after_s=None, sent_rate=100.0)
        pause = (brake_of(client, sender)["hasta"] - before) / 1e6
        longest = min(2.0**level, module.LONGEST_PAUSE_S)
        assert longest / 2 <= pause <= longest + 1.0  # and a little for the call
        assert client.pttl(key(sender, "freno")) > 1000 * (pause + MEMORY_S - 2)
        release(client, sender, seconds_ago=0)


@pytest.mark.parametrize(
    ("rate", "sent", "allowed"),
    [
        (0.0, 300.0, 150.0),
        (0.0, 3.0, 10.0),  # a few messages a second prove nothing
        (100.0, 300.0, 50.0),  # no more than its rate was sent
        (1.0, 0.1, 0.25),  # a quarter of its rate, at least
    ],
)
def test_it_goes_on_at_half_of_what_was_sent(
    rates: Rates, sender: Sender, client: "redis.Redis", rate: float, sent: float, allowed: float
) -> None:
    sender = Sender(sender.value, rate)
    rates.slow_down(sender, retry_after_s=0.0, sent_rate=sent)
    release(client, sender, seconds_ago=0)
    assert rates.look(sender).rate == pytest.approx(allowed, rel=0.05)


def test_it_grows_until_nobody_sends_so_fast(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    """Its rate doubles, and not for a minute only."""
    unlimited = Sender(sender.value, 0.0)
    rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=100.0)
    for seconds, rate in ((0, 50.0), (30, 100.0), (60, 200.0), (90, 400.0)):
        release(client, unlimited, seconds_ago=seconds)
        assert rates.look(unlimited).rate == pytest.approx(rate, rel=0.05)
        ends = [rates.take_slot(SEND, unlimited, segments=1, patience_s=5.0).ends_at for _ in range(2)]
        assert ends[1] - ends[0] == pytest.approx(1e6 / rate, rel=0.05)
    # A limited sender never gets more than its limit.
    assert rates.look(sender).rate == RATE
    # Until ten thousand a second.
    kept_s = 30 * math.log2(10_000 / 50)
    assert kept_s - 5 < client.pttl(key(sender, "freno")) / 1000 <= kept_s + 1
    client.delete(key(sender, "freno"))
    assert rates.look(unlimited).rate == 0.0


def test_a_limited_senders_brake_is_kept_until_its_rate_is_reached(
    rates: Rates, sender: Sender, client: "redis.Redis"
) -> None:
    slow = Sender(sender.value, 1.0)
    rates.slow_down(slow, retry_after_s=0.0, sent_rate=0.1)
    assert 55_000 < client.pttl(key(sender, "freno")) <= 61_000
    release(client, slow, seconds_ago=30)
    assert rates.look(slow).rate == pytest.approx(0.5, rel=0.05)


def test_its_pauses_are_forgotten_one_by_one(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    unlimited = Sender(sender.value, 0.0)
    for _ in range(6):
        rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=20.0)
        release(client, unlimited, seconds_ago=0)
    assert brake_of(client, unlimited)["nivel"] == pytest.approx(6.0, abs=0.1)
    release(client, unlimited, seconds_ago=60)  # more than a minute ago all would have been forgotten
    rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=20.0)
    assert brake_of(client, unlimited)["nivel"] == pytest.approx(6 - 4 + 1, abs=0.1)


def test_at_the_rate_that_twilio_allows_its_pauses_do_not_grow(
    rates: Rates, sender: Sender, client: "redis.Redis"
) -> None:
    """Twilio takes a hundred a second; whoever sends more is refused, and begins again at half."""
    unlimited, levels = Sender(sender.value, 0.0), list[float]()
    rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=1000.0)
    for _ in range(12):
        reaches_s = max(0.0, 30 * math.log2(100.0 / brake_of(client, unlimited)["ritmo"]))
        release(client, unlimited, seconds_ago=reaches_s)
        rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=110.0)
        levels.append(brake_of(client, unlimited)["nivel"])
    assert max(levels) <= 4.0
    assert max(levels[6:]) <= 1.5
    assert brake_of(client, unlimited)["ritmo"] == pytest.approx(50.0, rel=0.1)


def test_one_that_did_not_need_its_brake_begins_from_what_it_sent(
    rates: Rates, sender: Sender, client: "redis.Redis"
) -> None:
    """The brake had grown beyond that long before."""
    unlimited = Sender(sender.value, 0.0)
    rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=1000.0)
    release(client, unlimited, seconds_ago=90)
    rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=60.0)
    assert brake_of(client, unlimited)["ritmo"] == 30.0


def test_a_refusal_while_it_recovers_halves_again(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    unlimited = Sender(sender.value, 0.0)
    rates.slow_down(unlimited, retry_after_s=0.0, sent_rate=100.0)
    release(client, unlimited, seconds_ago=30)
    rates.slow_down(unlimited, retry_after_s=5.0, sent_rate=1000.0)
    assert brake_of(client, unlimited)["ritmo"] == pytest.approx(50.0, rel=0.05)


def test_another_process_honours_the_brake(rates: Rates, sender: Sender, client: "redis.Redis") -> None:
    """Its sender has no limit, so it looks only twice a second."""
    unlimited = Sender(sender.value, 0.0)
    other = process(unlimited, 4.0, "admit")
    assert other.stdout is not None
    assert other.stdout.readline() == "begun\n"
    braked_at = micros(client)
    rates.slow_down(unlimited, retry_after_s=1.5, sent_rate=100.0)
    admitted = printed(other)
    assert any(instant < braked_at for instant in admitted)
    assert not [instant for instant in admitted if braked_at + 700_000 < instant < braked_at + 1_500_000]
    assert any(instant > braked_at + 1_500_000 for instant in admitted)


# --- Redis away --------------------------------------------------------------------------------------


def test_an_absent_redis_is_not_asked_by_one_after_the_other(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = Rates("redis://127.0.0.1:1/0")
    with pytest.raises(RedisError):
        rates.take_slot(SEND, sender, segments=1, patience_s=1.0)

    def asked(*args: object, **kwargs: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(rates, "_slot", asked)
    with pytest.raises(RedisError, match="a moment ago"):
        rates.take_slot(SEND, sender, segments=1, patience_s=1.0)
    monkeypatch.setattr(rates, "_away_until", 0.0)
    with pytest.raises(AssertionError):
        rates.take_slot(SEND, sender, segments=1, patience_s=1.0)
