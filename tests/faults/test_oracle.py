"""The oracle must be able to fail: each kind of disagreement, one at a time, in a story that is right otherwise."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from campaigns.values import estados
from tests.faults.credit import exchanged
from tests.faults.oracle import (
    DOUBTED,
    DROPPED,
    MOVES,
    PROVED,
    RETRIED,
    Accepted,
    Campaign,
    Evidence,
    Row,
    judge,
)
from tests.faults.recipients import Fate
from tests.faults.verdict import Kind

PHONE = "+573001112233"
TWIN = "+573001112244"


CAMPAIGN = Campaign(
    1, "completado", ended=True, total=4, exitosos=1, fallidos=3,
    fates={11: Fate.SENT, 12: Fate.NO_PHONE, 13: Fate.REPEATED, 14: Fate.REFUSED},
    closed=[(1, 1, 3)],
)  # fmt: skip


def row(number: int, **changes: Any) -> Row:
    made = Row(number, 1, 1, number, PHONE, "Hola", "enviado", "", f"SM{number}", "")
    return replace(made, **changes)


def message(number: int, **changes: Any) -> Accepted:
    return replace(Accepted(f"SM{number}", PHONE, "Hola", number, "delivered"), **changes)


@dataclass
class Story:
    """A campaign of four: one sent, one without a phone, one with the first one's phone, one refused by Twilio."""

    campaign: Campaign = CAMPAIGN
    rows: list[Row] = field(
        default_factory=lambda: [
            row(11),
            row(12, telefono="", estado="fallido", codigo="sin_telefono", twilio_sid=""),
            row(13, estado="fallido", codigo="telefono_duplicado", twilio_sid=""),
            row(14, telefono="+15005550001", estado="fallido", codigo="21211", twilio_sid=""),
        ]
    )
    accepted: list[Accepted] = field(default_factory=lambda: [message(11)])
    moves: list[tuple[int, str, str]] = field(
        default_factory=lambda: [(11, "pendiente", "enviando"), (11, "enviando", "enviado")]
    )

    def found(self) -> list[tuple[Kind, int | None]]:
        violations = judge(Evidence([self.campaign], self.rows, self.accepted, self.moves))
        assert all(violation.campana_id in {0, 1} for violation in violations)
        return [(violation.kind, violation.log_id) for violation in violations]

    def change(self, index: int, **changes: Any) -> None:
        self.rows[index] = replace(self.rows[index], **changes)

    def counting(self, exitosos: int, fallidos: int, estado: str = "completado") -> None:
        self.campaign = replace(
            self.campaign, exitosos=exitosos, fallidos=fallidos, estado=estado, closed=[(1, exitosos, fallidos)]
        )


@pytest.fixture
def story() -> Story:
    return Story()


def test_it_finds_nothing_wrong_with_what_is_right(story: Story) -> None:
    assert story.found() == []


@pytest.mark.parametrize("codigo", ["21610", "baja"])
def test_who_left_is_refused_by_twilio_once_and_by_us_from_then_on(story: Story, codigo: str) -> None:
    story.campaign = replace(story.campaign, fates={**story.campaign.fates, 14: Fate.LEFT})
    story.change(3, telefono="+15005550004", codigo=codigo)
    assert story.found() == []
    story.change(3, codigo="21211")
    assert [kind for kind, _ in story.found()] == [Kind.WRONG]


class TestLost:
    def test_it_finds_a_message_that_was_never_accepted(self, story: Story) -> None:
        story.accepted.clear()
        assert story.found() == [(Kind.LOST, 11)]

    @pytest.mark.parametrize("codigo", ["20429", "desconocido", "no_aceptado", "worker_lost", "sin_telefono"])
    def test_it_finds_one_that_failed_for_no_true_reason(self, story: Story, codigo: str) -> None:
        story.change(0, estado="fallido", codigo=codigo, twilio_sid="")
        story.accepted.clear()
        story.counting(0, 4, "error")
        assert story.found() == [(Kind.LOST, 11)]

    def test_it_finds_a_client_without_a_row(self, story: Story) -> None:
        del story.rows[1]
        story.counting(1, 2)
        assert story.found() == [(Kind.LOST, None)]

    def test_it_finds_one_cancelled_in_a_campaign_that_was_not(self, story: Story) -> None:
        story.change(0, estado="fallido", codigo="campana_cancelada", twilio_sid="")
        story.accepted.clear()
        story.counting(0, 4, "error")
        assert story.found() == [(Kind.LOST, 11)]


