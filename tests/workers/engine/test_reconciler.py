"""What follows from what Twilio has, and has not, of an uncertain message."""

import math
import uuid
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from campaigns.models import CampanaSMS, Lote, SMSLog
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running, take, write
from workers.engine import reconciler
from workers.engine.reconciler import Doubt
from workers.gateway.lookup import LookupFailedError, Message
from workers.gateway.outcomes import Accepted, Outcome

SID = "SM" + "0" * 32
OTHER = "SM" + "1" * 32


class Twilio:
    """Holds these messages, or cannot be asked."""

    def __init__(self, *messages: Message, failure: str = "") -> None:
        self._messages = list(messages)
        self._failure = failure

    def send(
        self, *, to: str, body: str, callback_token: str, sender: str = "", not_after: float = math.inf
    ) -> Outcome:
        raise AssertionError("the reconciler sends nothing itself")

    def messages_to(self, to: str, *, since: datetime) -> list[Message]:
        if self._failure:
            raise LookupFailedError(self._failure)
        return [message for message in self._messages if message.created_at >= since]


def message(body: str, sid: str = SID, status: str = "sent", age: timedelta = timedelta()) -> Message:
    return Message(sid, body, status, "", timezone.now() - age)


def doubtful(running: Running, **fields: object) -> SMSLog:
    log = running.logs[0]
    values = {"token": uuid.uuid4(), "reclamado_en": timezone.now() - timedelta(minutes=2), "codigo": "read_timeout"}
    SMSLog.objects.filter(pk=log.pk).update(estado="incierto", **{**values, **fields})
    Lote.objects.filter(pk=running.lote.pk).update(estado="por_conciliar")
    log.refresh_from_db()
    return log


def settle(log: SMSLog, twilio: Twilio) -> SMSLog:
    assert log.token is not None
    assert log.reclamado_en is not None
    doubt = Doubt(log.pk, log.telefono, log.mensaje, log.token, log.reclamado_en, log.ausencias, since=log.actualizado)
    reconciler.settle(twilio, doubt)
    log.refresh_from_db()
    return log


def test_a_message_that_is_there_was_sent(running: Running) -> None:
    log = doubtful(running)
    settle(log, Twilio(message("otro texto", OTHER), message(log.mensaje)))
    assert (log.estado, log.twilio_sid, log.entrega, log.codigo) == ("enviado", SID, "sent", "")


@pytest.mark.parametrize("body", [" {} ", "{}\n", "  {}"])
def test_it_knows_a_text_that_twilio_trimmed(running: Running, body: str) -> None:
    log = doubtful(running)
    assert settle(log, Twilio(message(body.replace("{}", log.mensaje)))).estado == "enviado"


@pytest.mark.parametrize(
    "twilio",
    [
        Twilio(),
        Twilio(message("otro texto")),
        Twilio(message("Hola Cliente", age=timedelta(hours=1))),
    ],
)
def test_a_message_is_sent_again_only_after_two_absences_apart(running: Running, twilio: Twilio) -> None:
    log = doubtful(running)
    settle(log, twilio)
    assert (log.estado, log.ausencias) == ("incierto", 1)
    assert log.revisar_desde is not None
    assert log.revisar_desde - timezone.now() > timedelta(seconds=50)
    settle(log, twilio)
    assert log.estado == "pendiente"
    running.reload()
    assert running.lote.estado == "abierto"
    assert running.lote.publicar_desde is not None


def test_an_old_message_with_the_same_text_is_not_this_one(running: Running) -> None:
    log = doubtful(running)
    settle(log, Twilio(message(log.mensaje, age=timedelta(hours=1))))
    assert (log.estado, log.ausencias) == ("incierto", 1)


def test_a_message_that_another_row_accounts_for_is_not_this_one(running: Running) -> None:
    log = doubtful(running)
    SMSLog.objects.filter(pk=running.logs[1].pk).update(estado="enviado", twilio_sid=SID)
    settle(log, Twilio(message(log.mensaje, SID)))
    assert (log.estado, log.ausencias) == ("incierto", 1)
    settle(log, Twilio(message(log.mensaje, SID), message(log.mensaje, OTHER)))
    assert (log.estado, log.twilio_sid) == ("enviado", OTHER)


