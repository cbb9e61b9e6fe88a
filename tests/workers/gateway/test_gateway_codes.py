"""The decisions of the codes of refused requests, and how the codes are said."""

import pytest

from campaigns.values.twilio import ROWS, Kind
from workers.gateway.codes import DECISIONS, Decision, decision_for, explain, explain_both


@pytest.mark.parametrize(
    ("code", "decision"),
    [
        ("21610", Decision.PERMANENT),
        ("21606", Decision.ACCOUNT),
        ("20429", Decision.RETRYABLE),
        ("21999", Decision.PERMANENT),
        ("63999", Decision.PERMANENT),
        ("20999", Decision.ACCOUNT),
        ("99999", Decision.ACCOUNT),
        ("21661", Decision.ACCOUNT),
        ("21662", Decision.ACCOUNT),
        ("21718", Decision.ACCOUNT),
        ("572006", Decision.ACCOUNT),
        ("572099", Decision.ACCOUNT),
        ("572005", Decision.PERMANENT),
    ],
)
def test_it_decides(code: str, decision: Decision) -> None:
    assert decision_for(code) is decision


@pytest.mark.parametrize("kind", DECISIONS, ids=lambda kind: kind.value)
def test_each_kind_of_refusal_decides_alike(kind: Kind) -> None:
    assert {decision_for(row.code) for row in ROWS if row.kind is kind} == {DECISIONS[kind]}


def test_every_kind_of_refusal_decides() -> None:
    assert set(DECISIONS) == set(Kind) - {Kind.DELIVERY, Kind.UNKNOWN}


def test_a_code_of_a_delivery_fails_one_recipient() -> None:
    """It goes by its family, as an unknown one does."""
    assert {decision_for(row.code) for row in ROWS if row.kind is Kind.DELIVERY} == {Decision.PERMANENT}


@pytest.mark.parametrize(
    "code",
    [
        *("30001", "30002", "30003", "30004", "30005", "30006", "30007", "30008", "30022", "30034", "30036"),
        *("30046", "30047", "30450", "30500"),
    ],
)
def test_it_explains_a_failed_delivery(code: str) -> None:
    assert explain(code, "English") not in {"English", ""}


def test_it_explains_what_it_does_not_know() -> None:
    assert explain("29999", "Twilio's own words") == "Twilio's own words"
    assert explain("29999") == "Error 29999"


def test_twilios_own_words_stand_beside_ours() -> None:
    known = explain("63038")
    assert explain_both("63038", "the 500 daily messages limit") == f"{known} («the 500 daily messages limit»)"
    assert explain_both("63038", "") == known
    assert explain_both("29999", "Twilio's own words") == "Twilio's own words"
    assert explain_both("29999", "") == "Error 29999"
