"""Random histories of one uncertain message, as Twilio documents its own behaviour: nothing is ever freed that was
accepted, nothing is sent that was not, and nothing is refused that was accepted.

The true time is in seconds. Twilio's clock and PostgreSQL's have an offset of hours, and PostgreSQL's is set anew in
the middle. The list comes as far as it comes, and not back. What an account hides it hides some time after a message
was sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from tests.workers.engine.message.test_proof import DOUBT, PHONE
from workers.engine.message import proof, witnesses
from workers.engine.message.proof import LATE_S, Do, Doubt, Known
from workers.engine.message.witnesses import Witness
from workers.gateway.clock import TwilioClock
from workers.gateway.lookup import Listing, Message

SENDER: Final = "+573009998877"
WORDS: Final = "Hola, Ana: “20 %” hoy…"
ITS: Final = "SM" + "f" * 32
EPOCH: Final = datetime(2026, 3, 1, tzinfo=UTC)
HOURS: Final = 3600.0
# When others of ours were accepted, around the claim at 1000; and how long a message waits at Twilio.
WHEN: Final = (200.0, 700.0, 940.0, 990.0, 1001.0, 1015.0, 1028.0, 1061.0, 1090.0, 1160.0, 1300.0, 1600.0)
# The list of these histories is never as far behind.
BEHIND: Final = 2000.0
# From hearing the witnesses to asking for the message: they are heard once in a run.
WAITS: Final = st.sampled_from([0.0, 0.5, 15.0, 40.0])
SENDING: Final = st.sampled_from([0.0, 1.0, 25.0])

LISTED: Final = Message("SM", "", "sent", "", EPOCH)

ALTERED: Final[dict[str, Callable[[str], str]]] = {
    "verbatim": lambda text: text,
    "trial": lambda text: f"Sent from your Twilio trial account - {text}",
    "smart": lambda text: text.translate({0x201C: '"', 0x201D: '"', 0x2026: "..."}),
    "upper": str.upper,
    "cut": lambda text: text[:-3],
    "blank": lambda text: "",
    "masked": lambda text: "*" * len(text),
}


@dataclass(frozen=True, slots=True)
class Created:
    """A message that Twilio holds. `at` and `sent` are true seconds; one that was refused has a code."""

    sid: str
    to: str
    body: str
    at: float
    sent: float
    code: str = ""


@dataclass(frozen=True)
class World:
    """Twilio as it is.

    Args:
        offset: of its clock, in seconds.
        stuck: the list came no further than this, …
        until: … before this.
        lag: how far behind it is at any other time, in seconds.
        hides_after: seconds from sending until the number is hidden; None: it never is.
        altered: what it lists for a text.
    """

    offset: float
    stuck: float
    until: float
    lag: float
    hides_after: float | None
    altered: Callable[[str], str]
    created: tuple[Created, ...]

    def clock(self, true: float) -> datetime:
        return EPOCH + timedelta(seconds=float(int(true + self.offset)))

    def all(self, now: float) -> list[Message]:
        come_to = now - self.lag
        if self.stuck <= now < self.until:
            come_to = min(come_to, self.stuck - self.lag)
        return [self._listed(one, now) for one in self.created if one.at <= come_to]

    def to(self, phone: str, now: float) -> Listing:
        return Listing([one for one in self.all(now) if one.to == phone], at=self.clock(now))

    def _listed(self, one: Created, now: float) -> Message:
        sent = one.sent <= now and not one.code
        hidden = sent and self.hides_after is not None and now >= one.sent + self.hides_after
        return Message(
            one.sid,
            self.altered(one.body),
            "failed" if one.code else "sent" if sent else "queued",
            one.code,
            self.clock(one.at),
            f"{one.to[:-4]}XXXX" if hidden else one.to,
            SENDER,
            "",
            self.clock(one.sent) if sent else None,
        )


def in_doubt(claimed_at: datetime, *, since: datetime | None, until: datetime | None) -> Doubt:
    return replace(DOUBT, mensaje=WORDS, sender=SENDER, claimed_at=claimed_at, since=since, until=until)


@st.composite
def histories(draw: st.DrawFn) -> tuple[World, list[Witness], Doubt, list[float], bool, bool]:
    accepted, refused = draw(st.sampled_from([(True, False), (False, False), (False, True)]))
    offset, pg, step = (draw(st.sampled_from([-5 * HOURS, -600.0, 0.3, 600.0, 5 * HOURS])) for _ in range(3))
    stepped_at = draw(st.sampled_from([-50.0, 5.0, 100.0]))
    claimed, spent = 1000.0, draw(st.sampled_from([0.1, 3.0, 20.0]))
    created = [
        Created(f"SM{n:032x}", f"+57300222{n:04d}", "otro texto", at, at + draw(SENDING))
        for n, at in enumerate(draw(st.lists(st.sampled_from(WHEN), min_size=1, max_size=6, unique=True)))
    ]
    ours = list(created)
    if accepted or refused:
        # It may be created a moment after the worker gave it up.
        at = claimed + spent * draw(st.floats(0.1, 1.0))
        created.append(Created(ITS, PHONE, WORDS, at, at + draw(SENDING), "21610" if refused else ""))
    if draw(st.booleans()):  # an earlier attempt's refusal
        at = claimed - draw(st.floats(5, 240))
        code = draw(st.sampled_from(["21610", "21606", "21611"]))
        created.append(Created("SM" + "e" * 32, PHONE, WORDS, at, at, code))
    stuck = draw(st.sampled_from([900.0, 1002.0, 1050.0]))
    world = World(
        offset,
        stuck,
        stuck + draw(st.sampled_from([0.0, 0.0, 100.0, 1500.0])),
        draw(st.sampled_from([0.0, 0.5, 70.0, 300.0])),
        draw(st.sampled_from([None, None, 0.0, 30.0, 90.0, 200.0])),
        ALTERED[draw(st.sampled_from(sorted(ALTERED)))],
        tuple(created),
    )

    def postgresql(true: float) -> datetime:
        return EPOCH + timedelta(seconds=true + pg + (step if true >= claimed + stepped_at else 0.0))

    clock = TwilioClock()
    for one in ours:
        if one.at < claimed and draw(st.sampled_from([True, True, True, False])):  # this worker sent it
            took = draw(st.floats(0.02, 3.0))
            clock.learn(world.clock(one.at), written=one.at - took / 2, answered=one.at + took / 2)
    span = clock.at(claimed)
    doubt = in_doubt(
        postgresql(claimed),
        since=span.low if span else None,
        until=span.high + timedelta(seconds=spent + LATE_S) if span else None,
    )
    heard = [Witness(one.to, one.sid, postgresql(one.at), None, None) for one in ours]
    looks, now = [], claimed + spent
    for pause in draw(st.lists(st.sampled_from([1.0, 31.0, 61.0, 62.0, 130.0, 300.0]), min_size=3, max_size=9)):
        now += pause
        looks.append(now)
    return world, heard, doubt, looks, accepted, refused


@runs(max_examples=1500, deadline=None)
@given(histories(), WAITS)
def test_nothing_is_concluded_that_is_not_so(
    history: tuple[World, list[Witness], Doubt, list[float], bool, bool], wait: float
) -> None:
    concluded(history, wait)


@runs(max_examples=500, deadline=None)
@given(histories(), st.sampled_from([BEHIND, 2 * BEHIND]), WAITS)
def test_nor_is_it_by_one_that_goes_first(
    history: tuple[World, list[Witness], Doubt, list[float], bool, bool], pause: float, wait: float
) -> None:
    """The list is behind by less than LIST_LAG_S, which is all that this relies on."""
    world, heard, doubt, looks, accepted, refused = history
    with override_settings(LIST_LAG_S=BEHIND):
        concluded((world, heard, doubt, [*looks, looks[-1] + pause], accepted, refused), wait)


def hidden(after: float, lag: float, others: list[float]) -> tuple[World, list[Witness], Doubt]:
    """A message accepted at 1000 by a Twilio whose clock is right, and which hides numbers after so long.

    Args:
        others: when messages of ours to other people were accepted.
    """
    created = [Created(f"SM{n:032x}", f"+57300222{n:04d}", "otro texto", at, at) for n, at in enumerate(others)]
    its = Created(ITS, PHONE, WORDS, 1000.0, 1000.0)
    world = World(0.0, 0.0, 0.0, lag, after, ALTERED["verbatim"], (*created, its))
    moment = EPOCH + timedelta(seconds=1000)
    doubt = in_doubt(moment, since=moment, until=moment + timedelta(seconds=25))
    return world, [Witness(one.to, one.sid, world.clock(one.at), None, None) for one in created], doubt


def test_one_that_goes_first_may_be_hidden_although_a_younger_one_is_not() -> None:
    """The list is late at the first look; at the second the message is hidden, and the witness is not yet."""
    world, heard, doubt = hidden(after=2055.0, lag=300.0, others=[1010.0])
    with override_settings(LIST_LAG_S=BEHIND):
        concluded((world, heard, doubt, [1061.0, 3062.0], True, False))


def test_it_may_be_hidden_at_the_first_look_and_a_younger_one_found_at_the_second() -> None:
    world, heard, doubt = hidden(after=90.0, lag=0.0, others=[1061.0, 1120.0])
    concluded((world, heard, doubt, [1100.0, 1200.0], True, False))


def test_a_witness_is_as_old_as_when_it_was_heard() -> None:
    """The message is hidden at the first look; at the hearing before the second, the witness is not yet."""
    world, heard, doubt = hidden(after=90.0, lag=0.0, others=[1061.0, 1072.0])
    concluded((world, heard, doubt, [1095.0, 1170.0], True, False), wait=15.0)


def concluded(history: tuple[World, list[Witness], Doubt, list[float], bool, bool], wait: float = 0.0) -> None:
    """Look at the message as often as it was looked at, and see that what follows is so.

    Args:
        wait: seconds from hearing the witnesses to asking for the message.
    """
    world, heard, doubt, looks, accepted, refused = history
    sids = {one.sid for one in world.created if one.sid not in (ITS, "SM" + "e" * 32)}
    known = Known(sids=sids)
    ends = []
    for now in looks:
        before = now - wait
        there = [one for one in heard if any(c.sid == one.sid and c.at <= before for c in world.created)]
        evidence = witnesses.hear(
            witnesses._some(there),
            lambda to, since, before=before: world.to(to, before),  # type: ignore[misc]
            lambda sid: LISTED,
        )
        listing = world.to(PHONE, now)
        verdict = proof.judge(doubt, listing, known, evidence, listing.at)
        do = verdict.do
        if do in proof.PILOTS:
            assert now - 1000.0 >= settings.LIST_LAG_S - 1.0
        if do in proof.SEARCHES:
            do = Do.WAIT if proof.could_be_hidden(doubt, world.all(now), known) else Do.FREE
        if do in (Do.SENT, Do.REFUSED, Do.FREE, Do.PILOT):
            ends.append(do)
            break
        until = doubt.until or world.clock(now) + timedelta(seconds=settings.LEASE_S + LATE_S)
        doubt = replace(doubt, absences=verdict.absences, missed_at=verdict.missed_at, until=until)
    if accepted:
        assert ends in ([], [Do.SENT])
    else:
        assert Do.SENT not in ends
    if not refused:
        assert Do.REFUSED not in ends