class TestDuplicated:
    def test_it_finds_a_second_message_for_a_row(self, story: Story) -> None:
        story.accepted.append(message(11, sid="SMx"))
        assert story.found() == [(Kind.DUPLICATED, 11)]

    def test_it_counts_each_message_beyond_the_first(self, story: Story) -> None:
        story.accepted += [message(11, sid="SMx"), message(11, sid="SMy")]
        assert story.found() == [(Kind.DUPLICATED, 11)] * 2

    def test_it_finds_two_rows_that_reached_one_phone(self, story: Story) -> None:
        story.change(2, estado="enviado", codigo="", twilio_sid="SM13")
        story.accepted.append(message(13))
        story.counting(2, 2)
        assert story.found() == [(Kind.DUPLICATED, 13), (Kind.WRONG, 13)]

    def test_the_same_phone_in_two_campaigns_is_no_duplicate(self, story: Story) -> None:
        other = Campaign(2, "completado", ended=True, total=1, exitosos=1, fallidos=0, fates={11: Fate.SENT})
        rows = [*story.rows, row(21, campana_id=2, cliente_id=11)]
        accepted = [*story.accepted, message(21)]
        assert judge(Evidence([story.campaign, other], rows, accepted, story.moves)) == []


class TestWrongState:
    @pytest.mark.parametrize("estado", ["fallido", "incierto", "pendiente", "enviando"])
    def test_it_finds_an_accepted_message_that_the_row_denies(self, story: Story, estado: str) -> None:
        story.change(0, estado=estado, codigo="21211", twilio_sid="")
        story.counting(0, 4, "error")
        assert (Kind.WRONG, 11) in story.found()

    def test_it_finds_another_rows_sid(self, story: Story) -> None:
        story.change(0, twilio_sid="SM99")
        assert story.found() == [(Kind.WRONG, 11)]

    @pytest.mark.parametrize("changes", [{"to": TWIN}, {"body": "Chao"}])
    def test_it_finds_other_words_or_another_phone(self, story: Story, changes: dict[str, str]) -> None:
        story.accepted = [message(11, **changes)]
        assert story.found() == [(Kind.WRONG, 11)]

    def test_it_finds_a_second_message_that_went_to_another_phone(self, story: Story) -> None:
        story.accepted.append(message(11, sid="SMx", to=TWIN))
        assert story.found() == [(Kind.WRONG, 11)]

    def test_it_finds_a_message_that_no_row_asked_for(self, story: Story) -> None:
        story.accepted += [message(98), message(97, log_id=None)]
        assert sorted(story.found(), key=str) == [(Kind.WRONG, 98), (Kind.WRONG, None)]

    def test_it_finds_a_delivery_that_did_not_happen(self, story: Story) -> None:
        story.change(0, entrega="delivered")
        assert story.found() == []
        story.accepted = [message(11, outcome="undelivered")]
        assert story.found() == [(Kind.WRONG, 11)]

    def test_it_finds_somebody_who_could_not_be_sent_to_and_was(self, story: Story) -> None:
        story.change(3, estado="enviado", codigo="", twilio_sid="SM14")
        story.accepted.append(message(14, to="+15005550001"))
        story.counting(2, 2)
        assert story.found() == [(Kind.WRONG, 14)]

    @pytest.mark.parametrize(
        ("index", "codigo"),
        [(1, "telefono_invalido"), (2, "sin_telefono"), (3, "20429"), (3, "desconocido"), (3, "")],
    )
    def test_it_finds_a_failure_for_another_reason(self, story: Story, index: int, codigo: str) -> None:
        story.change(index, codigo=codigo)
        assert story.found() == [(Kind.WRONG, 11 + index)]

    def test_it_finds_somebody_who_was_not_chosen(self, story: Story) -> None:
        story.rows.append(row(15, estado="fallido", codigo="sin_telefono", telefono=""))
        story.counting(1, 4)
        assert story.found() == [(Kind.WRONG, 15)]

    @pytest.mark.parametrize("counts", [(2, 2), (1, 2), (0, 4)])
    def test_it_finds_counters_that_the_rows_deny(self, story: Story, counts: tuple[int, int]) -> None:
        story.campaign = replace(story.campaign, exitosos=counts[0], fallidos=counts[1])
        assert story.found() == [(Kind.WRONG, None)]

    def test_it_finds_a_lote_that_its_rows_deny(self, story: Story) -> None:
        story.campaign = replace(story.campaign, closed=[(1, 2, 2)])
        assert story.found() == [(Kind.WRONG, None)]

    def test_it_finds_a_total_that_was_not_asked_for(self, story: Story) -> None:
        story.campaign = replace(story.campaign, total=5)
        assert story.found() == [(Kind.WRONG, None)]

    @pytest.mark.parametrize("estado", ["error", "procesando", "cancelado"])
    def test_it_finds_the_wrong_end(self, story: Story, estado: str) -> None:
        story.campaign = replace(story.campaign, estado=estado)
        assert story.found() == [(Kind.WRONG, None)]

    @pytest.mark.parametrize(
        "move", [("enviado", "pendiente"), ("fallido", "pendiente"), ("enviado", "fallido"), ("pendiente", "incierto")]
    )
    def test_it_finds_a_move_that_no_table_allows(self, story: Story, move: tuple[str, str]) -> None:
        story.moves.append((11, *move))
        assert story.found() == [(Kind.WRONG, 11)]

    def test_a_failed_row_is_free_again_where_somebody_asked_for_it(self, story: Story) -> None:
        story.campaign = replace(story.campaign, retried=True)
        story.moves += [(12, "fallido", "pendiente"), (12, "pendiente", "fallido")]
        assert story.found() == []
        story.moves.append((11, "enviado", "pendiente"))
        assert story.found() == [(Kind.WRONG, 11)]

    def test_what_was_dropped_unsent_is_sent_once_more_where_somebody_asked_for_it(self, story: Story) -> None:
        story.accepted.insert(0, message(11, sid="SM9", outcome="failed"))
        story.moves += [(11, "enviado", "fallido"), (11, "fallido", "pendiente")]
        assert {kind for kind, _ in story.found()} == {Kind.WRONG, Kind.DUPLICATED}
        story.campaign = replace(story.campaign, retried=True)
        assert story.found() == []
        story.accepted[0] = message(11, sid="SM9")  # it had arrived
        assert {kind for kind, _ in story.found()} == {Kind.WRONG, Kind.DUPLICATED}

    def test_a_row_that_was_given_up_is_sent_where_twilio_has_its_message(self, story: Story) -> None:
        story.moves += [(11, "incierto", "fallido"), (11, "fallido", "enviado")]
        assert story.found() == []
        story.moves.append((14, "fallido", "enviado"))
        assert story.found() == [(Kind.WRONG, 14)]

    def test_a_recipient_waits_for_a_cap_and_goes_on(self, story: Story) -> None:
        story.moves += [(11, "pendiente", "aparte"), (11, "aparte", "pendiente")]
        assert story.found() == []
        story.moves.append((11, "aparte", "enviando"))
        assert story.found() == [(Kind.WRONG, 11)]

    def test_it_knows_the_moves_of_the_products_table_and_no_other(self) -> None:
        table = {pair for move in estados.DE_SMS for pair in move.pairs if pair[0] is not None}
        assert MOVES | {RETRIED, DOUBTED, DROPPED, PROVED} == table

    def test_nothing_leaves_a_final_state(self) -> None:
        assert not [before for before, _ in MOVES if before in {"enviado", "fallido"}]


