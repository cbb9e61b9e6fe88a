"""The consequences of what Twilio has, and has not, of an uncertain message."""

import threading
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampanaSMS, Lote, SMSLog
from campaigns.values import codigos
from clientes.models import RegistroBaja
from core.clock import elapsed
from core.models import Usuario
from tests.factories import CampanaFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running, take, write
from workers.engine.campaign import plazo
from workers.engine.lote import quarantine
from workers.engine.message import comeback, doubts, outbox
from workers.engine.message.doubts import Look
from workers.engine.message.proof import NOTHING_KNOWN, Doubt, Evidence
from workers.engine.rounds import sweeper
from workers.gateway.clock import TwilioClock
from workers.gateway.lookup import Message
from workers.gateway.outcomes import Accepted

SID = "SM" + "0" * 32
OTHER = "SM" + "1" * 32
SENDER = "+573009998877"


def message(body: str, sid: str = SID, status: str = "sent") -> Message:
    return Message(sid, body, status, "", timezone.now(), sender=SENDER)


def doubtful(running: Running, **fields: object) -> SMSLog:
    log = running.logs[0]
    claimed = timezone.now() - timedelta(minutes=2)
    values = {
        "token": uuid.uuid4(),
        "reclamado_en": claimed,
        "codigo": "read_timeout",
        "twilio_desde": claimed,
        "twilio_hasta": claimed + timedelta(seconds=50),
    }
    SMSLog.objects.filter(pk=log.pk).update(estado="incierto", **{**values, **fields})
    Lote.objects.filter(pk=running.lote.pk).update(estado="por_conciliar")
    log.refresh_from_db()
    return log


def doubt_of(log: SMSLog) -> Doubt:
    assert log.token is not None
    assert log.reclamado_en is not None
    age = (timezone.now() - log.actualizado).total_seconds()
    return Doubt(
        log.pk,
        log.telefono,
        log.mensaje,
        log.token,
        log.reclamado_en,
        log.ausencias,
        age,
        log.campana_id,
        sender=SENDER,
        since=log.twilio_desde,
        until=log.twilio_hasta,
        missed_at=log.ausente_en,
    )


# The list has come as far as now, and numbers are to be found.
PROVED = Evidence(
    fresh_to=timezone.now() + timedelta(days=1),
    searched_from=timezone.now() - timedelta(days=1),
    heard_at=timezone.now(),
)


def look_at(log: SMSLog, *messages: Message, evidence: Evidence = PROVED, at: datetime | None = None) -> Look:
    return Look(doubt_of(log), messages, evidence, at)


def settle(log: SMSLog, *messages: Message, evidence: Evidence = PROVED, at: datetime | None = None) -> SMSLog:
    doubts.settle([look_at(log, *messages, evidence=evidence, at=at)])
    log.refresh_from_db()
    return log


def rival_of(log: SMSLog) -> SMSLog:
    """The same words to the same phone, in another running campaign."""
    campana = CampanaFactory.create(usuario=log.campana.usuario, estado="procesando")
    assert log.cliente is not None
    return sms_log(campana, open_lote(campana, [log.cliente]), log.cliente, mensaje=log.mensaje)


def wait_s(log: SMSLog) -> float:
    assert log.revisar_desde is not None
    return (log.revisar_desde - timezone.now()).total_seconds()


