"""A turn of asking Twilio: whom it asks, how many at a time, and when it stops."""

import math
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import Error as DatabaseError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import SMSLog
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running
from workers.engine.message import reconciler, witnesses
from workers.engine.message.proof import Evidence
from workers.gateway.lookup import Listing, LookupFailedError, Message
from workers.gateway.outcomes import Outcome

pytestmark = pytest.mark.django_db(transaction=True)  # advisory locks belong to sessions

SID = "SM" + "0" * 32
Answer = Callable[[str], list[Message]]


class Twilio:
    """Answers as it is told, and counts."""

    def __init__(self, answer: Answer = lambda to: []) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.most = self._now = 0
        self._lock = threading.Lock()

    def send(
        self, *, to: str, body: str, callback_token: str, sender: str = "", not_after: float = math.inf
    ) -> Outcome:
        raise AssertionError("the reconciler sends nothing itself")

    def messages_since(self, since: datetime) -> Listing:
        raise AssertionError("nothing that is proved asks for all")

    def messages_to(self, to: str, *, since: datetime) -> Listing:
        with self._lock:
            self.asked.append(to)
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return Listing(message for message in self.answer(to) if message.created_at >= since)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Twilio:
    found = Twilio()
    monkeypatch.setattr(reconciler, "get_gateway", lambda: found)
    # The list has come as far as tomorrow.
    proved = Evidence(fresh_to=timezone.now() + timedelta(days=1), searched_from=timezone.now() - timedelta(days=1))
    monkeypatch.setattr(witnesses, "hear", lambda witnesses, ask: proved)
    return found


def in_doubt(running: Running, count: int) -> None:
    """Make so many uncertain rows, of as many clients."""
    for _ in range(count - len(running.logs)):
        cliente = ClienteFactory.create(usuario=running.campana.usuario)
        sms_log(running.campana, running.lote, cliente)
    claimed = timezone.now()
    SMSLog.objects.update(
        estado="incierto",
        token=uuid.uuid4(),
        reclamado_en=claimed,
        twilio_desde=claimed,
        twilio_hasta=claimed + timedelta(seconds=50),
    )


def unreachable(to: str) -> list[Message]:
    raise LookupFailedError("read_timeout")


def test_it_looks_at_every_row_that_is_due(running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler, "BATCH", 2)
    in_doubt(running, 5)
    assert reconciler.reconcile() == 5
    assert set(SMSLog.objects.values_list("ausencias", flat=True)) == {1}
    assert reconciler.reconcile() == 0


def test_an_old_message_with_the_same_text_is_not_this_one(running: Running, twilio: Twilio) -> None:
    in_doubt(running, 3)
    old = timezone.now() - timedelta(hours=1)
    texts = dict(SMSLog.objects.values_list("telefono", "mensaje"))
    twilio.answer = lambda to: [Message(SID, texts[to], "sent", "", old)]
    reconciler.reconcile()
    assert not SMSLog.objects.exclude(estado="incierto").exists()


def test_it_asks_once_for_all_the_rows_of_a_phone_and_takes_each_ones_time(running: Running, twilio: Twilio) -> None:
    in_doubt(running, 3)
    log = running.logs[0]
    campana = CampanaFactory.create(usuario=running.campana.usuario, estado="procesando")
    assert log.cliente is not None
    later = sms_log(campana, open_lote(campana, [log.cliente]), log.cliente, mensaje=log.mensaje)
    claimed = timezone.now() + timedelta(hours=1)
    times = {"reclamado_en": claimed, "twilio_desde": claimed, "twilio_hasta": claimed}
    SMSLog.objects.filter(pk=later.pk).update(estado="incierto", token=uuid.uuid4(), **times)
    twilio.answer = lambda to: [Message(SID, log.mensaje, "sent", "", timezone.now())]
    assert reconciler.reconcile() == 4
    assert len(twilio.asked) == 3
    log.refresh_from_db()
    later.refresh_from_db()
    # The message is older than the later claim.
    assert (log.twilio_sid, later.twilio_sid, later.ausencias) == (SID, "", 1)


def test_it_asks_many_at_a_time_and_one_session_writes(running: Running, twilio: Twilio) -> None:
    in_doubt(running, 3 * reconciler.LOOKUPS)

    together = threading.Barrier(reconciler.LOOKUPS)

    def slowly(to: str) -> list[Message]:
        together.wait(20)  # as many as there are, however busy the machine is
        return []

    twilio.answer = slowly
    with CaptureQueriesContext(connection) as queries:
        assert reconciler.reconcile() == 3 * reconciler.LOOKUPS
    assert twilio.most == reconciler.LOOKUPS
    # The lock and its end, the batches, and one for each row.
    assert len(queries) <= 3 * reconciler.LOOKUPS + 8


def test_it_asks_nothing_when_its_time_is_over(
    running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "RUN_S", -1.0)
    in_doubt(running, 3)
    assert reconciler.reconcile() == 0
    assert twilio.asked == []


def test_it_leaves_a_twilio_alone_that_does_not_answer(
    running: Running, twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    in_doubt(running, 3 * reconciler.SILENT_AFTER)
    twilio.answer = unreachable
    assert reconciler.SILENT_AFTER <= reconciler.reconcile() < reconciler.SILENT_AFTER + reconciler.LOOKUPS
    looked = SMSLog.objects.exclude(revisar_desde=None)
    assert looked.count() == len(twilio.asked)
    assert not looked.exclude(estado="incierto", ausencias=0).exists()
    assert len(caplog.records) == 2  # when it begins, and when it stops
    # The next turn begins with the others.
    before = set(twilio.asked)
    reconciler.reconcile()
    assert not before & set(twilio.asked[len(before) :])


def test_one_answer_means_that_twilio_is_there(
    running: Running, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "LOOKUPS", 1)
    monkeypatch.setattr(reconciler, "SILENT_AFTER", 3)
    in_doubt(running, 12)
    twilio.answer = lambda to: [] if len(twilio.asked) % 3 == 0 else unreachable(to)
    assert reconciler.reconcile() == 12


@pytest.mark.parametrize("error", [LookupFailedError("too_many_messages"), RuntimeError("a bug")])
def test_a_row_in_trouble_does_not_come_first_again(running: Running, twilio: Twilio, error: Exception) -> None:
    in_doubt(running, 3)
    bad = running.logs[0]

    def fail(to: str) -> list[Message]:
        if to == bad.telefono:
            raise error
        return []

    twilio.answer = fail
    assert reconciler.reconcile() == 3
    bad.refresh_from_db()
    assert (bad.estado, bad.ausencias) == ("incierto", 0)
    assert bad.revisar_desde is not None
    assert SMSLog.objects.filter(ausencias=1).count() == 2


def test_a_holder_that_was_stopped_writes_nothing_on_waking(running: Running, twilio: Twilio) -> None:
    """The holder had read Twilio's answer when it was stopped; its session is ended, and another holder goes on."""
    in_doubt(running, 3)
    SMSLog.objects.update(ausencias=1)

    def stopped(to: str) -> list[Message]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()  # this thread's
        return []

    twilio.answer = stopped
    with pytest.raises(DatabaseError):
        reconciler.reconcile()
    connection.close()
    assert set(SMSLog.objects.values_list("estado", flat=True)) == {"incierto"}
