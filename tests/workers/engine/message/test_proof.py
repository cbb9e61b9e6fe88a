"""The rules of proof, each by itself."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from workers.engine.message import proof
from workers.engine.message.proof import Do, Doubt, Evidence, Known, Rival, Verdict
from workers.gateway.lookup import Message

SID = "SM" + "0" * 32
PHONE = "+573001112233"
SENDER = "+573009998877"
SERVICE = "MG" + "0" * 32
WORDS = "Hola, José: “20 %” de descuento – hoy…"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTERVAL = timedelta(seconds=settings.RECONCILE_INTERVAL_S)

DOUBT = Doubt(
    log_id=1,
    telefono=PHONE,
    mensaje=WORDS,
    token=uuid.uuid4(),
    claimed_at=NOW,
    absences=0,
    age_s=60.0,
    campana_id=1,
    sender=SENDER,
    since=NOW,
    until=NOW + timedelta(seconds=10),
)
LISTED = Message(SID, WORDS, "sent", "", NOW + timedelta(seconds=1), PHONE, SENDER)
# A message of ours was accepted after the doubt's time was over, and one before it can still be found by its number.
PROVED = Evidence(
    fresh_to=NOW + timedelta(seconds=11),
    searched_from=NOW - timedelta(minutes=1),
    heard_at=NOW + timedelta(minutes=2),
)


def look(*messages: Message, doubt: Doubt = DOUBT, evidence: Evidence = PROVED, known: Known | None = None) -> Verdict:
    return proof.judge(doubt, messages, known or Known(), evidence, NOW + timedelta(minutes=2))


def listed(**changes: object) -> Message:
    return replace(LISTED, **changes)  # type: ignore[arg-type]


class TestItsMessage:
    @pytest.mark.parametrize(
        "body",
        [
            WORDS,
            f"  {WORDS}\n",
            f"Sent from your Twilio trial account - {WORDS}",
            'Hola, José: "20 %" de descuento - hoy...',
            f'Sent from your Twilio trial account - {"Hola, José: "}"20 %" de descuento - hoy...',
            "Hola, José: “20\u00a0%” de descuento – hoy…",
        ],
    )
    def test_it_knows_its_words_under_what_twilio_is_known_to_change(self, body: str) -> None:
        assert look(listed(body=body)).do is Do.SENT

    @pytest.mark.parametrize("status", ["accepted", "queued", "sending", "delivered", "undelivered", "canceled", ""])
    def test_it_was_accepted_whatever_became_of_it(self, status: str) -> None:
        assert look(listed(status=status)).do is Do.SENT

    def test_it_failed_on_its_way(self) -> None:
        assert look(listed(status="failed", error_code="30005")).do is Do.SENT

    @pytest.mark.parametrize(
        ("sender", "message"),
        [
            (SENDER, listed(sender="")),
            ("MiTienda", listed(sender="mitienda")),
            (SERVICE, listed(sender="", service=SERVICE)),
            (SERVICE, listed(sender="+573000000000", service=SERVICE)),
            (SERVICE, listed(to="rcs:" + PHONE, sender="", service=SERVICE)),
            ("", LISTED),
        ],
    )
    def test_it_came_from_our_sender_or_nobody_can_tell(self, sender: str, message: Message) -> None:
        assert look(message, doubt=replace(DOUBT, sender=sender)).do is Do.SENT

    def test_another_rows_message_is_not_its_own(self) -> None:
        assert look(LISTED, known=Known(sids={SID})).do is Do.ABSENT

    def test_a_message_from_before_is_not_its_own(self) -> None:
        assert look(listed(created_at=NOW - timedelta(hours=1))).do is Do.ABSENT

    def test_where_the_claim_did_not_know_twilios_clock_no_offset_hides_it(self) -> None:
        unknown = replace(DOUBT, since=None, until=None)
        for hours in (-25, -5, 5, 25):
            assert look(listed(created_at=NOW + timedelta(hours=hours)), doubt=unknown).do is Do.SENT


class TestSomethingCouldBeIt:
    @pytest.mark.parametrize(
        "body",
        [
            "",
            "REDACTED",
            WORDS.upper(),
            WORDS[:-6],
            f"{WORDS[:6]}XXXXXXX",
            f"Enviado desde su cuenta de prueba de Twilio - {WORDS}",
            "Su código es 123456",
        ],
    )
    def test_it_is_never_free_while_such_a_message_exists(self, body: str) -> None:
        for doubt in (DOUBT, replace(DOUBT, absences=1, missed_at=NOW)):
            verdict = look(listed(body=body), doubt=doubt)
            assert (verdict.do, verdict.absences, verdict.missed_at) == (Do.WAIT, 0, None)

    @pytest.mark.parametrize(
        "message",
        [
            listed(sender="+573000000000"),  # our words from another sender
            listed(status="failed"),
            listed(status="failed", error_code="95999"),  # nobody here knows whether that is a refusal
        ],
    )
    def test_its_words_are_not_enough(self, message: Message) -> None:
        assert look(message).do is Do.WAIT

    def test_other_words_from_another_sender_are_not_ours(self) -> None:
        assert look(listed(body="Su código es 123456", sender="+573000000000")).do is Do.ABSENT
        service = replace(DOUBT, sender=SERVICE)
        assert look(listed(body="", sender="", service="MG" + "1" * 32), doubt=service).do is Do.ABSENT

    @pytest.mark.parametrize(
        ("doubt", "sender"), [(replace(DOUBT, sender=""), "+573000000000"), (DOUBT, "+57300XXXXXX"), (DOUBT, "")]
    )
    def test_nor_when_the_sender_cannot_be_told(self, doubt: Doubt, sender: str) -> None:
        assert look(listed(body="", sender=sender), doubt=doubt).do is Do.WAIT

    def test_a_number_may_stand_in_for_a_name(self) -> None:
        assert look(listed(body="", sender="+573000000000"), doubt=replace(DOUBT, sender="MiTienda")).do is Do.WAIT

    def test_another_rows_words_are_that_rows(self) -> None:
        rival = Rival(2, PHONE, "Otra campaña")
        assert look(listed(body="Otra campaña"), known=Known(rivals=[rival])).do is Do.ABSENT
        assert look(listed(body=""), known=Known(rivals=[rival])).do is Do.WAIT
        elsewhere = Rival(2, "+573000000001", "Otra campaña")
        assert look(listed(body="Otra campaña"), known=Known(rivals=[elsewhere])).do is Do.WAIT


class TestRefusals:
    @pytest.mark.parametrize("code", ["21610", "21211", "21408", "21999"])
    @pytest.mark.parametrize("sender", ["", SENDER])
    def test_a_refusal_of_this_attempt_is_its_end(self, code: str, sender: str) -> None:
        refusal = listed(status="failed", error_code=code, sender=sender)
        verdict = look(refusal)
        assert (verdict.do, list(verdict.messages)) == (Do.REFUSED, [refusal])

    @pytest.mark.parametrize("code", ["21610", "21606", "21611", "20003"])
    def test_an_earlier_attempts_refusal_says_nothing(self, code: str) -> None:
        earlier = listed(status="failed", error_code=code, created_at=NOW - timedelta(minutes=4))
        assert look(earlier).do is Do.ABSENT
        assert look(earlier, LISTED).do is Do.SENT

    @pytest.mark.parametrize("code", ["21606", "21703", "20003", "21611"])
    def test_what_would_not_be_every_attempts_is_heard_by_the_next(self, code: str) -> None:
        assert look(listed(status="failed", error_code=code)).do is Do.ABSENT

    def test_nothing_is_told_by_its_time_when_the_claim_did_not_know_it(self) -> None:
        unknown = replace(DOUBT, since=None)
        assert look(listed(status="failed", error_code="21610"), doubt=unknown).do is Do.ABSENT

    @pytest.mark.parametrize("body", ["", "otra cosa"])
    def test_anothers_refusal_is_no_reason_to_wait(self, body: str) -> None:
        assert look(listed(body=body, status="failed", error_code="21610")).do is Do.ABSENT


class TestTheList:
    """An absence counts only when the list has shown that it would have the message."""

    SECOND_LOOK = replace(DOUBT, absences=1, missed_at=NOW + timedelta(seconds=30))

    def test_it_is_free_after_two_absences(self) -> None:
        first = look()
        assert (first.do, first.absences, first.missed_at) == (Do.ABSENT, 1, NOW + timedelta(minutes=2))
        assert look(doubt=self.SECOND_LOOK).do is Do.FREE

    @pytest.mark.parametrize(
        "evidence",
        [
            proof.NOTHING_KNOWN,
            replace(PROVED, fresh_to=NOW + timedelta(seconds=9)),  # what was accepted later is not there yet
            replace(PROVED, trusted=False),
        ],
    )
    @pytest.mark.parametrize("doubt", [DOUBT, SECOND_LOOK])
    def test_a_list_that_is_behind_proves_nothing(self, doubt: Doubt, evidence: Evidence) -> None:
        verdict = look(doubt=doubt, evidence=evidence)
        assert (verdict.do, verdict.absences) == (Do.UNPROVED, doubt.absences)

    def test_both_looks_are_apart_by_twilios_clock_too(self) -> None:
        doubt = replace(DOUBT, absences=1, missed_at=NOW + timedelta(minutes=2) - INTERVAL / 2)
        assert look(doubt=doubt).do is Do.UNPROVED

    @pytest.mark.parametrize("searched_from", [None, NOW + INTERVAL + timedelta(seconds=1)])
    def test_where_numbers_may_be_hidden_by_now_the_whole_account_is_read(self, searched_from: datetime | None) -> None:
        evidence = replace(PROVED, searched_from=searched_from)
        assert look(evidence=evidence).do is Do.ABSENT
        second_look = replace(self.SECOND_LOOK, missed_at=NOW + timedelta(minutes=2) - INTERVAL)
        assert look(doubt=second_look, evidence=evidence).do is Do.SEARCH

    @pytest.mark.parametrize(
        ("left", "heard", "do"),
        [(87, 120, Do.FREE), (89, 120, Do.SEARCH), (88, 119, Do.SEARCH), (87, None, Do.SEARCH)],
    )
    def test_a_witness_as_old_as_the_message_was_at_the_first_look_will_do(
        self, left: int, heard: int | None, do: Do
    ) -> None:
        """After a long outage the first that was accepted is old enough some time later. It is as old as when it was
        heard, which is before the look."""
        evidence = replace(
            PROVED,
            searched_from=NOW + timedelta(seconds=left),
            heard_at=None if heard is None else NOW + timedelta(seconds=heard),
        )
        assert look(doubt=self.SECOND_LOOK, evidence=evidence).do is do

    @pytest.mark.parametrize(("hours", "do"), [(25, Do.SEARCH), (27, Do.FREE)])
    def test_where_the_claim_did_not_know_twilios_clock_only_an_old_witness_will_do(self, hours: int, do: Do) -> None:
        doubt = replace(self.SECOND_LOOK, since=None)
        evidence = replace(PROVED, searched_from=NOW - timedelta(hours=hours))
        assert look(doubt=doubt, evidence=evidence).do is do

    def test_the_end_of_its_time_is_learnt_first(self) -> None:
        unknown = replace(DOUBT, since=None, until=None)
        assert look(doubt=unknown).do is Do.UNPROVED

    @pytest.mark.parametrize("until", [DOUBT.until, None])
    def test_one_row_goes_first_when_nothing_of_ours_was_accepted_later(self, until: datetime | None) -> None:
        asked_at = NOW + timedelta(minutes=2)
        long_ago = asked_at - timedelta(seconds=settings.LIST_LAG_S)
        missed = replace(DOUBT, missed_at=long_ago, until=until)
        before = Evidence(fresh_to=NOW, missing=NOW - timedelta(seconds=1))
        assert look(doubt=missed, evidence=proof.NOTHING_KNOWN).do is Do.PILOT_SEARCH
        assert look(doubt=missed, evidence=before).do is Do.PILOT_SEARCH
        # The list may not have had it at any look before: only a witness that was older than it is now will do.
        younger = replace(before, searched_from=NOW - timedelta(seconds=1), heard_at=asked_at)
        assert look(doubt=missed, evidence=younger).do is Do.PILOT_SEARCH
        older = replace(before, searched_from=NOW - timedelta(seconds=2), heard_at=asked_at)
        assert look(doubt=missed, evidence=older).do is Do.PILOT
        assert look(doubt=replace(missed, sender=""), evidence=older).do is Do.PILOT_SEARCH
        heard_before = replace(older, heard_at=asked_at - timedelta(seconds=1))
        assert look(doubt=missed, evidence=heard_before).do is Do.PILOT_SEARCH
        too_soon = replace(missed, missed_at=long_ago + timedelta(seconds=1))
        behind = Evidence(missing=NOW + timedelta(seconds=1))  # accepted, and not to be found
        for doubt, evidence in ((too_soon, before), (missed, behind), (missed, replace(before, trusted=False))):
            assert look(doubt=doubt, evidence=evidence).do is Do.UNPROVED


class TestTheWholeAccount:
    @pytest.mark.parametrize(
        "message",
        [
            listed(to="+57300111XXXX"),
            listed(to="+57300111XXXX", body=""),
            listed(to="rcs:" + PHONE),
            listed(to="", body=""),
            listed(to=PHONE[1:]),
            listed(to="+57 300 111-2233"),
            listed(to="whatsapp:" + PHONE),
            listed(to="rcs:+57300111XXXX"),
        ],
    )
    def test_it_could_be_under_another_number(self, message: Message) -> None:
        assert proof.could_be_hidden(DOUBT, [message], Known())
        assert not proof.could_be_hidden(DOUBT, [message], Known(sids={SID}))

    @pytest.mark.parametrize(
        "message",
        [
            listed(to="+573001112234"),
            listed(to="+57300112XXXX"),
            listed(to="+57 300 111 22 34"),
            listed(to="whatsapp:+573001112234"),
            listed(to="+57300111XXXX", body="", sender="+573000000000"),
            listed(to="+57300111XXXX", created_at=NOW - timedelta(hours=1)),
            listed(to="+57300111XXXX", status="failed", error_code="21610"),
        ],
    )
    def test_it_could_not(self, message: Message) -> None:
        assert not proof.could_be_hidden(DOUBT, [message], Known())
