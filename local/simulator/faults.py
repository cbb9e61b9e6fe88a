"""Faults that can be made on demand.

A fault has a probability, a count, or both, and the random numbers have a seed: the same requests in the same
order meet the same faults.
"""

from collections import Counter
from dataclasses import asdict, dataclass, field
from random import Random
from time import monotonic
from typing import Any, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

from local.simulator.alterations import Alterations
from local.simulator.endings import Ending

Kind = Literal["error", "cut", "hang", "garbage", "page", "late", "throttle", "refuse"]
Call = Literal["create", "list", "fetch", "account"]
T = TypeVar("T")
REPORTED = ("sending", "sent", "delivered", "undelivered", "failed", "partially_delivered", "canceled")
# Every other number is 0 or more.
SIGNED = frozenset({"clock_offset_s"})


@dataclass(slots=True)
class Rule:
    """One fault.

    Args:
        kind: `error` answers an HTTP 5xx (or any `status`); `cut` closes the connection without an answer;
            `hang` never answers; `garbage` answers 201 with a body that is no message; `page` answers an HTML
            page, as something between us and Twilio does; `late` gives the true answer after `seconds`;
            `throttle` answers 429; `refuse` answers the Twilio error `code`.
        accepted: for the first five, whether the request is acted on before that: its message is accepted and in the
            ledger, or refused and recorded.
        refused: for the first five, the Twilio error code with which the request is refused, and recorded, before that;
            0 leaves it to the request.
        on: the call it applies to.
        status: HTTP status of `error` (503), of `page` (403), or of `refuse` instead of the code's own.
        code: Twilio error code of `refuse`, of five digits or six.
        seconds: Retry-After of `throttle`; longest wait of `hang` (0: until the client leaves); delay of `late`.
        reset: `cut` with a TCP reset instead of an orderly close.
        probability: of each matching request, 0–1.
        skip: leave the first this many matching requests alone.
        count: stop after this many (None: never).
        to: only requests to this recipient (None: all).
        name: what it is counted as; by default its kind, with `_accepted` when it accepts.
        fired: how many times it has happened; not an input.
    """

    kind: Kind
    accepted: bool = False
    refused: int = 0
    on: Call = "create"
    status: int = 0
    code: int = 21610
    seconds: float = 0.0
    reset: bool = False
    probability: float = 1.0
    skip: int = 0
    count: int | None = None
    to: str | None = None
    name: str = ""
    fired: int = 0

    @property
    def counted_as(self) -> str:
        return self.name or f"{self.kind}{'_accepted' if self.accepted else ''}"


@dataclass(slots=True)
class CallbackFaults:
    """The faults of status callbacks.

    Args:
        delay_s: added to every callback, in seconds.
        shuffle_s: a random 0–this added to each, in seconds: callbacks overtake one another.
        duplicate: probability that one is sent twice.
        drop: probability that one is never sent.
        early: start draining at acceptance, so that callbacks can overtake the 201 itself.
        statuses: which are reported.
        token: signs instead of the account's Auth Token: the older of two while they are rotated.
        shared_key: signs instead of any token, with HMAC-SHA256 (see `signing`).
    """

    delay_s: float = 0.0
    shuffle_s: float = 0.0
    duplicate: float = 0.0
    drop: float = 0.0
    early: bool = False
    statuses: list[str] = field(default_factory=lambda: list(REPORTED))
    token: str = ""
    shared_key: str = ""


