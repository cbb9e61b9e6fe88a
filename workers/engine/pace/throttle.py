"""The throttle: whether a message may go out now, by its sender's rate and brake, which all processes share.

Who has claimed a message asks here before it is handed to Twilio. It may be held for a moment until its slot comes; a
slot further away is not waited for: the row is given back, and published again when it is due. Few have to wait, for
what is published for a limited sender is little more than it may send at once (`workers.engine.publish.slices`).

What asks Redis may take its time: an event loop leaves `turn` and `answered` to a thread. `pass_by` and `heard` ask
nobody, and `asks` and `is_braked` tell beforehand whether they are enough.
"""

import logging
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Final

from django.conf import settings
from redis.exceptions import RedisError

from campaigns.mensaje.partes import contar
from core.clock import elapsed
from core.senders import NO_LIMIT
from workers.engine.pace.rates import FIRST_CUT_S, LONGEST_CUT_S, SEND, Rates, Sender

logger = logging.getLogger(__name__)

# The longest that a message is held, in seconds …
PATIENCE_S: Final = 1.0
# … and how long while one in four of those in hand is held already: the room is other senders' too.
CROWDED_PATIENCE_S: Final = 0.02
CROWD: Final = 4

# So many calls of one process in a row without an answer, and Twilio is taken to be out of reach: one that is lost now
# and then, or three in ten, is no reason to hold the others.
UNANSWERED: Final = 10

# So many refusals of the account or the sender, with a pause after each, and it is no passing thing: some ten seconds.
STRIKES: Final = 3

# How long a process believes what it saw of a brake: a sender without a limit costs no round trip for each message.
BELIEF_S: Final = 0.5
# What was sent longer ago than so many seconds says nothing of the rate now.
STALE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Turn:
    """The leave to send a message.

    Args:
        wait_s: not before so many seconds have passed.
        seated: whether it is one of the few that may wait for long: see `Throttle.leave`.
    """

    wait_s: float = 0.0
    seated: bool = False


NOW: Final = Turn()


@dataclass(slots=True)
class _Seen:
    """The last look at a sender.

    Args:
        at: `core.clock.elapsed()` of the look: what was seen before the machine slept is not believed.
    """

    at: float
    braked: bool


@dataclass(slots=True)
class _Silence:
    """The calls for a sender that nobody answered, since the last answer.

    Args:
        calls: how many.
        until, pauses, refusals: while Redis is away, the `time.monotonic()` until which this process sends nothing for
            it, how many such pauses there were, and how many of them for a refusal.
    """

    calls: int = 0
    until: float = 0.0
    pauses: int = 0
    refusals: int = 0


