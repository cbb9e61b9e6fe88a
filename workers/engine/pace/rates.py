"""How fast each sender may send now: in Redis, one truth for all processes, by Redis's clock.

A sender's messages take slots (GCRA, the generic cell rate algorithm, without a burst): each slot begins where the one
before it ends, and lasts as long as its segments at the sender's rate. So in no span of time, however short, do more
segments leave than the rate allows. When Twilio says "too many", a brake is put on: nothing for a while, then half of
what was sent before, and a little more every second until a minute has passed without another refusal.
"""

import random
from collections.abc import Iterator
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
from workers.engine.pace.rates_lua import BRAKE_LUA, SLOT_LUA

# Two rows of slots for each sender: that of sending, and that of putting tasks into the queue for it.
SEND: Final = "turno"
PUBLISH: Final = "tanda"
BRAKE: Final = "freno"

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
# A brake is forgotten, with its growing pauses, after so many seconds without another refusal.
MEMORY_S: Final = 60.0
# Segments per second to go on with, at least: of a sender without a limit; of another, this part of its rate.
LEAST: Final = 10.0
LEAST_PART: Final = 0.25

TIMEOUT_S: Final = 1.0
# After a failure nobody asks again for so long: threads would wait one after the other.
AWAY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Args:
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
    """Args:
    granted: whether it was taken; otherwise nothing was.
    wait_s: seconds until it begins.
    ends_at: when the next one may begin, by Redis's clock, in microseconds; 0 without a limit.
    """

    granted: bool
    wait_s: float
    ends_at: int


@dataclass(frozen=True, slots=True)
class Look:
    """Args:
    rate: segments per second that may be sent now, or once the brake is released; `NO_LIMIT` for no limit.
    brake_s: seconds until the brake is released; 0 when none is on.
    """

    rate: float
    brake_s: float


class Rates:
    """Args:
    url: of Redis.

    Every method raises `redis.RedisError` when Redis does not answer.
    """

    def __init__(self, url: str) -> None:
        self._redis = redis_client.connect(url, timeout_s=TIMEOUT_S, retry=Retry(NoBackoff(), 0))
        self._slot: Script = self._redis.register_script(SLOT_LUA)
        self._brake: Script = self._redis.register_script(BRAKE_LUA)
        # Next free instants as last seen: if Redis is wiped, its slots go on from there.
        self._taken: dict[str, int] = {}
        self._away_until = 0.0

    def take_slot(self, lane: str, sender: Sender, *, segments: int, patience_s: float) -> Slot:
        """Take the sender's next slot, unless it begins later than in `patience_s` seconds.

        Args:
            lane: `SEND` or `PUBLISH`; publishing never runs behind sending.
        """
        key = _key(sender, lane)
        keys = [key, _key(sender, BRAKE), _key(sender, SEND)]
        args = [segments, sender.rate, round(patience_s * 1e6), self._taken.get(key, 0)]
        granted, wait, free = self._ask(self._slot, keys, args)
        self._taken[key] = max(free, self._taken.get(key, 0))
        return Slot(bool(granted), wait / 1e6, free)

    def slow_down(self, sender: Sender, *, retry_after_s: float | None, sent_rate: float) -> None:
        """Put the brake on: Twilio refused a message for its rate.

        Args:
            retry_after_s: what Twilio asks for, if it does.
            sent_rate: segments per second that the caller was sending.
        """
        asked = -1 if retry_after_s is None else round(retry_after_s * 1e6)
        pauses = [round(seconds * 1e6) for seconds in (FIRST_PAUSE_S, LONGEST_PAUSE_S, MEMORY_S)]
        rate = min(sent_rate, sender.rate or sent_rate)
        jitter = random.random()  # noqa: S311 - nobody's secret
        self._ask(self._brake, [_key(sender, BRAKE)], [asked, *pauses, jitter, rate, sender.least_rate])

    def is_braked(self, sender: Sender) -> bool:
        """Whether a brake is on or only lately released."""
        with self._answering():
            return bool(self._redis.exists(_key(sender, BRAKE)))

    def look(self, sender: Sender) -> Look:
        """What the sender may do now."""
        with self._answering():
            asked = self._redis.pipeline(transaction=False)
            asked.time()
            asked.hmget(_key(sender, BRAKE), "hasta", "ritmo", "sube")
            (seconds, micros), (until, braked_rate, growth) = asked.execute()
        if until is None:
            return Look(sender.rate, 0.0)
        since = (seconds * 1_000_000 + micros - int(until)) / 1e6
        allowed = float(braked_rate) + float(growth) * max(0.0, since)
        return Look(min(allowed, sender.rate or allowed), max(0.0, -since))

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


def _key(sender: Sender, what: str) -> str:
    return f"sms:remitente:{sender.value}:{what}"
