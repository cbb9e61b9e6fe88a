"""Recipients from claim to end, while answers are lost, no callback comes, and Twilio lists as it says it may.

Time is made to pass: the machine's clocks and Twilio's go on together, and PostgreSQL's stays behind.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

import pytest
from django.db.models import Q

from campaigns.models import CampanaSMS, SMSLog
from core.clock import elapsed
from tests.factories import ClienteFactory, sms_log
from tests.workers.engine.conftest import Running
from workers.engine.base import database
from workers.engine.message import reconciler, sending
from workers.engine.pace import throttle
from workers.gateway import clock
from workers.gateway.lookup import RCS, Listing, Message
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Permanent

pytestmark = pytest.mark.django_db(transaction=True)  # other threads write too

SENDER: Final = "+15005550006"
SERVICE: Final = "MG" + "0" * 32
WORDS: Final = "Hola: “20 %” de descuento – hoy…"
WAVES, OF, ROUNDS, BETWEEN_S = 4, 10, 24, 65.0
# Within the rounds, and longer than the lists that are behind for a while only.
LIST_LAG_S = 900.0
LOST: Final = 0.3


@dataclass
class Twilio:
    """A stand-in.

    Args:
        body: what is listed for a text.
        to: what is listed for a phone of a message that was sent so many seconds ago.
        lag_s: how far its list is behind.
        refuses, drops: the shares of requests that are refused (21610), and that break before they are accepted.
        offset_s: of its clock.
        service: the Messaging Service that it sends through; "" for a number.
        back_in: the round of the test from which on it drops nothing; None: never.
    """

    body: Callable[[str], str] = lambda text: text
    to: Callable[[str, float], str] = lambda phone, ago: phone
    lag_s: float = 0.0
    refuses: float = 0.0
    drops: float = 0.1
    offset_s: float = 0.0
    service: str = ""
    back_in: int | None = None
    dice: Random = field(default_factory=lambda: Random(7))
    accepted: list[tuple[str, str, str, float]] = field(default_factory=list)  # sid, phone, text, when
    refused: list[tuple[str, str, str, float]] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.fromtimestamp(int(time.time() + self.offset_s), tz=UTC)

    def send(self, *, to: str, body: str, **message: object) -> Outcome:
        lost = Ambiguous("read_timeout", "x")
        if self.dice.random() < self.drops:
            return lost
        sid, began = f"SM{uuid.UUID(int=self.dice.getrandbits(128)).hex}", elapsed()
        # Who opted out is refused each time.
        if Random(to).random() < self.refuses:
            self.refused.append((sid, to, body, time.time()))
            return lost if self.dice.random() < LOST else Permanent("21610", "x")
        self.accepted.append((sid, to, body, time.time()))
        if self.dice.random() < LOST:
            return lost
        clock.CLOCK.learn(self.now(), written=began, answered=elapsed())
        return Accepted(sid, "queued", 1)

    def messages_to(self, to: str, *, since: datetime) -> Listing:
        return Listing((message for message in self.messages_since(since) if message.to == to), at=self.now())

    def message(self, sid: str) -> Message | None:
        return next(
            (message for message in self.messages_since(datetime.min.replace(tzinfo=UTC)) if message.sid == sid), None
        )

    def messages_since(self, since: datetime) -> Listing:
        seen = time.time() - self.lag_s
        found = [self._listed(*one, "sent", "") for one in self.accepted if one[3] <= seen]
        found += [self._listed(*one, "failed", "21610") for one in self.refused if one[3] <= seen]
        return Listing((message for message in found if message.created_at >= since), at=self.now())

    def _listed(self, sid: str, to: str, body: str, at: float, status: str, code: str) -> Message:
        created = datetime.fromtimestamp(int(at + self.offset_s), tz=UTC)
        shown, sender = self.to(to, time.time() - at), "" if self.service else SENDER
        return Message(sid, self.body(body), status, code, created, shown, sender, self.service, created)


def masked(after_s: float) -> Callable[[str, float], str]:
    return lambda phone, ago: phone if ago < after_s else f"{phone[:-4]}XXXX"


TRIAL: Final = "Sent from your Twilio trial account - "
SMART: Final = str.maketrans({"“": '"', "”": '"', "–": "-", "…": "..."})

# Whether every row's fate is found out.
SETTINGS: Final[dict[str, tuple[dict[str, Any], bool]]] = {
    "as it is": ({}, True),
    "a trial account": ({"body": lambda text: TRIAL + text}, True),
    "smart encoding": ({"body": lambda text: text.translate(SMART)}, True),
    "texts are hidden": ({"body": lambda text: ""}, False),
    "texts are in capitals": ({"body": str.upper}, False),
    "numbers are hidden": ({"to": masked(0.0)}, False),
    "numbers are hidden after a minute": ({"to": masked(60.0)}, False),
    "numbers are hidden after some minutes": ({"to": masked(200.0)}, False),
    "the list is late": ({"lag_s": 100.0}, True),
    "the list is very late": ({"lag_s": 500.0}, True),
    "refusals are listed": ({"refuses": 0.3}, True),
    "nearly nothing is accepted": ({"drops": 0.9}, False),
    "it is down at first": ({"drops": 1.0, "back_in": 8}, True),
    "it is down for good, and lists late": ({"drops": 1.0, "lag_s": 500.0}, False),
    "through a Messaging Service": ({"service": SERVICE}, True),
    "by RCS": ({"service": SERVICE, "to": lambda phone, ago: RCS + phone}, True),
    "its clock is hours ahead": ({"offset_s": 5 * 3600.0}, True),
    "its clock is hours behind": ({"offset_s": -5 * 3600.0}, True),
}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Make so many seconds pass."""
    passed = [0.0]
    for name in ("time", "monotonic", "clock_gettime"):
        real = getattr(time, name)
        monkeypatch.setattr(time, name, lambda *which, real=real: real(*which) + passed[0])

    def advance(seconds: float) -> None:
        passed[0] += seconds

    return advance


