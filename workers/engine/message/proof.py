"""The rules of proof: they say what Twilio's list proves of an uncertain message, and ask and write nothing.

The burden of proof lies with sending again: a row is free only when nothing that Twilio lists could be its message, and
the list has shown that it would list it. docs/engine.md has the rules for people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final
from uuid import UUID

from django.conf import settings

from campaigns.values import twilio
from campaigns.values.twilio import Entrega, Kind
from core.senders import Kind as SenderKind
from core.senders import kind_of
from workers.engine.message import words
from workers.gateway.codes import Decision, decision_for
from workers.gateway.lookup import Message

# Where the claim knew Twilio's clock: what it may be wrong by all the same. A date is in whole seconds.
SLACK: Final = timedelta(minutes=5)
# Where it did not, PostgreSQL's clock stands in for it, whatever zone one of them was set in.
ANY_CLOCK: Final = timedelta(hours=26)
# A date is in whole seconds, cut.
SECOND: Final = timedelta(seconds=1)
# A refusal that is older than the claim is another attempt's. Attempts of a row are further apart than this.
REFUSED_BEFORE: Final = timedelta(seconds=2)
# How long after a call broke Twilio may still create its message, in seconds.
LATE_S: Final = 5.0
# A row may take over the time of another whose claim did not know Twilio's clock: then it is this long at least, and a
# refusal in it may be of an attempt before both.
UNKNOWN_TIME: Final = ANY_CLOCK / 2

# A message with one of these has left Twilio: what is redacted once a message is sent is redacted now or later.
LEFT: Final = frozenset({Entrega.SENT, Entrega.DELIVERED, Entrega.UNDELIVERED, Entrega.READ})
# What people and programs write between the digits of a phone.
SPELLING: Final = str.maketrans("", "", "+ -.()\xa0")
REFUSALS: Final = frozenset({Kind.RECIPIENT, Kind.CONTENT, Kind.ACCOUNT, Kind.SENDER, Kind.THROTTLED, Kind.TOO_SHORT})


@dataclass(frozen=True, slots=True)
class Doubt:
    """An uncertain row.

    Args:
        token, claimed_at: of the claim whose outcome is not known; the time is PostgreSQL's.
        absences: how often Twilio was seen not to have it.
        age_s: seconds since it became uncertain.
        campana_id: its campaign.
        sender: what it was sent from; "" when that is not known any more.
        since, until: Twilio's time, aware: its message was not created before, nor after. None when the claim did not
            know Twilio's clock; `until` is then learnt at a look.
        missed_at: Twilio's time of the first look that missed it, or of the first that counts.
    """

    log_id: int
    telefono: str
    mensaje: str
    token: UUID
    claimed_at: datetime
    absences: int
    age_s: float
    campana_id: int = 0
    sender: str = ""
    since: datetime | None = None
    until: datetime | None = None
    missed_at: datetime | None = None

    @property
    def from_(self) -> datetime:
        """The date before which no listed message is its own."""
        return self.claimed_at - ANY_CLOCK if self.since is None else self.since - SLACK


@dataclass(frozen=True, slots=True)
class Rival:
    """Another row to the same phone whose message has no SID yet: in doubt too, or in mid-call."""

    log_id: int
    telefono: str
    mensaje: str
    in_call: bool = False


@dataclass(slots=True)
class Known:
    """The ledger's word on the phones and the messages of a look, read after Twilio was asked.

    Args:
        sids: of listed messages, those that a row of ours accounts for.
        rivals: of the phones.
    """

    sids: set[str] = field(default_factory=set)
    rivals: Sequence[Rival] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The state of Twilio's list, as messages of ours that were certainly accepted, the witnesses, show it.

    Args:
        fresh_to: the list has come at least this far, by Twilio's clock; None when no witness was found.
        searched_from: a witness that left Twilio then is still found by its number; None when none is.
        trusted: no witness was missing that should be there, and none had a date that contradicts its claim.
        missing: PostgreSQL's time of the latest claim of a witness that was not found; None when all were.
        heard_at: Twilio's time of the earliest answer about them; None when it did not say.
    """

    fresh_to: datetime | None = None
    searched_from: datetime | None = None
    trusted: bool = True
    missing: datetime | None = None
    heard_at: datetime | None = None


