"""A turn of asking Twilio: whom it asks, how many at a time, and when it stops."""

import math
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import CampanaSMS, SMSLog
from core.clock import elapsed
from tests.factories import CampanaFactory, ClienteFactory, RemitenteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running, take
from workers.engine.base import account
from workers.engine.message import doubts, ledger, reconciler, witnesses
from workers.engine.message.proof import Evidence
from workers.gateway.clock import TwilioClock
from workers.gateway.lookup import Listing, LookupFailedError, Message
from workers.gateway.outcomes import Outcome

pytestmark = pytest.mark.django_db(transaction=True)  # other threads write too

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

    def message(self, sid: str) -> Message | None:
        raise AssertionError("nothing that is listed is fetched")

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
    proved = Evidence(
        fresh_to=timezone.now() + timedelta(days=1),
        searched_from=timezone.now() - timedelta(days=1),
        heard_at=timezone.now(),
    )
    monkeypatch.setattr(witnesses, "hear", lambda *heard: proved)
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
    # The message is older than the later claim, which takes over the other's time and is looked at anew.
    assert (log.twilio_sid, later.twilio_sid, later.ausencias) == (SID, "", 0)


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


class TestWitnesses:
    """The questions to Twilio beside the doubts, and when they are asked."""

    @pytest.fixture
    def asking(self, monkeypatch: pytest.MonkeyPatch) -> Twilio:
        found = Twilio()
        monkeypatch.setattr(reconciler, "get_gateway", lambda: found)
        return found

    @staticmethod
    def one_accepted(running: Running) -> SMSLog:
        """Two rows are in doubt, and the third was accepted a minute after them."""
        in_doubt(running, 3)
        ago = timezone.now() - timedelta(minutes=4)
        SMSLog.objects.update(
            reclamado_en=ago, twilio_desde=ago, twilio_hasta=ago + timedelta(seconds=50), actualizado=ago
        )
        CampanaSMS.objects.update(iniciado_en=ago)
        log = running.logs[2]
        later = timezone.now() - timedelta(minutes=2)
        SMSLog.objects.filter(pk=log.pk).update(
            estado="enviado", twilio_sid=SID, reclamado_en=later, twilio_desde=None, twilio_hasta=None
        )
        log.refresh_from_db()
        return log

    def test_they_are_heard_once_a_run_and_before_the_doubts(self, running: Running, asking: Twilio) -> None:
        witness = self.one_accepted(running)
        created = timezone.now() - timedelta(minutes=2)
        asking.answer = lambda to: [Message(SID, "x", "sent", "", created, to)] if to == witness.telefono else []
        assert reconciler.reconcile() == 2
        assert asking.asked[0] == witness.telefono
        assert sorted(asking.asked[1:]) == sorted(log.telefono for log in running.logs[:2])
        assert set(SMSLog.objects.filter(estado="incierto").values_list("ausencias", flat=True)) == {1}

    def test_in_a_long_run_they_are_chosen_and_heard_again(
        self, running: Running, asking: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A message that was accepted since the run began is missing in the list: nobody may go first."""
        interval = settings.RECONCILE_INTERVAL_S
        ticks = iter(range(100))
        monkeypatch.setattr(reconciler, "time", SimpleNamespace(monotonic=lambda: float(interval * next(ticks))))
        monkeypatch.setattr(reconciler, "RUN_S", 100.0 * interval)
        witness = self.one_accepted(running)
        asking.answer = lambda to: []
        assert reconciler.reconcile() == 2
        assert asking.asked.count(witness.telefono) == 2  # once for each phone

    def test_a_list_that_does_not_have_them_is_no_answer(self, running: Running, asking: Twilio) -> None:
        self.one_accepted(running)
        assert reconciler.reconcile() == 2
        assert set(SMSLog.objects.filter(estado="incierto").values_list("ausencias", flat=True)) == {0}

    def test_the_account_is_read_once_for_all_that_need_it(
        self, running: Running, asking: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_doubt(running, 3)
        SMSLog.objects.update(ausencias=1)
        evidence = Evidence(fresh_to=timezone.now() + timedelta(days=1))  # nothing shows that numbers are found
        monkeypatch.setattr(witnesses, "hear", lambda *heard: evidence)
        read: list[datetime] = []

        def all_since(since: datetime) -> Listing:
            read.append(since)
            return Listing()

        monkeypatch.setattr(asking, "messages_since", all_since)
        assert reconciler.reconcile() == 3
        assert len(read) == 1
        assert set(SMSLog.objects.values_list("estado", flat=True)) == {"pendiente"}

    def test_an_account_that_cannot_be_read_frees_nothing(
        self, running: Running, asking: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_doubt(running, 3)
        SMSLog.objects.update(ausencias=1)
        evidence = Evidence(fresh_to=timezone.now() + timedelta(days=1))
        monkeypatch.setattr(witnesses, "hear", lambda *heard: evidence)

        def too_many(since: datetime) -> Listing:
            raise LookupFailedError("too_many_messages")

        monkeypatch.setattr(asking, "messages_since", too_many)
        assert reconciler.reconcile() == 3
        rows = SMSLog.objects.filter(estado="incierto", ausencias=1, revisar_desde__gt=timezone.now())
        assert rows.count() == 3

    def test_one_goes_first_without_the_account_where_an_older_one_is_found_by_its_number(
        self, running: Running, asking: Twilio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An account that sends a hundred messages a second cannot be read."""
        in_doubt(running, 3)
        CampanaSMS.objects.update(remitente=RemitenteFactory.create(usuario=running.campana.usuario))
        now = timezone.now()
        missed = now - timedelta(seconds=settings.LIST_LAG_S + 1)
        SMSLog.objects.update(ausente_en=missed)
        older = Evidence(fresh_to=now - timedelta(hours=1), searched_from=now - timedelta(minutes=10), heard_at=now)
        monkeypatch.setattr(witnesses, "hear", lambda *heard: older)
        monkeypatch.setattr(asking, "messages_to", lambda to, *, since: Listing(at=now))
        assert reconciler.reconcile() == 3
        assert sorted(SMSLog.objects.values_list("estado", flat=True)) == ["incierto", "incierto", "pendiente"]


class TestAClockThatWasAhead:
    def test_a_look_that_it_put_off_for_hours_is_due(self, running: Running, twilio: Twilio) -> None:
        in_doubt(running, 3)
        longest = timezone.now() + timedelta(seconds=doubts.LONGEST_PAUSE_S)
        SMSLog.objects.update(revisar_desde=longest)
        SMSLog.objects.filter(pk=running.logs[0].pk).update(revisar_desde=timezone.now() + timedelta(hours=5))
        assert reconciler.reconcile() == 1


class TestTheAccountThatClaimed:
    def test_another_accounts_doubts_are_not_asked_of_this_one(
        self, running: Running, twilio: Twilio, settings: Any
    ) -> None:
        in_doubt(running, 3)
        SMSLog.objects.update(cuenta=account.fingerprint(), ausencias=1)
        settings.TWILIO_ACCOUNT_SID = "AC" + "9" * 32
        assert reconciler.reconcile() == 3
        assert twilio.asked == []
        rows = SMSLog.objects.filter(estado="incierto", ausencias=1, revisar_desde__gt=timezone.now())
        assert rows.count() == 3

    def test_a_claim_writes_it_and_twilios_time(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = TwilioClock()
        monkeypatch.setattr(ledger, "CLOCK", clock)
        assert take(running.logs[0].pk)
        now = timezone.now().replace(microsecond=0) + timedelta(hours=5)  # Twilio's clock is another
        clock.learn(now, written=elapsed(), answered=elapsed())
        assert take(running.logs[1].pk)
        running.reload()
        before, after, _ = running.logs
        assert before.cuenta == after.cuenta == account.fingerprint()
        assert (before.twilio_desde, before.twilio_hasta) == (None, None)
        assert after.twilio_desde is not None
        assert after.twilio_hasta is not None
        assert abs(after.twilio_desde - now) < timedelta(minutes=1)
        assert after.twilio_hasta - after.twilio_desde >= timedelta(seconds=settings.LEASE_S)

    def test_a_sender_that_was_changed_excludes_no_message(
        self, running: Running, twilio: Twilio, settings: Any
    ) -> None:
        """The message came from the sender of then."""
        in_doubt(running, 3)
        settings.TWILIO_SENDER = "+573000000001"
        SMSLog.objects.update(cuenta=account.fingerprint(), ausencias=1)
        settings.TWILIO_SENDER = "MG" + "0" * 32
        twilio.answer = lambda to: [
            Message(SID, "", "sent", "", timezone.now() + timedelta(seconds=1), to, "+573000000001")
        ]
        reconciler.reconcile()
        assert set(SMSLog.objects.values_list("estado", flat=True)) == {"incierto"}


def test_through_a_messaging_service_it_asks_for_both_forms_of_a_number(
    running: Running, twilio: Twilio, settings: Any
) -> None:
    settings.TWILIO_SENDER = "MG" + "0" * 32
    in_doubt(running, 3)
    log = running.logs[0]
    found = Message(SID, log.mensaje, "sent", "", timezone.now() + timedelta(seconds=1), f"rcs:{log.telefono}")
    twilio.answer = lambda to: [found] if to == f"rcs:{log.telefono}" else []
    assert reconciler.reconcile() == 3
    log.refresh_from_db()
    assert (log.estado, log.twilio_sid) == ("enviado", SID)
    assert len(twilio.asked) == 6
    assert {row.ausencias for row in SMSLog.objects.filter(estado="incierto")} == {1}


def test_it_asks_for_the_second_form_only_where_the_first_does_not_find_it(
    running: Running, twilio: Twilio, settings: Any
) -> None:
    settings.TWILIO_SENDER = "MG" + "0" * 32
    in_doubt(running, 3)
    first, other, _ = running.logs
    # Of the second, what is listed to the number has its words and is another row's: its own may have gone by RCS.
    sms_log(running.campana, running.lote, ClienteFactory.create(usuario=running.campana.usuario), estado="enviado",
            twilio_sid="SM" + "9" * 32)  # fmt: skip
    when = timezone.now() + timedelta(seconds=1)
    listed = {
        first.telefono: [Message(SID, first.mensaje, "sent", "", when, first.telefono)],
        other.telefono: [Message("SM" + "9" * 32, other.mensaje, "sent", "", when, other.telefono)],
        f"rcs:{other.telefono}": [Message("SM" + "8" * 32, other.mensaje, "sent", "", when, f"rcs:{other.telefono}")],
    }
    twilio.answer = lambda to: listed.get(to, [])
    assert reconciler.reconcile() == 3
    assert f"rcs:{first.telefono}" not in twilio.asked
    assert len(twilio.asked) == 5
    for row, sid in ((first, SID), (other, "SM" + "8" * 32)):
        row.refresh_from_db()
        assert (row.estado, row.twilio_sid) == ("enviado", sid)


def test_while_the_second_form_cannot_be_asked_for_nothing_is_absent(
    running: Running, twilio: Twilio, settings: Any
) -> None:
    settings.TWILIO_SENDER = "MG" + "0" * 32
    in_doubt(running, 3)
    twilio.answer = lambda to: unreachable(to) if to.startswith("rcs:") else []
    assert reconciler.reconcile() == 3
    assert set(SMSLog.objects.values_list("estado", "ausencias")) == {("incierto", 0)}
