"""PostgreSQL without its last commits: whose a message is then, and what is demanded of campaigns that are no more."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from tests.faults import posts
from tests.faults.conditions import LEASE_S
from tests.faults.load import Load, Made
from tests.faults.losses import Loss, judge_forgotten, placed
from tests.faults.operator import Operator
from tests.faults.oracle import Accepted, Campaign, Evidence, Row, judge
from tests.faults.recipients import Fate
from tests.faults.verdict import Kind, Violation

PHONE, TWIN = "+573001112233", "+573001112244"
BACK = 1_000.0
GONE = Made(7, Mock(), {}, 9, ", oferta 9")
LOSS = Loss(BACK, (GONE,))

# The campaign goes on under the same id; the row that it sent from is no more, and its number is another's.
CAMPAIGN = Campaign(1, "completado", ended=True, total=1, exitosos=1, fallidos=0, fates={11: Fate.SENT}, doubted=True)
OTHER = Campaign(2, "completado", ended=True, total=1, exitosos=1, fallidos=0, fates={12: Fate.SENT}, doubted=True)
ROWS = [
    Row(52, 1, 1, 11, PHONE, "Hola Ana, oferta 1", "enviado", "", "SMa", ""),
    Row(51, 2, 2, 12, TWIN, "Hola Eva, oferta 2", "enviado", "", "SMb", ""),
]
POSTS = {"a": 1, "b": 2, "z": 7}


def message(sid: str, token: str, log_id: int, **changes: Any) -> Accepted:
    to, body = (PHONE, "Hola Ana, oferta 1") if token == "a" else (TWIN, "Hola Eva, oferta 2")
    return replace(Accepted(sid, to, body, log_id, "delivered", token, BACK - 1.0), **changes)


FORGOTTEN = message("SMz", "z", 51, to=PHONE, body="Hola Ana, oferta 9")
SENT = [message("SMa", "a", 51), message("SMb", "b", 51, at=BACK + 5.0)]


def found(
    accepted: Sequence[Accepted], losses: Sequence[Loss] = (LOSS,), rows: Sequence[Row] = ROWS
) -> list[tuple[Kind, int | None]]:
    mine, forgotten = placed(accepted, rows, POSTS, losses)
    violations = judge(Evidence([CAMPAIGN, OTHER], list(rows), mine))
    return [(one.kind, one.log_id) for one in (*violations, *judge_forgotten(forgotten, losses))]


def test_a_message_of_before_counts_for_the_row_that_stands_for_its_recipient_now() -> None:
    assert found(SENT) == []
    assert found([*SENT, FORGOTTEN]) == []


def test_without_a_loss_a_message_is_its_rows_alone() -> None:
    assert (Kind.LOST, 52) in found(SENT, ())
    assert found([*SENT, FORGOTTEN], ())


def test_a_recipient_who_was_sent_to_again_after_a_loss_is_a_duplicate() -> None:
    assert found([*SENT, message("SMc", "a", 52, at=BACK + 5.0)]) == [(Kind.DUPLICATED, 52)]
    rows = [replace(ROWS[0], twilio_sid="SMc"), ROWS[1]]
    assert (Kind.DUPLICATED, 52) in found([*SENT, message("SMc", "a", 52, at=BACK + 5.0)], rows=rows)


def test_a_row_that_forgot_its_message_is_wrong() -> None:
    rows = [replace(ROWS[0], estado="fallido", codigo="desconocido", twilio_sid=""), ROWS[1]]
    assert (Kind.WRONG, 52) in found(SENT, rows=rows)


def test_who_was_left_out_after_a_loss_is_lost() -> None:
    assert found(SENT[1:]) == [(Kind.LOST, 52)]


def test_a_message_that_nobody_noted_is_nobodys() -> None:
    stranger = message("SMx", "unknown", 99)
    assert found([*SENT, stranger]) == [(Kind.WRONG, 99)]


class TestVanished:
    def test_nobody_may_have_received_two_of_its_messages(self) -> None:
        assert found([*SENT, FORGOTTEN, replace(FORGOTTEN, sid="SMy")]) == [(Kind.DUPLICATED, None)]

    def test_one_to_each_of_two_people_is_right(self) -> None:
        assert found([*SENT, FORGOTTEN, replace(FORGOTTEN, sid="SMy", to=TWIN, body="Hola Eva, oferta 9")]) == []

    def test_none_may_leave_once_nobody_can_have_its_claim(self) -> None:
        late = replace(FORGOTTEN, at=BACK + LEASE_S + 0.1)
        assert found([*SENT, late]) == [(Kind.WRONG, 51)]
        assert found([*SENT, replace(FORGOTTEN, at=BACK + LEASE_S - 0.1)]) == []

    def test_no_other_row_may_take_one(self) -> None:
        rows = [replace(ROWS[0], twilio_sid="SMz"), ROWS[1]]
        assert found([*SENT, FORGOTTEN], rows=rows) == [(Kind.WRONG, 52)]

    def test_it_is_told_by_its_words_to_the_last_letter(self) -> None:
        assert GONE.says("Hola Ana, oferta 9")
        assert not GONE.says("Hola Ana, oferta 99")
        assert not replace(GONE, own_words="").says("Hola Ana, tenemos nuevos productos en tienda")


@pytest.mark.parametrize(("doubted", "kinds"), [(True, []), (False, [Kind.WRONG])])
def test_a_row_is_put_in_doubt_only_where_commits_were_lost(doubted: bool, kinds: list[Kind]) -> None:
    campaign = replace(CAMPAIGN, doubted=doubted)
    evidence = Evidence([campaign], ROWS[:1], [message("SMa", "a", 52)], [(52, "pendiente", "incierto")])
    assert [violation.kind for violation in judge(evidence)] == kinds


def test_the_load_forgets_what_postgresql_has_lost() -> None:
    load = Load(Mock(), "http://x", [], Mock())
    stays = Made(1, Mock(), {}, 8, ", oferta 8")
    load.made = {1: stays, 7: GONE}
    load.cancelled = {1, 7}
    assert load.lose({1}) == (GONE,)
    assert (load.made, load.vanished, load.cancelled) == ({1: stays}, [GONE], {1})
    assert (load.latest, load.since(7), load.since(8)) == (9, [stays], [])


def test_the_operator_is_not_told_of_a_campaign_that_is_no_more() -> None:
    load = Load(Mock(), "http://x", [], Mock())
    operator = Operator(load, Mock(), Mock())
    missing = Violation(Kind.WRONG, 7, None, "progress was answered 404")
    operator._violations = [(GONE, missing)]
    assert operator.violations == [missing]
    load.vanished = [GONE]
    assert operator.violations == []


def test_each_message_is_noted_before_it_is_remembered(tmp_path: Any) -> None:
    with (tmp_path / posts.NAME).open("ab", buffering=0) as file:
        remembered: list[object] = []
        post = posts.noting(lambda self, posted: remembered.append(posted), file.fileno())
        for n in (1, 2):
            post(None, Mock(token=Mock(hex=f"t{n}"), campana_id=n))
    assert posts.read(tmp_path) == {"t1": 1, "t2": 2}
    assert len(remembered) == 2
    assert posts.read(tmp_path / "nowhere") == {}