def test_a_message_that_is_there_was_sent(running: Running, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    log = doubtful(running)
    found = [message("otro texto", OTHER), message(log.mensaje)]
    with django_assert_num_queries(2):  # what is known of the messages, and the row
        doubts.settle([look_at(log, *found)])
    log.refresh_from_db()
    assert (log.estado, log.twilio_sid, log.entrega, log.codigo) == ("enviado", SID, "sent", "")


@pytest.mark.parametrize("body", [" {} ", "{}\n", "  {}"])
def test_it_knows_a_text_that_twilio_trimmed(running: Running, body: str) -> None:
    log = doubtful(running)
    assert settle(log, message(body.replace("{}", log.mensaje))).estado == "enviado"


def test_a_message_is_sent_again_only_after_two_absences_apart(
    running: Running, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    log = doubtful(running)
    with django_assert_num_queries(2):
        doubts.settle([look_at(log)])
    log.refresh_from_db()
    assert (log.estado, log.ausencias) == ("incierto", 1)
    assert 50 < wait_s(log) <= settings.RECONCILE_INTERVAL_S
    with django_assert_num_queries(2):
        doubts.settle([look_at(log)])
    log.refresh_from_db()
    assert log.estado == "pendiente"
    running.reload()
    assert running.lote.estado == "abierto"
    assert running.lote.publicar_desde is not None


def test_an_absence_that_was_seen_by_another_look_frees_nothing(running: Running) -> None:
    """A row that was freed, sent and lost again has absences of its own."""
    log = doubtful(running, ausencias=1)
    look = look_at(log)
    SMSLog.objects.filter(pk=log.pk).update(ausencias=0)
    doubts.settle([look])
    log.refresh_from_db()
    assert log.estado == "incierto"


def test_a_message_that_another_row_accounts_for_is_not_this_one(running: Running) -> None:
    log = doubtful(running)
    SMSLog.objects.filter(pk=running.logs[1].pk).update(estado="enviado", twilio_sid=SID)
    settle(log, message(log.mensaje, SID))
    assert (log.estado, log.ausencias) == ("incierto", 1)
    settle(log, message(log.mensaje, SID), message(log.mensaje, OTHER))
    assert (log.estado, log.twilio_sid) == ("enviado", OTHER)


def test_it_does_not_take_the_message_that_another_campaign_is_sending(
    running: Running, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """The other's call was accepted and has not come back yet: the message is in Twilio's list, its sid in no row."""
    log = doubtful(running, ausencias=1)
    claim = take(rival_of(log).pk)
    assert claim is not None
    with django_assert_max_num_queries(3):
        doubts.settle([look_at(log, message(log.mensaje))])
    log.refresh_from_db()
    assert (log.estado, log.ausencias) == ("incierto", 1)
    write(claim, Accepted(SID, "queued", 1))
    settle(log, message(log.mensaje))
    assert log.estado == "pendiente"


@pytest.mark.parametrize("accepted", [1, 2])
def test_two_campaigns_that_said_the_same_get_a_message_each(running: Running, accepted: int) -> None:
    """Both calls are in doubt; Twilio has one message or two. Whose is whose makes no difference to anybody."""
    first = doubtful(running, ausencias=1)
    second = rival_of(first)
    fields = {"estado": "incierto", "token": uuid.uuid4(), "reclamado_en": Now(), "ausencias": 1}
    fields |= {"twilio_desde": Now(), "twilio_hasta": Now()}
    SMSLog.objects.filter(pk=second.pk).update(**fields)
    second.refresh_from_db()
    found = [message(first.mensaje, sid) for sid in (SID, OTHER)[:accepted]]
    for log in (first, second):
        log.refresh_from_db()
        settle(log, *found)
    assert (first.estado, first.twilio_sid) == ("enviado", SID)
    if accepted == 1:  # it may have been the second's: of the first's nothing is known before this look
        assert (second.estado, second.ausencias) == ("incierto", 1)
        settle(second, *found)
    assert (second.estado, second.twilio_sid) == (("enviado", OTHER) if accepted == 2 else ("pendiente", ""))


def in_doubt(log: SMSLog, claimed: datetime) -> SMSLog:
    fields = {"estado": "incierto", "token": uuid.uuid4(), "reclamado_en": claimed, "twilio_desde": claimed}
    SMSLog.objects.filter(pk=log.pk).update(**fields, twilio_hasta=claimed + timedelta(seconds=50))
    log.refresh_from_db()
    return log


def at(body: str, created: datetime, sid: str = SID, status: str = "sent", code: str = "") -> Message:
    return Message(sid, body, status, code, created, sender=SENDER)


class TestWhoseMessageWasTaken:
    """Two rows say the same to one phone, both are in doubt, and the list is late: the first that looks takes the
    other's message."""

    @pytest.mark.parametrize(
        ("after", "first_looks"),
        [
            *((after, True) for after in (timedelta(), timedelta(seconds=15), timedelta(days=1))),
            *((after, False) for after in (timedelta(), timedelta(seconds=15), timedelta(minutes=4))),
        ],
    )
    def test_the_other_waits_until_both_would_be_listed(
        self, running: Running, after: timedelta, first_looks: bool
    ) -> None:
        claimed = timezone.now() - timedelta(days=2)
        first = doubtful(running, ausencias=1, reclamado_en=claimed, twilio_desde=claimed)
        SMSLog.objects.filter(pk=first.pk).update(twilio_hasta=claimed + timedelta(seconds=50))
        first.refresh_from_db()
        second = in_doubt(rival_of(first), claimed + after)
        taker, other = (first, second) if first_looks else (second, first)
        # The one message that is listed by now is the other row's.
        theirs = at(other.mensaje, claimed + (after if first_looks else timedelta()))
        assert settle(taker, theirs).twilio_sid == SID
        come_to = replace(PROVED, fresh_to=claimed + timedelta(seconds=55))
        other.refresh_from_db()
        assert (other.estado, other.ausencias) == ("incierto", 0)
        if after and not first_looks:
            for _ in range(3):  # the list has come as far as the first call, and the second's message is not there yet
                assert settle(other, theirs, evidence=come_to).estado == "incierto"
        # Wherever in both their times the taker's own message turns up, it is the other's now.
        own = at(taker.mensaje, claimed + (timedelta() if first_looks else after), OTHER)
        settle(other, theirs, own)
        assert (other.estado, other.twilio_sid) == ("enviado", OTHER)

    def test_the_refusal_of_the_taker_is_the_others(self, running: Running) -> None:
        claimed = timezone.now() - timedelta(hours=1)
        first = doubtful(running, reclamado_en=claimed, twilio_desde=claimed)
        second = in_doubt(rival_of(first), claimed + timedelta(minutes=20))
        assert second.twilio_desde is not None
        theirs = at(second.mensaje, second.twilio_desde)
        assert settle(first, theirs).twilio_sid == SID
        second.refresh_from_db()
        settle(second, theirs, at(first.mensaje, claimed, OTHER, "failed", "21610"))
        assert (second.estado, second.codigo) == ("fallido", "21610")

    def test_a_refusal_of_before_both_is_not_when_the_takers_time_is_not_known(self, running: Running) -> None:
        """Its claim did not know Twilio's clock: it may be any of the last day, and with it whatever was refused."""
        claimed = timezone.now() - timedelta(hours=1)
        first = doubtful(running, reclamado_en=claimed, twilio_desde=None, twilio_hasta=None)
        second = in_doubt(rival_of(first), claimed + timedelta(minutes=20))
        assert second.twilio_desde is not None
        theirs = at(second.mensaje, second.twilio_desde)
        assert settle(first, theirs).twilio_sid == SID
        second.refresh_from_db()
        before = at(first.mensaje, claimed - timedelta(minutes=10), OTHER, "failed", "21408")
        assert settle(second, theirs, before).estado == "incierto"

    def test_what_was_read_before_frees_nothing(self, running: Running) -> None:
        """Both were read in one go, and the other is proved absent as far as its own time goes."""
        first = doubtful(running, ausencias=1, ausente_en=timezone.now() - timedelta(hours=2))
        second = in_doubt(rival_of(first), timezone.now() - timedelta(minutes=1))
        theirs, evidence = at(first.mensaje, timezone.now()), replace(PROVED, searched_from=None)
        looks = [look_at(second, theirs), look_at(first, theirs, evidence=evidence)]
        assert doubts.settle(looks) == []
        first.refresh_from_db()
        assert (first.estado, first.ausencias, first.ausente_en) == ("incierto", 0, None)
        assert 50 < wait_s(first) <= settings.RECONCILE_INTERVAL_S
        # The same, when the look waited for the whole account.
        doubts.settle([replace(looks[1], account=[])])
        first.refresh_from_db()
        assert (first.estado, first.ausencias, first.ausente_en) == ("incierto", 0, None)
        assert 50 < wait_s(first) <= settings.RECONCILE_INTERVAL_S

    def test_a_time_that_is_not_known_is_not_taken_for_known(self, running: Running) -> None:
        first = doubtful(running)
        second = in_doubt(rival_of(first), timezone.now())
        SMSLog.objects.filter(pk=second.pk).update(twilio_desde=None, twilio_hasta=None)
        second.refresh_from_db()
        settle(second, at(first.mensaje, timezone.now()))
        first.refresh_from_db()
        assert second.reclamado_en is not None
        assert first.twilio_hasta is None
        assert first.twilio_desde == second.reclamado_en - timedelta(hours=26)


def test_it_keeps_the_reason_of_a_delivery_that_failed(running: Running) -> None:
    log = doubtful(running)
    settle(log, Message(SID, log.mensaje, "undelivered", "30005", timezone.now(), sender=SENDER))
    assert (log.estado, log.entrega, log.entrega_codigo) == ("enviado", "undelivered", "30005")


def test_what_twilio_never_accepts_is_tried_until_the_deadline(running: Running) -> None:
    log = doubtful(running, ausencias=1, intentos=settings.SEND_ATTEMPTS)
    settle(log)
    assert log.estado == "pendiente"


def test_it_writes_nothing_over_what_a_callback_settled(running: Running) -> None:
    log = doubtful(running, ausencias=1)
    doubt = doubt_of(log)
    SMSLog.objects.filter(pk=log.pk).update(estado="enviado", twilio_sid=OTHER)
    for found in ((), (message(log.mensaje),)):
        doubts.settle([Look(doubt, found, PROVED)])
        doubts.put_off([doubt])
    log.refresh_from_db()
    assert (log.estado, log.twilio_sid, log.revisar_desde) == ("enviado", OTHER, None)


def test_a_refusal_of_this_attempt_ends_it_and_is_learnt(running: Running) -> None:
    """The phone opted out, as if the answer had come, and nobody tries again."""
    log = doubtful(running)
    assert log.twilio_desde is not None
    created = log.twilio_desde + timedelta(seconds=1)
    settle(log, Message(SID, log.mensaje, "failed", "21610", created, sender=SENDER))
    assert (log.estado, log.codigo, log.twilio_sid) == ("fallido", "21610", "")
    assert log.error == "El destinatario pidió no recibir mensajes"
    registro = RegistroBaja.objects.get()
    assert (registro.telefono, registro.fuente, registro.campana_id) == (log.telefono, "twilio_21610", log.campana_id)
    assert take(log.pk) is None


def test_an_earlier_attempts_refusal_leaves_it_in_doubt(running: Running) -> None:
    log = doubtful(running)
    settle(log, Message(SID, log.mensaje, "failed", "21610", timezone.now() - timedelta(minutes=4), sender=SENDER))
    assert (log.estado, log.ausencias) == ("incierto", 1)
    assert not RegistroBaja.objects.exists()


@pytest.mark.parametrize("body", ["", "HOLA", "Enviado desde su cuenta de prueba - Hola", "otro texto"])
def test_it_is_never_free_while_something_could_be_its_message(running: Running, body: str) -> None:
    log = doubtful(running, ausencias=1, ausente_en=timezone.now() - timedelta(hours=1))
    for _ in range(3):
        settle(log, message(body))
        assert (log.estado, log.ausencias, log.ausente_en) == ("incierto", 0, None)
        assert wait_s(log) > 0


@pytest.mark.parametrize("evidence", [NOTHING_KNOWN, replace(PROVED, fresh_to=timezone.now() - timedelta(hours=1))])
def test_a_list_that_does_not_show_how_far_it_has_come_is_no_answer(running: Running, evidence: Evidence) -> None:
    log = doubtful(running)
    at = timezone.now()
    for _ in range(3):
        settle(log, evidence=evidence, at=at)
        assert (log.estado, log.ausencias, log.ausente_en) == ("incierto", 0, at)
        assert wait_s(log) > 0


def test_two_looks_are_apart_by_twilios_clock_too(running: Running) -> None:
    """PostgreSQL's may have been set in between."""
    log = doubtful(running)
    at = timezone.now()
    settle(log, at=at)
    settle(log, at=at + timedelta(seconds=settings.RECONCILE_INTERVAL_S / 2))
    assert (log.estado, log.ausencias, log.ausente_en) == ("incierto", 1, at)
    settle(log, at=at + timedelta(seconds=settings.RECONCILE_INTERVAL_S))
    assert log.estado == "pendiente"


def test_the_end_of_its_time_is_learnt_when_the_claim_did_not_know_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = doubtful(running, twilio_desde=None, twilio_hasta=None)
    clock = TwilioClock()
    monkeypatch.setattr(doubts, "CLOCK", clock)
    assert settle(log).twilio_hasta is None  # nothing was accepted since this process began
    now = timezone.now().replace(microsecond=0)
    clock.learn(now, written=elapsed(), answered=elapsed())
    settle(log)
    assert (log.estado, log.ausencias) == ("incierto", 0)
    assert log.twilio_hasta is not None
    assert log.twilio_hasta >= now + timedelta(seconds=settings.LEASE_S)


def test_an_old_doubt_whose_time_is_known_at_last_is_looked_at_soon(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pauses doubled as long as no look could count."""
    log = doubtful(running, twilio_desde=None, twilio_hasta=None)
    SMSLog.objects.filter(pk=log.pk).update(actualizado=timezone.now() - timedelta(hours=1))
    log.refresh_from_db()
    clock = TwilioClock()
    monkeypatch.setattr(doubts, "CLOCK", clock)
    settle(log, message(""))
    soon = settings.RECONCILE_INTERVAL_S * doubts.LONGEST_FOR_WITNESS
    assert wait_s(log) > soon
    clock.learn(timezone.now(), written=elapsed(), answered=elapsed())

    settle(log, message(""))

    assert wait_s(log) <= soon


class TestTheWholeAccount:
    """Asked for where numbers may be hidden by now, and where nothing of ours was accepted later."""

    @staticmethod
    def second_look(running: Running) -> SMSLog:
        return doubtful(running, ausencias=1)

    def test_a_row_waits_for_it(self, running: Running) -> None:
        log = self.second_look(running)
        look = look_at(log, evidence=replace(PROVED, searched_from=None))
        assert doubts.settle([look]) == [look]
        log.refresh_from_db()
        assert (log.estado, log.revisar_desde) == ("incierto", None)

    @pytest.mark.parametrize(("to", "estado"), [("+5730000XXXX", "incierto"), ("+573999999999", "pendiente")])
    def test_it_is_free_if_nothing_is_hidden_there(self, running: Running, to: str, estado: str) -> None:
        log = self.second_look(running)
        SMSLog.objects.filter(pk=log.pk).update(telefono="+573000012345")
        log.refresh_from_db()
        look = look_at(log, evidence=replace(PROVED, searched_from=None))
        assert doubts.settle([replace(look, account=[replace(message(""), to=to)])]) == []
        log.refresh_from_db()
        assert log.estado == estado

    def test_one_goes_first_and_the_others_wait_for_it(self, running: Running) -> None:
        """All are in doubt, and nothing is accepted any more by which the list could be judged."""
        first = doubtful(running)
        fields = ["estado", "token", "reclamado_en", "twilio_desde", "twilio_hasta"]
        SMSLog.objects.update(
            **{name: getattr(first, name) for name in fields},
            ausente_en=timezone.now() - timedelta(seconds=settings.LIST_LAG_S),
        )
        for _ in range(2):
            looks = [look_at(log, evidence=NOTHING_KNOWN, at=timezone.now()) for log in SMSLog.objects.order_by("pk")]
            assert doubts.settle(looks) == looks
            doubts.settle([replace(look, account=[]) for look in looks[:1]])
            doubts.settle([replace(look, account=[]) for look in looks[1:]])
            estados = list(SMSLog.objects.order_by("pk").values_list("estado", flat=True))
            assert estados == ["pendiente", "incierto", "incierto"]


class TestTwilioOutOfReach:
    def test_it_is_no_absence(self, running: Running, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        log = doubtful(running, ausencias=1)
        with django_assert_num_queries(1):
            doubts.put_off([doubt_of(log)])
        log.refresh_from_db()
        assert (log.estado, log.ausencias) == ("incierto", 1)
        assert wait_s(log) > 0

    def test_the_pause_doubles_and_is_bounded(self) -> None:
        interval = settings.RECONCILE_INTERVAL_S
        for age_s, longest in ((0, interval), (interval, interval), (4 * interval, 4 * interval), (86_400, 900)):
            pauses = [doubts.pause_s(age_s) for _ in range(200)]
            assert 0.75 * longest <= min(pauses) < 0.8 * longest  # spread
            assert 0.95 * longest < max(pauses) <= longest

    def test_the_last_look_is_when_the_deadline_comes(self, running: Running) -> None:
        log = doubtful(running, actualizado=timezone.now() - timedelta(hours=10))
        CampanaSMS.objects.update(vence_en=timezone.now() + timedelta(seconds=200))
        doubts.put_off([doubt_of(log)])
        log.refresh_from_db()
        assert 190 < wait_s(log) <= 200

    def test_it_does_not_ask_without_a_pause_after_the_deadline(self, running: Running) -> None:
        log = doubtful(running, actualizado=timezone.now() - timedelta(hours=10))
        CampanaSMS.objects.update(vence_en=timezone.now() - timedelta(seconds=1))
        doubts.put_off([doubt_of(log)])
        log.refresh_from_db()
        assert 50 < wait_s(log) <= settings.RECONCILE_INTERVAL_S


@pytest.mark.django_db(transaction=True)  # two sessions, and a constraint that is violated
class TestTwoRowsThatClaimOneMessage:
    """A row's late acceptance and the reconciler's find meet: a message is one row's, and the other is found out."""

    def test_an_acceptance_comes_after_the_reconciler_gave_its_message_away(self, running: Running) -> None:
        log = doubtful(running)
        claim = take(rival_of(log).pk)
        assert claim is not None
        SMSLog.objects.filter(pk=claim.log_id).update(estado="incierto", lease_hasta=None)
        assert settle(log, message(log.mensaje)).twilio_sid == SID
        other = take(running.logs[1].pk)
        assert other is not None
        outbox._record([(claim, Accepted(SID, "queued", 1)), (other, Accepted(OTHER, "queued", 1))])
        late = SMSLog.objects.get(pk=claim.log_id)
        assert (late.estado, late.twilio_sid, late.codigo) == ("incierto", "", "mensaje_de_otro")
        assert SMSLog.objects.get(pk=other.log_id).twilio_sid == OTHER  # the others of its group are written

    def test_both_write_at_the_same_moment(self, running: Running) -> None:
        log = doubtful(running, ausencias=1)
        late = rival_of(log)
        SMSLog.objects.filter(pk=late.pk).update(estado="incierto", token=uuid.uuid4())
        wrote = threading.Event()

        def accept() -> None:
            """The late one writes first, and commits while the reconciler waits for it."""
            try:
                with transaction.atomic():
                    SMSLog.objects.filter(pk=late.pk).update(estado="enviado", twilio_sid=SID)
                    wrote.set()
                    until_somebody_waits()
            finally:
                connection.close()

        other = threading.Thread(target=accept)
        other.start()
        assert wrote.wait(10)
        settle(log, message(log.mensaje))
        other.join()
        late.refresh_from_db()
        assert (late.estado, late.twilio_sid) == ("enviado", SID)
        assert (log.estado, log.twilio_sid) == ("pendiente", "")  # absent twice, as the message is another's


@pytest.mark.parametrize("estado", ["procesando", "pausado", "cancelado"])
@pytest.mark.parametrize("owner_active", [True, False])
@pytest.mark.parametrize("quarantined", [True, False])
def test_a_message_that_no_row_accounts_for_keeps_a_doubt_until_the_deadline_and_no_longer(
    running: Running, estado: str, owner_active: bool, quarantined: bool
) -> None:
    """It may be of a campaign that PostgreSQL has forgotten: it went to the same phone, from the same sender."""
    if quarantined:
        comeback.hold(quarantine.since())
        log = running.logs[0]
        log.refresh_from_db()
    else:
        SMSLog.objects.exclude(pk=running.logs[0].pk).update(estado="fallido", codigo="21211")
        log = doubtful(running)
    for _ in range(3):
        assert settle(log, message("De una campaña que ya no existe", sid="SM" + "f" * 32)).estado == "incierto"
    type(running.campana).objects.update(
        estado=estado, vence_en=timezone.now() - timedelta(seconds=plazo.grace_s() - 5)
    )
    Usuario.objects.update(is_active=owner_active)
    sweeper.sweep()
    running.reload()
    assert (log.estado, running.campana.completado_en) == ("incierto", None)  # its last look is still to come
    type(running.campana).objects.update(vence_en=timezone.now() - timedelta(seconds=plazo.grace_s() + 1))
    for _ in range(3):  # each has its time, of which a busy machine takes its part
        sweeper.sweep()
    running.reload()
    log.refresh_from_db()
    assert (log.estado, log.codigo) == ("fallido", codigos.DESCONOCIDO)
    assert running.campana.completado_en
    assert running.campana.desconocidos == (3 if quarantined else 1)


def until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)")
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited")
