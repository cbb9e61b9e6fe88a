"""The rate of each sender now: in Redis, one truth for all processes, by Redis's clock.

A sender's messages take slots (GCRA, the generic cell rate algorithm, without a burst): each slot begins where the one
before it ends, and lasts as long as its segments at the sender's rate. So in no span of time, however short, do more
segments leave than the rate allows. When Twilio says "too many", a brake is put on: nothing for a while, then half of
what all processes were sending, and from there it grows, twice as much every half minute, until the next refusal or
until nobody sends so fast. What all were sending is counted in Redis, in segments a second, by scripts that are asked
anyway: no message costs a round trip for it.

When Twilio does not answer at all, the sender is cut: nothing for a while, longer each time, and between two pauses a
message a second, to see. The first answer ends it.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any, Final

from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

from core import redis_client
from core.senders import NO_LIMIT
from workers.engine.pace.rates_lua import BRAKE_LUA, CUT_LUA, LOOK_LUA, SLOT_LUA

# Two rows of slots for each sender: that of sending, and that of putting tasks into the queue for it.
SEND: Final = "turno"
PUBLISH: Final = "tanda"
BRAKE: Final = "freno"
CUT: Final = "corte"
SENT: Final = "enviado"

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
# A brake is remembered for so many seconds after its release, at least.
MEMORY_S: Final = 60.0
# After its release its rate doubles in so many seconds …
DOUBLE_S: Final = 30.0
# … and one of the refusals that its pauses grow by is forgotten: sooner, for at the rate that Twilio allows each
# doubling meets the next refusal, and the pauses must not grow from one to the next.
CALM_S: Final = 15.0
# Segments per second that no installation reaches: with so many nobody is braked any more.
MOST: Final = 10_000.0
# Segments per second to go on with, at least: of a sender without a limit; of another, this part of its rate.
LEAST: Final = 10.0
LEAST_PART: Final = 0.25

# The first pause of a cut, in seconds, and the longest: so long may everybody wait after Twilio is back. It is
# forgotten after so many seconds in which nobody tried.
FIRST_CUT_S: Final = 3.0
LONGEST_CUT_S: Final = 60.0
CUT_MEMORY_S: Final = 300.0
# Segments per second between the pauses of a cut: each may be one more message of which nobody knows.
PROBE: Final = 1.0

TIMEOUT_S: Final = 1.0
# After a failure nobody asks again for so long: threads would wait one after the other.
AWAY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender and its rate.

    Args:
        value: what Twilio knows it by.
        rate: segments per second; `NO_LIMIT` for none.
    """

    value: str
    rate: float

    @classmethod
    def of(cls, valor: str | None, ritmo: Decimal | None) -> "Sender":
        """A campaign's sender, from its row of `campaigns_remitente`; the installation's when it has none."""
        if valor is None:
            return cls(settings.TWILIO_SENDER, settings.SENDER_SEGMENTS_PER_S)
        return cls(valor, NO_LIMIT if ritmo is None else float(ritmo))

    @property
    def least_rate(self) -> float:
        return self.rate * LEAST_PART if self.rate else LEAST


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a sender.

    Args:
        granted: whether it was taken; otherwise nothing was.
        wait_s: seconds until it begins.
        ends_at: when the next one may begin, by Redis's clock, in microseconds; 0 without a limit.
    """

    granted: bool
    wait_s: float
    ends_at: int


@dataclass(frozen=True, slots=True)
class Look:
    """The state of a sender's rate.

    Args:
        rate: segments per second that may be sent now, or once the brake is released; `NO_LIMIT` for no limit.
        brake_s: seconds until the brake is released; 0 when none is on.
        cut: whether Twilio did not answer last, and nobody knows yet whether it does again.
    """

    rate: float
    brake_s: float
    cut: bool = False


class Rates:
    """The rates of all senders, in Redis.

    Args:
        url: of Redis.

    Every method raises `redis.RedisError` when Redis does not answer.
    """

    def __init__(self, url: str) -> None:
        self._redis = redis_client.connect(url, timeout_s=TIMEOUT_S, retry=Retry(NoBackoff(), 0))
        self._slot: Script = self._redis.register_script(SLOT_LUA)
        self._brake: Script = self._redis.register_script(BRAKE_LUA)
        self._look: Script = self._redis.register_script(LOOK_LUA)
        self._cut: Script = self._redis.register_script(CUT_LUA)
        # Next free instants as last seen: if Redis is wiped, its slots go on from there.
        self._taken: dict[str, int] = {}
        self._away_until = 0.0

    def take_slot(self, lane: str, sender: Sender, *, segments: int, patience_s: float) -> Slot:
        """Take the sender's next slot, unless it begins later than in `patience_s` seconds.

        Args:
            lane: `SEND` or `PUBLISH`; publishing never runs behind sending.
        """
        return self._slot_of(lane, sender, self._ask(self._slot, *self._slot_args(lane, sender, segments, patience_s)))

    def take_slots(self, lane: str, wanted: Sequence[tuple[Sender, int]], *, patience_s: float) -> list[Slot]:
        """Take the next slot of each of these senders, in this order and in one round trip.

        Args:
            wanted: senders, one perhaps more than once, each with its segments.
        """
        with self._answering():
            asked = self._redis.pipeline(transaction=False)
            for sender, segments in wanted:
                keys, args = self._slot_args(lane, sender, segments, patience_s)
                self._slot(keys=keys, args=args, client=asked)
            answers = asked.execute()
        return [self._slot_of(lane, sender, answer) for (sender, _), answer in zip(wanted, answers, strict=True)]

    def _slot_args(self, lane: str, sender: Sender, segments: int, patience_s: float) -> tuple[list[str], list[float]]:
        key = _key(sender, lane)
        keys = [key, *(_key(sender, what) for what in (BRAKE, SEND, CUT, SENT))]
        taken = self._taken.get(key, 0)
        args = [segments, sender.rate, round(patience_s * 1e6), taken, PROBE, DOUBLE_S * 1e6, int(lane == SEND)]
        return keys, args

    def _slot_of(self, lane: str, sender: Sender, answer: Sequence[int]) -> Slot:
        granted, wait, free = answer
        key = _key(sender, lane)
        self._taken[key] = max(free, self._taken.get(key, 0))
        return Slot(bool(granted), wait / 1e6, free)

    def slow_down(self, sender: Sender, *, retry_after_s: float | None, sent_rate: float, untold: int = 0) -> None:
        """Put the brake on: Twilio refused a message for its rate.

        Args:
            retry_after_s: what Twilio asks for, if it does.
            sent_rate: segments per second that the caller was sending; what all processes together sent counts too.
            untold: segments that the caller sent and has not told by `is_braked`.
        """
        asked = -1 if retry_after_s is None else round(retry_after_s * 1e6)
        times = [round(seconds * 1e6) for seconds in (FIRST_PAUSE_S, LONGEST_PAUSE_S, MEMORY_S, DOUBLE_S, CALM_S)]
        jitter = random.random()  # noqa: S311 - nobody's secret
        rates = [sender.least_rate, sender.rate, sender.rate or MOST]
        self._ask(
            self._brake, [_key(sender, BRAKE), _key(sender, SENT)], [asked, *times, jitter, sent_rate, untold, *rates]
        )

    def cut(self, sender: Sender, *, refused: bool = False) -> int:
        """Hold the sender for a while, and longer than the last time: Twilio does not answer, or refuses it.

        Args:
            refused: it answered, and refused the account or the sender.

        Returns:
            How many pauses were for a refusal, since the last good answer.
        """
        pauses = [round(seconds * 1e6) for seconds in (FIRST_CUT_S, LONGEST_CUT_S, CUT_MEMORY_S)]
        jitter = random.random()  # noqa: S311 - nobody's secret
        return int(self._ask(self._cut, [_key(sender, CUT)], [*pauses, jitter, int(refused)]))

    def end_cut(self, sender: Sender) -> None:
        """Twilio answers again: the sender goes on as before."""
        with self._answering():
            self._redis.delete(_key(sender, CUT))

    def is_braked(self, sender: Sender, *, sent: int = 0) -> bool:
        """Tell whether a brake, or a cut, is on, or was lately and holds back still.

        Args:
            sent: segments that the caller has sent without a slot since it last asked: all processes' together are the
                rate that a brake begins from.
        """
        return bool(self._ask(self._look, [_key(sender, what) for what in (BRAKE, CUT, SENT)], [sent]))

    def look(self, sender: Sender) -> Look:
        """Return what the sender may do now."""
        [found] = self.looks([sender])
        return found

    def looks(self, senders: Sequence[Sender]) -> list[Look]:
        """Return what each of these senders may do now, in one round trip."""
        with self._answering():
            asked = self._redis.pipeline(transaction=False)
            asked.time()
            for sender in senders:
                asked.hmget(_key(sender, BRAKE), "hasta", "ritmo")
                asked.hget(_key(sender, CUT), "hasta")
            (seconds, micros), *told = asked.execute()
        now = seconds * 1_000_000 + micros
        return [_look(*one, now) for one in zip(senders, told[::2], told[1::2], strict=True)]

    def _ask(self, script: Script, keys: list[str], args: list[float]) -> Any:
        with self._answering():
            return script(keys=keys, args=args)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        if monotonic() < self._away_until:
            raise RedisError("Redis did not answer a moment ago")
        try:
            yield
        except RedisError:
            self._away_until = monotonic() + AWAY_S
            raise


def _look(sender: Sender, brake: Sequence[Any], cut_until: Any, now: int) -> Look:
    """Read a sender's brake and cut.

    Args:
        now: by Redis's clock, in microseconds.
    """
    until, braked_rate = brake
    rate, brake_s = sender.rate, 0.0
    if until is not None:
        since = (now - int(until)) / 1e6
        allowed = float(braked_rate) * 2.0 ** min(max(0.0, since) / DOUBLE_S, 60.0)
        rate, brake_s = min(allowed, sender.rate or allowed), max(0.0, -since)
    if cut_until is not None:
        rate, brake_s = min(PROBE, rate or PROBE), max(brake_s, (int(cut_until) - now) / 1e6)
    return Look(rate, brake_s, cut=cut_until is not None)


def _key(sender: Sender, what: str) -> str:
    return f"sms:remitente:{sender.value}:{what}"