class TestStuck:
    @pytest.mark.parametrize("estado", ["pendiente", "enviando", "incierto"])
    def test_it_finds_a_row_that_is_not_final(self, story: Story, estado: str) -> None:
        story.change(0, estado=estado, twilio_sid="")
        story.accepted.clear()
        story.campaign = replace(
            story.campaign, estado="procesando", ended=False, exitosos=0, fallidos=0, closed=[]
        )  # fmt: skip
        assert story.found() == [(Kind.STUCK, None), (Kind.STUCK, 11)]

    def test_it_finds_a_campaign_that_did_not_end(self, story: Story) -> None:
        story.campaign = replace(story.campaign, estado="procesando", ended=False, exitosos=0, fallidos=0)
        assert story.found() == [(Kind.STUCK, None)]


class TestCancelled:
    @pytest.fixture
    def cancelled(self, story: Story) -> Story:
        story.campaign = replace(story.campaign, cancelled=True)
        story.change(0, estado="fallido", codigo="campana_cancelada", twilio_sid="")
        story.accepted.clear()
        story.counting(0, 4, "cancelado")
        return story

    def test_whoever_was_not_sent_to_yet_is_not_lost(self, cancelled: Story) -> None:
        assert cancelled.found() == []

    def test_whoever_was_sent_to_must_say_so(self, cancelled: Story) -> None:
        cancelled.accepted.append(message(11))
        assert cancelled.found() == [(Kind.WRONG, 11)]

    @pytest.mark.parametrize("forget", ["asked", "said"])
    def test_it_must_have_been_asked_for(self, cancelled: Story, forget: str) -> None:
        if forget == "asked":
            cancelled.campaign = replace(cancelled.campaign, cancelled=False)
            assert cancelled.found() == [(Kind.WRONG, None)]
        else:
            cancelled.campaign = replace(cancelled.campaign, estado="error")
            assert cancelled.found() == [(Kind.LOST, 11)]