class Throttle:
    """One process's view.

    Args:
        rates: what all processes share.
        at_once: how many messages of this process are under way at a time.
    """

    def __init__(self, rates: Rates, *, at_once: int) -> None:
        self._rates = rates
        self._seats = BoundedSemaphore(max(1, at_once // CROWD))
        self._seen: dict[str, _Seen] = {}
        self._looking = Lock()
        self._meter = _Meter()
        self._silent: dict[str, _Silence] = {}

    def asks(self, sender: Sender) -> bool:
        """Tell whether `turn` would ask Redis now."""
        if sender.rate != NO_LIMIT:
            return True
        seen = self._seen.get(sender.value)
        return seen is None or seen.braked or (elapsed() - seen.at > BELIEF_S and not self._looking.locked())

    def is_braked(self, sender: Sender) -> bool:
        """Tell whether the sender was braked, or cut, when it was last looked at: then `answered` asks Redis."""
        seen = self._seen.get(sender.value)
        return seen is not None and seen.braked

    def turn(self, sender: Sender, mensaje: str) -> Turn | None:
        """Take the message's slot, if that is soon; None when the message must not go out now.

        Who got a turn waits for it, and then calls `leave`. While Redis is away only senders without a limit, and
        without a brake when last seen, go on.
        """
        if self._is_silent(sender):
            return None
        segments = contar(mensaje).segmentos
        paced = sender.rate != NO_LIMIT or self._is_braked(sender)
        turn = self._take_slot(sender, segments) if paced else NOW
        if turn is not None:
            self._meter.count(sender.value, segments, told=paced)
        return turn

    def pass_by(self, sender: Sender, mensaje: str) -> Turn | None:
        """Let a message go out by what was seen last, when `asks` says that this is enough. It asks nobody: what is
        seen meanwhile holds for the messages after it."""
        if self._is_silent(sender):
            return None
        self._meter.count(sender.value, contar(mensaje).segmentos, told=False)
        return NOW

    def _is_silent(self, sender: Sender) -> bool:
        silence = self._silent.get(sender.value)
        return silence is not None and monotonic() < silence.until

    def leave(self, turn: Turn) -> None:
        """End the wait for a turn: another message may wait."""
        if turn.seated:
            self._seats.release()

    def slow_down(self, sender: Sender, retry_after_s: float | None) -> None:
        """Slow all processes down, because Twilio refused a message for its rate. Never raises.

        Args:
            retry_after_s: seconds that Twilio asks for, if it does.
        """
        self._seen[sender.value] = _Seen(elapsed(), braked=True)
        try:
            self._rates.slow_down(
                sender,
                retry_after_s=retry_after_s,
                sent_rate=self._meter.per_second(sender.value),
                untold=self._meter.take_untold(sender.value),
            )
        except RedisError as error:
            logger.warning("%s must slow down, and Redis does not take it: %s", sender.value, error)

    def unanswered(self, sender: Sender) -> None:
        """Take note that nobody answered a call: no connection, none that lasted, or 5xx. Never raises.

        After `UNANSWERED` of them in a row the sender is held in all processes, longer each time.
        """
        silence = self._silent.setdefault(sender.value, _Silence())
        silence.calls += 1
        if silence.calls < UNANSWERED:
            return
        self._hold(sender, silence, refused=False)

    def refused(self, sender: Sender) -> bool:
        """Take note that Twilio refused the account or the sender in a way that may pass. Never raises.

        Returns:
            Whether it is no passing thing: it has been refused again after `STRIKES - 1` pauses.
        """
        return self._hold(sender, self._silent.setdefault(sender.value, _Silence()), refused=True) >= STRIKES

    def _hold(self, sender: Sender, silence: _Silence, *, refused: bool) -> int:
        """Hold the sender in all processes; how many refusals there were, of one moment one."""
        self._seen[sender.value] = _Seen(elapsed(), braked=True)
        try:
            return self._rates.cut(sender, refused=refused)
        except RedisError as error:
            if monotonic() >= silence.until:
                logger.warning("%s is held by this process alone, for Redis does not answer: %s", sender.value, error)
                silence.until = monotonic() + min(FIRST_CUT_S * 2.0 ** min(silence.pauses, 10), LONGEST_CUT_S)
                silence.pauses += 1
                silence.refusals += refused
        return silence.refusals

    def answered(self, sender: Sender) -> None:
        """Take note that Twilio answered a call, whatever it said: nobody is held for its silence any more. Never
        raises."""
        self.heard(sender)
        seen = self._seen.get(sender.value)
        if seen is None or not seen.braked:
            return
        try:
            self._rates.end_cut(sender)
        except RedisError as error:
            logger.warning("%s may go on, and Redis does not take it: %s", sender.value, error)

    def heard(self, sender: Sender) -> None:
        """Take note that Twilio answered, for this process alone: enough for a sender that is not braked."""
        self._silent.pop(sender.value, None)

    def is_held(self, sender: Sender) -> bool:
        """Tell whether nothing, or hardly anything, may go out for the sender now, for its rate or because Twilio does
        not answer; no, while Redis is away."""
        try:
            look = self._rates.look(sender)
        except RedisError:
            return False
        return look.cut or look.brake_s > 0

    def _take_slot(self, sender: Sender, segments: int) -> Turn | None:
        seated = self._seats.acquire(blocking=False)
        turn = None
        try:
            patience = PATIENCE_S if seated else CROWDED_PATIENCE_S
            slot = self._rates.take_slot(SEND, sender, segments=segments, patience_s=patience)
            if slot.granted:
                turn = Turn(slot.wait_s, seated and slot.wait_s > 0)
        except RedisError as error:
            logger.warning("%s sends nothing while Redis does not answer: %s", sender.value, error)
        finally:
            if seated and (turn is None or not turn.seated):
                self._seats.release()
        return turn

    def _is_braked(self, sender: Sender) -> bool:
        seen = self._seen.get(sender.value)
        # One thread looks; the others believe what was seen last.
        if (seen is None or elapsed() - seen.at > BELIEF_S) and self._looking.acquire(blocking=False):
            try:
                seen = self._seen[sender.value] = _Seen(elapsed(), self._look(sender, seen))
            finally:
                self._looking.release()
        return seen is not None and seen.braked

    def _look(self, sender: Sender, before: _Seen | None) -> bool:
        untold = self._meter.take_untold(sender.value)
        if before is None or elapsed() - before.at > STALE_S:
            untold = 0
        try:
            return self._rates.is_braked(sender, sent=untold)
        except RedisError:
            return before is not None and before.braked


class _Meter:
    """The segments that a process sends for each sender, over the last whole second or more, and those of them that the
    other processes have not been told.

    It is counted without a lock: a few that are missed do not matter.
    """

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, int, float]] = {}  # start of the count, the count, the rate before it
        self._untold: dict[str, int] = {}

    def count(self, sender: str, segments: int, *, told: bool) -> None:
        """Count a message.

        Args:
            told: Redis has counted it, with its slot.
        """
        now = monotonic()
        start, count, before = self._since.get(sender, (now, 0, 0.0))
        if now - start >= 1.0:
            start, count, before = now, 0, count / (now - start)
        self._since[sender] = start, count + segments, before
        if not told:
            self._untold[sender] = self._untold.get(sender, 0) + segments

    def take_untold(self, sender: str) -> int:
        return self._untold.pop(sender, 0)

    def per_second(self, sender: str) -> float:
        start, count, before = self._since.get(sender, (0.0, 0, 0.0))
        return max(before, count / max(monotonic() - start, 1.0))