@dataclass(slots=True)
class Behaviour(Alterations):
    """Everything that can be changed while the simulator runs, besides what `Alterations` has.

    Args:
        seed: of the random numbers.
        latency_s, jitter_s: each answer to a create takes latency ± jitter, in seconds.
        list_delay_s: an accepted message shows in lists only after this long, in seconds.
        list_delay_growth: seconds by which that grows in each second after it was set.
        list_delay_for_s: seconds after which it ends, from when it was set (0: never).
        record_refusals: creates that are refused with HTTP 400 are recorded, and listed as `failed`: see `create`.
        max_daily: messages accepted above this are refused with 63038 (0: no limit). The day never ends by itself.
        clock_offset_s: Twilio's clock is ahead of ours by so many seconds; behind, when negative.
        price_delay_s: a sent message has no price yet for so many seconds.
        endings: see `endings.Ending`; a recipient's own (`messages.FAILING_SUFFIXES`) goes first.
        drain_rate: segments a second each sender delivers (0: no limit).
        send_s, delivery_s: from a message's turn to `sent`, and from `sent` to its outcome, in seconds.
        max_queue_s: a sender's queue longer than this is full (21611), in seconds; Twilio's is ten hours.
        max_concurrency: creates in progress above this get 20429 (0: no limit).
        max_rate: creates a second above this get 20429 (0: no limit).
        callbacks: see `CallbackFaults`.
        rules: see `Rule`; the first that fires wins.
    """

    seed: int = 1
    latency_s: float = 0.0
    jitter_s: float = 0.0
    list_delay_s: float = 0.0
    list_delay_growth: float = 0.0
    list_delay_for_s: float = 0.0
    record_refusals: bool = True
    max_daily: int = 0
    clock_offset_s: float = 0.0
    price_delay_s: float = 0.0
    drain_rate: float = 0.0
    send_s: float = 0.1
    delivery_s: float = 0.4
    max_queue_s: float = 36000.0
    max_concurrency: int = 0
    max_rate: float = 0.0
    callbacks: CallbackFaults = field(default_factory=CallbackFaults)
    endings: list[Ending] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    @classmethod
    def parse(cls, payload: dict[str, Any], defaults: "Behaviour") -> Self:
        """Build from JSON; what is not named keeps its default.

        Raises:
            ValueError: a name or a type is wrong; the text says which.
        """
        merged = {**asdict(defaults), **payload}
        lists = isinstance(merged["rules"], list) and isinstance(merged["endings"], list)
        if not isinstance(payload.get("callbacks", {}), dict) or not lists:
            raise ValueError("callbacks is an object, rules and endings are lists")
        merged["callbacks"] = build(CallbackFaults, {**asdict(defaults.callbacks), **payload.get("callbacks", {})})
        merged["endings"] = [build(Ending, ending) for ending in merged["endings"]]
        merged["rules"] = [build(Rule, rule) for rule in merged["rules"]]
        return build(cls, merged)


class Faults:
    """The current behaviour, the dice, and how often each thing went wrong."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.defaults = behaviour
        self.happened: Counter[str] = Counter()
        self.set(behaviour)

    def set(self, behaviour: Behaviour) -> None:
        """Change the behaviour and start the random numbers again."""
        self.now = behaviour
        self.random = Random(behaviour.seed)  # noqa: S311
        self._set_at = monotonic()
        self._seen: dict[int, int] = {}

    def pick(self, call: Call, to: str) -> Rule | None:
        """The fault this request meets, if any."""
        for number, rule in enumerate(self.now.rules):
            if rule.on != call or (rule.to is not None and rule.to != to):
                continue
            if rule.count is not None and rule.fired >= rule.count:
                continue
            self._seen[number] = self._seen.get(number, 0) + 1
            if self._seen[number] <= rule.skip:
                continue
            if rule.probability >= 1.0 or self.random.random() < rule.probability:
                rule.fired += 1
                return rule
        return None

    def list_delay_s(self) -> float:
        """Tell how far lists are behind now, in seconds."""
        since, now = monotonic() - self._set_at, self.now
        over = now.list_delay_for_s and since >= now.list_delay_for_s
        return 0.0 if over else now.list_delay_s + now.list_delay_growth * since

    def count(self, name: str, happened: bool = True) -> None:
        """Count a thing that went wrong, if it did."""
        if happened:
            self.happened[name] += 1

    def chance(self, probability: float) -> bool:
        """Throw the dice."""
        return probability > 0 and self.random.random() < probability


def build(kind: type[T], payload: Any) -> T:
    """A dataclass from JSON, refusing unknown names and wrong types by name."""
    if not isinstance(payload, dict):
        raise ValueError(f"{kind.__name__} cannot be {payload!r}")
    hints = get_type_hints(kind)
    for name, value in payload.items():
        if name not in hints:
            raise ValueError(f"{kind.__name__} has no {name!r}; it has {', '.join(hints)}")
        sized = abs(value) if name in SIGNED and isinstance(value, (int, float)) else value
        if not _fits(hints[name], sized):
            raise ValueError(f"{kind.__name__}.{name} cannot be {value!r}")
    try:
        return kind(**payload)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from None


def _fits(hint: Any, value: object) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if get_origin(hint) in {list, dict}:
        return isinstance(value, get_origin(hint))
    if get_args(hint):  # X | None
        return value is None or _fits(get_args(hint)[0], value)
    return isinstance(value, hint)