class TestExchange:
    """Two campaigns say the same words to the same phone; the calls of both came back from nowhere."""

    def judged(self, sids: tuple[str, str], *accepted: Accepted) -> tuple[list[tuple[Kind, int | None]], int]:
        campaigns = [
            Campaign(pk, "completado", ended=True, total=1, exitosos=1, fallidos=0, fates={11: Fate.SENT})
            for pk in (1, 2)
        ]
        rows = [row(11, twilio_sid=sids[0]), row(21, campana_id=2, cliente_id=11, twilio_sid=sids[1])]
        messages, moved = exchanged(rows, accepted)
        return [(v.kind, v.log_id) for v in judge(Evidence(campaigns, rows, messages))], moved

    def test_it_is_no_fault_when_each_stands_for_the_other(self) -> None:
        assert self.judged(("SM21", "SM11"), message(11), message(21)) == ([], 2)

    def test_it_is_no_fault_when_one_was_sent_again_in_the_others_place(self) -> None:
        assert self.judged(("SMx", "SM11"), message(11), message(11, sid="SMx")) == ([], 1)

    def test_the_one_that_nobody_has_stands_for_the_row_that_has_none(self) -> None:
        """Its own message is hidden: the row was given the other's, and the other ends unknown."""
        rows = [row(11, twilio_sid="SM21"), row(21, estado="fallido", codigo="desconocido", twilio_sid="")]
        messages, moved = exchanged(rows, [message(11), message(21)])
        assert ({one.sid: one.log_id for one in messages}, moved) == ({"SM11": 21, "SM21": 11}, 1)

    def test_it_moves_nothing_that_is_right(self) -> None:
        assert self.judged(("SM11", "SM21"), message(11), message(21)) == ([], 0)

    def test_one_message_cannot_stand_for_two(self) -> None:
        assert self.judged(("SM11", "SM11"), message(11)) == ([(Kind.LOST, 21)], 0)

    def test_a_third_message_is_one_too_many(self) -> None:
        found, _ = self.judged(("SM21", "SM11"), message(11), message(21), message(21, sid="SMx"))
        assert [kind for kind, _ in found] == [Kind.DUPLICATED]

    @pytest.mark.parametrize("changes", [{"body": "Chao"}, {"to": TWIN}])
    def test_other_words_or_another_phone_are_no_exchange(self, changes: dict[str, str]) -> None:
        found, moved = self.judged(("SM21", "SM11"), message(11, **changes), message(21, **changes))
        assert moved == 0
        assert (Kind.WRONG, 11) in found


def test_every_kind_can_be_found() -> None:
    """One change a kind: that no kind of the enumeration is forgotten by the tests above."""
    changes: dict[Kind, Callable[[Story], None]] = {
        Kind.LOST: lambda story: story.accepted.clear(),
        Kind.DUPLICATED: lambda story: story.accepted.append(message(11, sid="SMx")),
        Kind.WRONG: lambda story: story.change(0, twilio_sid="SM99"),
        Kind.STUCK: lambda story: setattr(story, "campaign", replace(story.campaign, ended=False)),
    }
    for kind in Kind:
        story = Story()
        changes[kind](story)
        assert kind in {found for found, _ in story.found()}