NOTHING_KNOWN: Final = Evidence()


class Do(Enum):
    """The consequence for the row."""

    SENT = auto()  # one of `messages` is its message
    REFUSED = auto()  # by the first of `messages`
    WAIT = auto()  # something could be its message
    UNPROVED = auto()  # nothing is there, and the list has not shown that it would be
    ABSENT = auto()  # nothing is there, for the first time
    FREE = auto()  # for the second time, long enough after
    SEARCH = auto()  # it would be free, if nothing in the whole account could be it either
    PILOT = auto()  # it would be free, if nobody else of its campaign is on the way
    PILOT_SEARCH = auto()  # both


# Those that need the whole account, and those that go alone.
SEARCHES: Final = frozenset({Do.SEARCH, Do.PILOT_SEARCH})
PILOTS: Final = frozenset({Do.PILOT, Do.PILOT_SEARCH})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one look.

    Args:
        messages: what it is about, for SENT, REFUSED and WAIT.
        absences, missed_at: of the row from now on, if it stays in doubt.
    """

    do: Do
    messages: Sequence[Message] = ()
    absences: int = 0
    missed_at: datetime | None = None


class _Is(Enum):
    ITS = auto()
    MAYBE = auto()
    REFUSAL = auto()
    NOT = auto()


def judge(
    doubt: Doubt, messages: Iterable[Message], known: Known, evidence: Evidence, asked_at: datetime | None
) -> Verdict:
    """Say what follows from one look.

    Args:
        messages: what Twilio lists to the recipient.
        evidence: of witnesses that were asked for before.
        asked_at: Twilio's time of the answer by its `Date`; None when it did not say.
    """
    found: dict[_Is, list[Message]] = {kind: [] for kind in _Is}
    for message in messages:
        if message.sid not in known.sids:
            found[_relation(doubt, message, known.rivals)].append(message)
    if found[_Is.ITS]:
        return Verdict(Do.SENT, found[_Is.ITS], doubt.absences, doubt.missed_at)
    own = [message for message in found[_Is.REFUSAL] if _ends(doubt, message)]
    if own:
        return Verdict(Do.REFUSED, own)
    if found[_Is.MAYBE]:
        return Verdict(Do.WAIT, found[_Is.MAYBE])
    do = _absent(doubt, evidence, asked_at)
    if do is Do.ABSENT:
        return Verdict(do, absences=1, missed_at=asked_at)
    return Verdict(do, absences=doubt.absences, missed_at=doubt.missed_at or asked_at)


def could_be_hidden(doubt: Doubt, messages: Iterable[Message], known: Known) -> bool:
    """Tell whether a message to somebody could be the doubt's: its number is hidden, or in another form.

    Args:
        messages: all that the account holds since `doubt.from_`.
    """
    return any(
        message.sid not in known.sids
        and _may_read(message.to, doubt.telefono)
        and _relation(doubt, message, known.rivals) in (_Is.ITS, _Is.MAYBE)
        for message in messages
    )


def _absent(doubt: Doubt, evidence: Evidence, asked_at: datetime | None) -> Do:
    proved = doubt.until is not None and evidence.fresh_to is not None and evidence.fresh_to >= doubt.until
    if not proved or not evidence.trusted:
        if not _is_old_enough(doubt, evidence, asked_at):
            return Do.UNPROVED
        # The list may not have had it before, so it must not be hidden at this very look. A sender that is not known
        # was perhaps a Messaging Service, which may have reached the phone by RCS.
        return Do.PILOT if doubt.sender and _was_searchable(doubt, evidence, asked_at) else Do.PILOT_SEARCH
    if doubt.absences == 0:
        return Do.ABSENT
    interval = timedelta(seconds=settings.RECONCILE_INTERVAL_S)
    if doubt.missed_at is None or asked_at is None:
        early = evidence.searched_from
        return Do.FREE if early and early <= (doubt.since or doubt.from_) + interval else Do.SEARCH
    if asked_at - doubt.missed_at < interval - SECOND:
        return Do.UNPROVED  # PostgreSQL's clock was set
    # The list had it at the first look already, so it is enough that it was not hidden then.
    return Do.FREE if _was_searchable(doubt, evidence, doubt.missed_at) else Do.SEARCH


def _was_searchable(doubt: Doubt, evidence: Evidence, at: datetime | None) -> bool:
    """Tell whether the doubt's message, if it is there, was still to be found by its number at that moment.

    An account may hide numbers some time after a message was sent. A witness that was found by its number was older
    when it was heard than the message was then.

    Args:
        at: of Twilio's time; None when it is not known.
    """
    if at is None or evidence.heard_at is None or evidence.searched_from is None:
        return False
    # Dates are in whole seconds, cut.
    return evidence.heard_at - evidence.searched_from >= at - (doubt.since or doubt.from_) + 2 * SECOND


def _is_old_enough(doubt: Doubt, evidence: Evidence, asked_at: datetime | None) -> bool:
    """Tell whether a row may go first, where nothing of ours was accepted later, and so nothing can show how far the
    list has come. One that was accepted and is not found shows that the list is behind."""
    if doubt.missed_at is None or asked_at is None or not evidence.trusted:
        return False
    if evidence.missing is not None and evidence.missing > doubt.claimed_at:
        return False
    return asked_at - doubt.missed_at >= timedelta(seconds=settings.LIST_LAG_S)


def _relation(doubt: Doubt, message: Message, rivals: Sequence[Rival]) -> _Is:
    if message.created_at < doubt.from_:
        return _Is.NOT
    ours, same = _origin(doubt, message), words.are_same(message.body, doubt.mensaje)
    if is_refusal(message):
        # It reached nobody: it is no reason to wait.
        return _Is.REFUSAL if same and ours is not False else _Is.NOT
    if same:
        return _Is.MAYBE if ours is False or not _was_accepted(message) else _Is.ITS
    if ours is False or any(words.are_same(message.body, r.mensaje) for r in rivals if r.telefono == doubt.telefono):
        return _Is.NOT
    return _Is.MAYBE


def _origin(doubt: Doubt, message: Message) -> bool | None:
    """Tell whether the message came from the doubt's sender; None when that cannot be told."""
    if not doubt.sender:
        return None
    if kind_of(doubt.sender) is SenderKind.SERVICE:
        return message.service == doubt.sender if message.service else None
    if not message.sender or not _is_readable(message.sender):
        return None
    if message.sender.casefold() == doubt.sender.casefold():
        return True
    # Where a country knows no names, a number may stand in for one.
    return None if kind_of(doubt.sender) is SenderKind.NAME else False


