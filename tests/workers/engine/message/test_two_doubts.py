"""Random lists of Twilio's for two rows in doubt to one phone, on the statements themselves: whatever is listed, in
whatever order and at whatever look, no message counts twice and nobody who may have got one is sent another.

A phone is once in a campaign, so the two are of two campaigns. The true time is in seconds; the list is behind, and an
account may change texts and hide numbers. Where both say the same, nobody can tell whose message is whose: then their
number has to be right.
"""

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.test import override_settings
from hypothesis import HealthCheck, event, example, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from campaigns.models import CampanaSMS, Descarte, SMSLog
from core.models import Usuario
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory, open_lote, sms_log
from tests.workers.engine.message.test_proof_histories import ALTERED
from workers.engine.campaign import plazo
from workers.engine.message import doubts, reconciler
from workers.engine.message.doubts import Look
from workers.engine.message.proof import LATE_S, Doubt, Evidence
from workers.gateway.lookup import RCS, Message

EPOCH: Final = datetime(2026, 3, 1, tzinfo=UTC)
NUMBER: Final = "+573009998877"
SERVICE: Final = "MG" + "a" * 32
WORDS: Final = "Hola, Ana: “20 %” hoy…"
OTHER_WORDS: Final = "Ana, su pedido está listo"
FOREIGN: Final = "Su código es 4711"
# Of the first and the second row's message; others have numbers.
ITS: Final = ("SM" + "a" * 32, "SM" + "b" * 32)
# The list of these histories is never as far behind.
BEHIND: Final = 2000.0
DAY: Final = 86_400.0


def moment(true: float) -> datetime:
    return EPOCH + timedelta(seconds=float(int(true)))


@dataclass(frozen=True, slots=True)
class Held:
    """A message that Twilio holds, created at a true second."""

    sid: str
    body: str
    at: float
    code: str = ""
    sender: str = NUMBER
    shape: str = "{}"


@dataclass(frozen=True, slots=True)
class Once:
    """One turn of the reconciler.

    Args:
        at: when.
        rows: of which it looks at, in its order.
        lag: how far behind the list is.
        witness: whether one shows how far it has come.
        early: seconds since the witness left that is still found by its number; None for none.
    """

    at: float
    rows: tuple[int, ...]
    lag: float
    witness: bool
    early: float | None
    trusted: bool


@dataclass(frozen=True, slots=True)
class History:
    """The history of two rows.

    Args:
        words: of each.
        claimed, spent: when each was claimed, and how long its call took.
        clocks: whether its worker knew Twilio's clock.
        held: what Twilio holds; the rows' own messages have the SIDs `ITS`.
        service: whether they go out through a Messaging Service.
        hides_after: seconds from creation until a message's number is hidden; None: it never is.
        refuses: the code with which Twilio refuses this phone, "" when it takes it.
    """

    words: tuple[str, str]
    claimed: tuple[float, float]
    spent: tuple[float, float]
    clocks: tuple[bool, bool]
    held: tuple[Held, ...]
    service: bool
    altered: Callable[[str], str]
    hides_after: float | None
    refuses: str
    looks: tuple[Once, ...]

    @property
    def accepted(self) -> set[int]:
        """The rows whose message Twilio took."""
        return {n for n, sid in enumerate(ITS) for one in self.held if one.sid == sid and not one.code}

    def listed(self, once: Once, phone: str, *, everything: bool = False) -> list[Message]:
        """List what Twilio has to the phone, or of the whole account."""
        found = []
        for one in self.held:
            if one.at > once.at - once.lag:
                continue
            sent = not one.code and one.at + 1.0 <= once.at
            to = one.shape.format(phone)
            if sent and self.hides_after is not None and once.at >= one.at + 1.0 + self.hides_after:
                to = f"{to[:-4]}XXXX"
            elif self.service and to.startswith(RCS):
                pass  # a Messaging Service's are asked for in both forms
            elif to != phone and not everything:
                continue
            if to.endswith("XXXX") and not everything:
                continue
            found.append(
                Message(
                    one.sid,
                    self.altered(one.body),
                    "failed" if one.code else "sent" if sent else "queued",
                    one.code,
                    moment(one.at),
                    to,
                    "" if self.service and not sent else one.sender,
                    SERVICE if self.service and one.sender == NUMBER else "",
                    moment(one.at + 1.0) if sent else None,
                )
            )
        return found

    def evidence(self, once: Once) -> Evidence:
        early = once.early
        if early is not None and self.hides_after is not None and early >= self.hides_after:
            early = None  # its number is hidden by then
        return Evidence(
            fresh_to=moment(once.at - once.lag) if once.witness else None,
            searched_from=None if early is None else moment(once.at - early),
            trusted=once.trusted,
            heard_at=moment(once.at),
        )


SECONDS: Final = st.sampled_from([0.1, 3.0, 20.0])


