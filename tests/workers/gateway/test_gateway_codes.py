"""The table of Twilio's codes."""

import pytest

from workers.gateway.codes import Kind, TwilioCodes, explain, kind_of


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("21610", Kind.PERMANENT),
        ("21606", Kind.ACCOUNT),
        ("20429", Kind.RETRYABLE),
        ("21999", Kind.PERMANENT),
        ("63999", Kind.PERMANENT),
        ("20999", Kind.ACCOUNT),
        ("99999", Kind.ACCOUNT),
    ],
)
def test_it_decides(code: str, kind: Kind) -> None:
    assert kind_of(code) is kind


def test_every_code_is_in_one_table_only() -> None:
    tables = (TwilioCodes.RECIPIENT, TwilioCodes.CONTENT, TwilioCodes.ACCOUNT, TwilioCodes.RETRYABLE)

    assert len(TwilioCodes.KINDS) == sum(map(len, tables))


@pytest.mark.parametrize(
    "code", ["30001", "30002", "30003", "30004", "30005", "30006", "30007", "30008", "30022", "30034", "30036"]
)
def test_it_explains_a_failed_delivery(code: str) -> None:
    assert explain(code, "English") not in {"English", ""}


def test_it_explains_what_it_does_not_know() -> None:
    assert explain("29999", "Twilio's own words") == "Twilio's own words"
    assert explain("29999") == "Error 29999"