def test_it_does_not_take_the_message_that_another_campaign_is_sending(running: Running) -> None:
    """The other's call was accepted and has not come back yet: the message is in Twilio's list, its sid in no row."""
    log = doubtful(running, ausencias=1)
    campana = CampanaFactory.create(usuario=running.campana.usuario)
    rival = sms_log(campana, open_lote(campana, []), log.cliente or ClienteFactory.create(), mensaje=log.mensaje)
    CampanaSMS.objects.update(estado="procesando")
    claim = take(rival.pk)
    assert claim is not None
    settle(log, Twilio(message(log.mensaje)))
    assert (log.estado, log.ausencias) == ("incierto", 1)
    write(claim, Accepted(SID, "queued", 1))
    settle(log, Twilio(message(log.mensaje)))
    assert log.estado == "pendiente"


def test_it_keeps_the_reason_of_a_delivery_that_failed(running: Running) -> None:
    log = doubtful(running)
    settle(log, Twilio(Message(SID, log.mensaje, "undelivered", "30005", timezone.now())))
    assert (log.estado, log.entrega, log.entrega_codigo) == ("enviado", "undelivered", "30005")


def test_it_gives_up_on_what_twilio_never_accepts(running: Running) -> None:
    log = doubtful(running, ausencias=1, intentos=settings.SEND_ATTEMPTS)
    settle(log, Twilio())
    assert (log.estado, log.codigo) == ("fallido", "no_aceptado")


def test_a_row_in_trouble_does_not_come_first_again(running: Running) -> None:
    log = doubtful(running)

    class Broken(Twilio):
        def messages_to(self, to: str, *, since: datetime) -> list[Message]:
            raise RuntimeError

    assert log.token is not None
    assert log.reclamado_en is not None
    reconciler._settle_or_put_off(
        Broken(), Doubt(log.pk, log.telefono, log.mensaje, log.token, log.reclamado_en, 0, log.actualizado)
    )
    log.refresh_from_db()
    assert (log.estado, log.ausencias) == ("incierto", 0)
    assert log.revisar_desde is not None


@pytest.mark.django_db(transaction=True)
class TestARun:
    @pytest.fixture(autouse=True)
    def _twilio(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        SMSLog.objects.update(estado="incierto", token=uuid.uuid4(), reclamado_en=timezone.now())
        monkeypatch.setattr(reconciler, "get_gateway", Twilio)

    def test_it_looks_at_every_row_that_is_due(self, running: Running) -> None:
        assert reconciler.reconcile() == 3
        assert list(SMSLog.objects.values_list("ausencias", flat=True)) == [1, 1, 1]
        assert reconciler.reconcile() == 0

    def test_it_begins_no_row_when_its_time_is_over(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reconciler, "RUN_S", -1.0)
        assert reconciler.reconcile() == 0
        assert list(SMSLog.objects.values_list("ausencias", flat=True)) == [0, 0, 0]


def test_it_keeps_asking_while_twilio_is_out_of_reach_and_then_says_unknown(running: Running) -> None:
    log = doubtful(running)
    settle(log, Twilio(failure="read_timeout"))
    assert (log.estado, log.ausencias) == ("incierto", 0)
    SMSLog.objects.filter(pk=log.pk).update(actualizado=timezone.now() - timedelta(hours=25))
    log.refresh_from_db()
    settle(log, Twilio(failure="read_timeout"))
    assert (log.estado, log.codigo) == ("fallido", "desconocido")


def test_an_unreachable_twilio_is_no_absence(running: Running) -> None:
    log = doubtful(running, ausencias=1)
    settle(log, Twilio(failure="http_503"))
    assert (log.estado, log.ausencias) == ("incierto", 1)


def test_it_writes_nothing_over_what_a_callback_settled(running: Running) -> None:
    log = doubtful(running, ausencias=1)
    assert log.token is not None
    assert log.reclamado_en is not None
    doubt = Doubt(log.pk, log.telefono, log.mensaje, log.token, log.reclamado_en, 1, log.actualizado)
    SMSLog.objects.filter(pk=log.pk).update(estado="enviado", twilio_sid=OTHER)
    reconciler.settle(Twilio(), doubt)
    log.refresh_from_db()
    assert (log.estado, log.twilio_sid) == ("enviado", OTHER)