@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_is_doubled_and_nothing_counted_wrong(
    running: Running, name: str, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    changes, is_settled = SETTINGS[name]
    twilio = Twilio(**changes)
    settings.TWILIO_SENDER = twilio.service or SENDER
    settings.LIST_LAG_S = LIST_LAG_S
    # Redis counts its pauses by a clock of its own, for which no time passes here.
    monkeypatch.setattr(throttle, "unanswered", lambda sender: None)
    clock.CLOCK.forget()
    CampanaSMS.objects.update(iniciado_en=database.now())
    SMSLog.objects.all().delete()
    for module in (sending, reconciler):
        monkeypatch.setattr(module, "get_gateway", lambda: twilio)
    for number in range(ROUNDS):
        if number == twilio.back_in:
            twilio.drops = 0.0
        if number < WAVES:
            for _ in range(OF):
                sms_log(running.campana, running.lote, ClienteFactory.create(usuario=running.campana.usuario))
            SMSLog.objects.update(mensaje=WORDS)
        for log_id in SMSLog.objects.filter(estado="pendiente").order_by("pk").values_list("pk", flat=True):
            sending.send_one(log_id)
        for _ in range(2):
            SMSLog.objects.update(revisar_desde=None)
            reconciler.reconcile()
            later(BETWEEN_S)

    rows = {log.telefono: log for log in SMSLog.objects.all()}
    assert len(rows) == WAVES * OF
    phones = [to for _, to, _, _ in twilio.accepted]
    assert len(phones) == len(set(phones)), "somebody got two"
    sids = {to: sid for sid, to, _, _ in twilio.accepted}
    refused = {to for _, to, _, _ in twilio.refused}
    for telefono, log in rows.items():
        if log.estado == "enviado":
            assert log.twilio_sid == sids[telefono]
        elif log.estado == "fallido":
            assert log.codigo in {"21610", "baja"}
            assert telefono in refused
        else:
            assert log.estado == "incierto" or telefono not in sids
    left = SMSLog.objects.filter(~Q(estado__in=["enviado", "fallido"])).count()
    assert left == 0 or not is_settled