def is_refusal(message: Message) -> bool:
    """Tell whether a listed message is the record of a request that Twilio refused.

    https://help.twilio.com/articles/223181868: "either a 201 … or a 400 … In either case, we create a record". A
    Messaging Service may accept such a message and drop it afterwards: nobody got that one either.
    """
    if message.status != Entrega.FAILED or not message.error_code:
        return False
    kind = twilio.look_up(message.error_code).kind
    return kind in REFUSALS or (kind is Kind.UNKNOWN and message.error_code[:2] in {"14", "20", "21"})


def _was_accepted(message: Message) -> bool:
    """Tell whether a listed message that is no refusal was certainly created: one that failed for a reason that nobody
    here knows may have been refused."""
    return message.status != Entrega.FAILED or message.error_code.startswith("3")


def _ends(doubt: Doubt, refusal: Message) -> bool:
    """Tell whether a refusal is of this very attempt, and would be every attempt's.

    Refusals of the account, of the sender and for the rate settle nothing here: the row is sent again when it is proved
    absent, and hears the answer then.
    """
    if doubt.since is None or doubt.until is None or doubt.until - doubt.since > UNKNOWN_TIME:
        return False
    return refusal.created_at >= doubt.since - REFUSED_BEFORE and decision_for(refusal.error_code) is Decision.PERMANENT


def _may_read(to: str, telefono: str) -> bool:
    """Tell whether a listed recipient could be this phone: itself, by another channel, in another spelling, or with
    digits hidden."""
    to, telefono = (one.rpartition(":")[2].translate(SPELLING) for one in (to, telefono))
    if to.isdigit():
        return to == telefono
    return all(a == b or not a.isdigit() for a, b in zip(to, telefono, strict=False))


def _is_readable(number: str) -> bool:
    """Tell whether nothing of a number is hidden. A name as a sender is readable."""
    return bool(number) and (number[0] != "+" or number[1:].isdigit())