@st.composite
def histories(draw: st.DrawFn) -> History:
    # The hardest: both were accepted with the same words, and the list stands between the two for some looks.
    hard = draw(st.booleans())
    words = (WORDS, WORDS) if hard else draw(st.sampled_from([(WORDS, WORDS), (WORDS, OTHER_WORDS)]))
    service = draw(st.booleans())
    claimed = (1000.0, 1000.0 + draw(st.sampled_from([40.0, 130.0] if hard else [0.0, 2.0, 40.0, 130.0])))
    spent = (draw(SECONDS), draw(SECONDS))
    refuses = "" if hard else draw(st.sampled_from(["", "", "21610", "21211"]))
    held = []
    for n in range(2):
        if hard or draw(st.booleans()):
            shape = RCS + "{}" if service and draw(st.booleans()) else "{}"
            at = claimed[n] + spent[n] * draw(st.sampled_from([0.05, 0.5, 1.0]))
            held.append(Held(ITS[n], words[n], at, refuses, shape=shape))
    kinds = ["dropped", "of a row"] if hard else ["foreign", "of a row", "dropped", "earlier"]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=3))):
        at = draw(st.sampled_from([800.0, 990.0, 1005.0, 1045.0, 1140.0, 1300.0]))
        one = Held(f"SM{number:032x}", words[draw(st.integers(0, 1))], at)
        if kind == "foreign":
            sender = draw(st.sampled_from([NUMBER, "+573005550000"]))
            one = replace(one, body=FOREIGN, sender=sender, shape=draw(st.sampled_from(["{}", "{}", "whatsapp:{}"])))
        elif kind == "dropped":
            one = replace(one, code="30036")
        elif kind == "earlier":  # an attempt of before, refused for what was mended since
            code = draw(st.sampled_from(["21610", "21606", "21611"]))
            one = replace(one, at=claimed[0] - draw(st.sampled_from([5.0, 200.0])), code=code)
        held.append(replace(one, sid=f"SM{number:030x}{kind[0].encode().hex()}"))
    looks: list[Once] = []
    at = claimed[1] + spent[1] if hard else 1025.0
    stands = claimed[1] if hard else math.inf
    moves = draw(st.integers(2, 4))  # at this look it goes on
    for pause in draw(st.lists(st.sampled_from([1.0, 61.0, 61.0, 130.0, 400.0, 2100.0]), min_size=2, max_size=4)):
        at += pause
        looks.append(
            Once(
                at,
                draw(st.sampled_from([(0, 1), (0, 1), (1, 0), (0,), (1,)])),
                # No list is behind by more than LIST_LAG_S: that is what the setting says.
                at - stands
                if hard and len(looks) < moves and at - stands < BEHIND
                else draw(st.sampled_from([0.0, 0.0, 5.0, 70.0, 300.0])),
                hard or draw(st.sampled_from([True, True, True, False])),
                DAY if hard else draw(st.sampled_from([None, 30.0, 600.0, DAY])),
                hard or draw(st.sampled_from([True, True, True, False])),
            )
        )
    return History(
        words,
        claimed,
        spent,
        (hard or draw(st.booleans()), hard or draw(st.booleans())),
        tuple(draw(st.permutations(held))),
        service,
        ALTERED["verbatim" if hard else draw(st.sampled_from(["verbatim", *sorted(ALTERED)]))],
        None if hard else draw(st.sampled_from([None, 0.0, 90.0, 700.0])),
        refuses,
        tuple(looks),
    )


# Both were accepted, and the list stands between the two: the second row takes the first one's message, and the first
# must wait until its own would be listed.
TAKEN: Final = History(
    words=(WORDS, WORDS),
    claimed=(1000.0, 1130.0),
    spent=(0.1, 0.1),
    clocks=(True, True),
    held=(Held(ITS[0], WORDS, 1000.05), Held(ITS[1], WORDS, 1130.05)),
    service=False,
    altered=ALTERED["verbatim"],
    hides_after=None,
    refuses="",
    looks=tuple(
        Once(at, rows, at - 1130.0, witness=True, early=DAY, trusted=True)
        for at, rows in ((1151.0, (1, 0)), (1220.0, (0, 1)), (1290.0, (0, 1)))
    ),
)


@pytest.fixture
def rows(owner: Usuario) -> list[SMSLog]:
    """Two to one phone, and one of before to whom other messages belong."""
    [cliente] = ClienteFactory.create_batch(1, usuario=owner)
    made = []
    for _ in range(3):
        campana = CampanaFactory.create(usuario=owner, total_clientes=1, estado="procesando")
        made.append(sms_log(campana, open_lote(campana, [cliente]), cliente))
    return made


@pytest.fixture
def senders(owner: Usuario) -> dict[bool, int]:
    return {
        service: RemitenteFactory.create(usuario=owner, valor=valor).pk
        for service, valor in ((False, NUMBER), (True, SERVICE))
    }


