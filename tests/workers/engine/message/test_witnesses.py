"""Messages of ours that were certainly accepted, and what they show of Twilio's list."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import CampanaSMS, Remitente, SMSLog
from tests.factories import CampanaFactory, ClienteFactory, open_lote, sms_log
from tests.workers.engine.conftest import Running
from workers.engine.base import account
from workers.engine.message import witnesses
from workers.engine.message.proof import NOTHING_KNOWN, Evidence
from workers.engine.message.witnesses import Witness
from workers.gateway.lookup import Listing, LookupFailedError, Message

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENDER = "+15005550006"


@pytest.fixture(autouse=True)
def _sender(settings: Any) -> None:
    settings.TWILIO_SENDER = SENDER


def accepted(running: Running, count: int, **fields: object) -> list[SMSLog]:
    """Make so many accepted rows, a minute apart, the last one now."""
    CampanaSMS.objects.update(iniciado_en=timezone.now())
    logs = []
    for n in range(count):
        cliente = ClienteFactory.create(usuario=running.campana.usuario)
        log = sms_log(running.campana, running.lote, cliente)
        claimed = timezone.now() - timedelta(minutes=count - 1 - n)
        values = {"reclamado_en": claimed, "twilio_sid": f"SM{uuid.uuid4().hex}", "token": uuid.uuid4()}
        SMSLog.objects.filter(pk=log.pk).update(estado="enviado", **{**values, **fields})
        log.refresh_from_db()
        logs.append(log)
    return logs


def phones(found: Sequence[Witness], *, early: bool) -> list[str]:
    return [witness.telefono for witness in found if witness.early is early]


class TestChoosing:
    def test_it_takes_the_latest_and_the_earliest(self, running: Running) -> None:
        logs = accepted(running, 8)
        found = witnesses.choose([SENDER])[SENDER]
        assert phones(found, early=False) == [log.telefono for log in logs[-2:]]
        assert phones(found, early=True) == [log.telefono for log in logs[:2]]

    def test_it_takes_nothing_that_may_be_deleted_by_now(self, running: Running) -> None:
        accepted(running, 3, reclamado_en=timezone.now() - timedelta(days=9))
        last = accepted(running, 2)
        assert set(phones(witnesses.choose([SENDER])[SENDER], early=True)) <= {log.telefono for log in last}

    @pytest.mark.parametrize(
        "fields",
        [{"estado": "incierto", "twilio_sid": ""}, {"cuenta": "0" * 16}],
        ids=["in doubt", "another account's"],
    )
    def test_others_are_no_witnesses(self, running: Running, fields: dict[str, Any]) -> None:
        rows = accepted(running, 3)
        SMSLog.objects.filter(pk__in=[log.pk for log in rows]).update(**fields)
        assert witnesses.choose([SENDER]) == {}
        SMSLog.objects.filter(pk=rows[0].pk).update(
            estado="enviado", twilio_sid="SM1", cuenta=account.fingerprint()[:8] + "f" * 8
        )
        assert len(witnesses.choose([SENDER])[SENDER]) == 1

    def test_each_sender_has_its_own(self, running: Running) -> None:
        remitente = Remitente.objects.create(usuario=running.campana.usuario, nombre="x", valor="+573009998877")
        theirs = CampanaFactory.create(
            usuario=running.campana.usuario, remitente=remitente, estado="procesando", iniciado_en=timezone.now()
        )
        cliente = ClienteFactory.create(usuario=running.campana.usuario)
        log = sms_log(theirs, open_lote(theirs, [cliente]), cliente)
        SMSLog.objects.filter(pk=log.pk).update(estado="enviado", twilio_sid="SM1", reclamado_en=timezone.now())
        ours = accepted(running, 1)
        found = witnesses.choose([SENDER, remitente.valor, "85432"])
        assert {sender: [one.telefono for one in chosen] for sender, chosen in found.items()} == {
            SENDER: [ours[0].telefono],
            remitente.valor: [log.telefono],
        }


def witness(n: int, *, early: bool = False, since: datetime | None = None) -> Witness:
    until = since + timedelta(seconds=50) if since else None
    return Witness(f"+57300111000{n}", f"SM{n}", NOW + timedelta(minutes=n), since, until, early)


def listed(n: int, **fields: Any) -> Message:
    created = NOW + timedelta(minutes=n)
    values = {"status": "delivered", "to": f"+57300111000{n}", "sent_at": created + timedelta(seconds=2)}
    return Message(f"SM{n}", "x", error_code="", **{"created_at": created, **values, **fields})


def hear(found: Sequence[Witness], *messages: Message) -> Evidence:
    return witnesses.hear(
        found, lambda to, since: Listing(one for one in messages if one.to.endswith(to)), lambda sid: listed(1)
    )


class TestHearing:
    def test_the_latest_shows_how_far_the_list_has_come_and_the_earliest_that_numbers_are_found(self) -> None:
        found = [witness(3), witness(4), witness(1, early=True)]
        evidence = hear(found, listed(1), listed(3), listed(4))
        assert evidence == Evidence(
            fresh_to=NOW + timedelta(minutes=4),
            searched_from=NOW + timedelta(minutes=1, seconds=2),
            trusted=True,
            missing=None,
        )

    def test_none_shows_nothing(self) -> None:
        assert hear([]) == NOTHING_KNOWN

    def test_one_that_is_not_listed_yet_shows_nothing(self) -> None:
        evidence = hear([witness(3), witness(4)], listed(3))
        assert (evidence.fresh_to, evidence.trusted) == (NOW + timedelta(minutes=3), True)
        assert evidence.missing == NOW + timedelta(minutes=4)

    def test_an_early_one_that_is_hidden_makes_the_list_suspect(self) -> None:
        assert not hear([witness(3), witness(1, early=True)], listed(3)).trusted

    def test_an_early_one_that_was_deleted_shows_nothing(self) -> None:
        evidence = witnesses.hear([witness(1, early=True)], lambda to, since: Listing(), lambda sid: None)
        assert evidence == NOTHING_KNOWN

    @pytest.mark.parametrize("status", ["queued", "accepted", "sending", "failed"])
    def test_what_has_not_left_may_still_be_hidden(self, status: str) -> None:
        assert hear([witness(1)], listed(1, status=status, sent_at=None)).searched_from is None

    def test_by_rcs_it_is_found_too(self) -> None:
        assert hear([witness(1)], listed(1, to="rcs:+573001110001")).searched_from is not None

    @pytest.mark.parametrize(("off_s", "trusted"), [(0, True), (49, True), (-60, False), (3600, False)])
    def test_a_date_that_contradicts_the_claim_makes_the_clock_suspect(self, off_s: int, trusted: bool) -> None:
        created = NOW + timedelta(minutes=1)
        found = listed(1, created_at=created + timedelta(seconds=off_s))
        assert hear([witness(1, since=created)], found).trusted is trusted

    def test_one_that_got_another_rows_message_shows_nothing(self) -> None:
        agreeing = witness(1, since=NOW + timedelta(minutes=1))
        evidence = hear([witness(3, since=NOW), agreeing], listed(1), listed(3))
        assert (evidence.trusted, evidence.fresh_to) == (True, NOW + timedelta(minutes=1))

    def test_it_leaves_a_twilio_that_does_not_answer_alone(self) -> None:
        asked: list[str] = []

        def fail(to: str, since: datetime) -> Listing:
            asked.append(to)
            raise LookupFailedError("read_timeout")

        found = [witness(n) for n in range(4)]
        assert witnesses.hear(found, fail, lambda sid: None) == Evidence(missing=found[-1].claimed_at)
        assert len(asked) == witnesses.SILENT_AFTER

    def test_they_are_as_old_as_at_the_first_answer(self) -> None:
        times = iter([NOW, NOW + timedelta(seconds=9), None])
        found = [witness(n) for n in range(3)]
        assert witnesses.hear(found, lambda to, since: Listing(at=next(times)), lambda sid: None).heard_at == NOW

    def test_an_answer_that_was_lost_costs_one_witness_only(self) -> None:
        def ask(to: str, since: datetime) -> Listing:
            if to.endswith("3"):
                raise LookupFailedError("read_timeout")
            return Listing([listed(4)])

        assert witnesses.hear([witness(3), witness(4)], ask, lambda sid: None).fresh_to == NOW + timedelta(minutes=4)