@cache
def current() -> Throttle:
    """Return this process's throttle."""
    return Throttle(Rates(settings.REDIS_URL), at_once=settings.WORKER_MESSAGES)


def asks(sender: Sender) -> bool:
    """See `Throttle.asks`."""
    return current().asks(sender)


def is_braked(sender: Sender) -> bool:
    """See `Throttle.is_braked`."""
    return current().is_braked(sender)


def turn(sender: Sender, mensaje: str) -> Turn | None:
    """See `Throttle.turn`."""
    return current().turn(sender, mensaje)


def pass_by(sender: Sender, mensaje: str) -> Turn | None:
    """See `Throttle.pass_by`."""
    return current().pass_by(sender, mensaje)


def leave(turn: Turn) -> None:
    """See `Throttle.leave`."""
    current().leave(turn)


def slow_down(sender: Sender, retry_after_s: float | None) -> None:
    """See `Throttle.slow_down`."""
    current().slow_down(sender, retry_after_s)


def unanswered(sender: Sender) -> None:
    """See `Throttle.unanswered`."""
    current().unanswered(sender)


def refused(sender: Sender) -> bool:
    """See `Throttle.refused`."""
    return current().refused(sender)


def answered(sender: Sender) -> None:
    """See `Throttle.answered`."""
    current().answered(sender)


def heard(sender: Sender) -> None:
    """See `Throttle.heard`."""
    current().heard(sender)


def is_held(sender: Sender) -> bool:
    """See `Throttle.is_held`."""
    return current().is_held(sender)