@runs(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(history=TAKEN)
@given(history=histories())
def test_no_message_counts_twice_and_nobody_gets_two(
    history: History, rows: list[SMSLog], senders: dict[bool, int]
) -> None:
    with transaction.atomic(), override_settings(LIST_LAG_S=BEHIND):
        try:
            lived(history, rows, senders)
        finally:
            transaction.set_rollback(True)


def lived(history: History, rows: Sequence[SMSLog], senders: dict[bool, int]) -> None:
    """Let the reconciler look as often as it looked, and see that what it wrote is so."""
    both, other = rows[:2], rows[2]
    CampanaSMS.objects.update(remitente=senders[history.service])
    for one in history.held:
        if one.sid.endswith(b"o".hex()):  # a row accounts for it, as its SID says; any row will do
            SMSLog.objects.filter(pk=other.pk).update(estado="enviado", twilio_sid=one.sid)
            continue
        if one.sid.endswith(b"d".hex()):
            Descarte.objects.create(sid=one.sid, log=other, codigo="30036")
    strangers = {one.sid for one in history.held if one.sid.endswith(b"o".hex())}
    known = set(SMSLog.objects.filter(pk=other.pk).values_list("twilio_sid", flat=True))
    held = tuple(one for one in history.held if one.sid not in strangers - known)  # one row, one SID
    history = replace(history, held=held)
    for n, row in enumerate(both):
        claimed = moment(history.claimed[n])
        SMSLog.objects.filter(pk=row.pk).update(
            mensaje=history.words[n],
            token=uuid.uuid4(),
            reclamado_en=claimed,
            codigo="read_timeout",
            actualizado=claimed + timedelta(seconds=history.spent[n]),
            twilio_desde=claimed if history.clocks[n] else None,
            twilio_hasta=claimed + timedelta(seconds=settings.LEASE_S + LATE_S) if history.clocks[n] else None,
        )
    for once in history.looks:
        begin(history, once, both)
        turn(history, once, both)
        agrees(history, both)
    ends(both)


def begin(history: History, once: Once, both: Sequence[SMSLog]) -> None:
    """Bring the rows to where they are by then, without what the reconciler has settled."""
    for n, row in enumerate(both):
        if once.at >= history.claimed[n] + history.spent[n]:
            SMSLog.objects.filter(pk=row.pk, estado="enviando").update(estado="incierto", lease_hasta=None)
            SMSLog.objects.filter(pk=row.pk, estado="pendiente", intentos=0).update(estado="incierto", intentos=1)
        elif once.at >= history.claimed[n]:
            SMSLog.objects.filter(pk=row.pk, estado="pendiente", intentos=0).update(
                estado="enviando", intentos=1, lease_hasta=Now()
            )
    SMSLog.objects.filter(estado="incierto").update(revisar_desde=None)


def turn(history: History, once: Once, both: Sequence[SMSLog]) -> None:
    found: dict[int, Doubt] = {doubt.log_id: doubt for doubt in reconciler._due()[0]}
    due = [found[both[n].pk] for n in once.rows if both[n].pk in found]
    evidence, at, phone = history.evidence(once), moment(once.at), both[0].telefono
    looks = [
        Look(doubt, [m for m in history.listed(once, phone) if m.created_at >= doubt.from_], evidence, at)
        for doubt in due
    ]
    if unread := doubts.settle(looks):
        whole = history.listed(once, phone, everything=True)
        doubts.settle([replace(look, account=whole) for look in unread])


def agrees(history: History, both: Sequence[SMSLog]) -> None:
    for row in both:
        row.refresh_from_db()
    credited = [row.twilio_sid for row in both if row.estado == "enviado"]
    theirs = {ITS[n] for n in history.accepted}
    # Each of a message that Twilio accepted for one of them: no refusal, nobody else's, and no two of one.
    assert set(credited) <= theirs, credited
    assert len(set(credited)) == len(credited)
    freed = {n for n, row in enumerate(both) if row.estado == "pendiente" and row.intentos}
    if history.words[0] == history.words[1]:
        assert len(freed) + len(history.accepted) <= 2, (freed, history.accepted)
    else:
        assert not freed & history.accepted
        assert all(row.twilio_sid == ITS[n] for n, row in enumerate(both) if row.estado == "enviado")
    for row in both:
        event(f"{row.estado} {row.codigo if row.estado == 'fallido' else ''}")
        if row.estado == "fallido":
            assert row.codigo == history.refuses != ""


def ends(both: Sequence[SMSLog]) -> None:
    """The deadline decides the others, and gives none of them a message."""
    for row in both:
        if row.estado not in ("incierto", "pendiente"):
            continue
        overdue = CampanaSMS(pk=row.campana_id, estado="procesando")
        CampanaSMS.objects.filter(pk=row.campana_id).update(vence_en=Now() - timedelta(days=1))
        codigo = "desconocido" if row.estado == "incierto" else "plazo_vencido"
        plazo.enforce(overdue)
        row.refresh_from_db()
        assert (row.estado, row.codigo, row.twilio_sid) == ("fallido", codigo, "")
