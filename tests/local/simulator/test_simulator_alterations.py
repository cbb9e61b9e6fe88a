"""The changes that Twilio makes to messages before it lists them."""

import time
from typing import Any

import pytest

from local.simulator.smart_encoding import smart_encode
from tests.local.simulator.support import SERVICE, create, listing
from tests.local.simulator.test_simulator_list import sids
from tests.local.simulator_process import RunningSimulator

TO = "+573001112233"
WORDS = "“20%” de descuento — hoy…"
PLAIN = '"20%" de descuento - hoy...'


def listed(simulator: RunningSimulator, **query: str) -> dict[str, Any]:
    [message] = listing(simulator, **query).json["messages"]
    assert isinstance(message, dict)
    return message


def test_it_prefixes_a_trial_accounts_text(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(trial=True)
    answer = create(simulator, Body="x" * 150).json

    assert answer["body"] == f"Sent from your Twilio trial account - {'x' * 150}"
    assert answer["num_segments"] == "2"
    assert listed(simulator, To=TO)["body"] == answer["body"]
    # The oracle keeps what was sent.
    assert [row.body for row in simulator.control.ledger()] == ["x" * 150]


def test_it_redacts_the_body(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(redact_body=True)
    create(simulator)

    assert (listed(simulator, To=TO)["body"], listed(simulator, To=TO)["to"]) == ("", TO)


def test_it_hides_the_number(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(redact_to=True)
    create(simulator)

    assert sids(simulator, To=TO) == []
    assert sids(simulator, To="+57300111XXXX") == []
    assert (listed(simulator)["to"], listed(simulator)["body"]) == ("+57300111XXXX", "Hola")
    assert [row.to for row in simulator.control.ledger(to=TO)] == [TO]


def test_it_redacts_after_a_while(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(redact_body=True, redact_to=True, redact_after_s=0.6)
    create(simulator)

    assert listed(simulator, To=TO)["body"] == "Hola"
    deadline = time.monotonic() + 5
    while sids(simulator, To=TO):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert listed(simulator)["body"] == ""


@pytest.mark.parametrize(
    ("switches", "form", "body", "to"),
    [
        # The request says otherwise than the account.
        ({"redact_body": True, "redact_to": True}, {"ContentRetention": "retain"}, "Hola", "+57300111XXXX"),
        ({"redact_body": True, "redact_to": True}, {"AddressRetention": "retain"}, "", TO),
        ({}, {"ContentRetention": "discard"}, "", TO),
        ({}, {"AddressRetention": "obfuscate"}, "Hola", "+57300111XXXX"),
        ({"redact_body": True, "ignore_retention": True}, {"ContentRetention": "retain"}, "", TO),
        ({"ignore_retention": True}, {"ContentRetention": "discard"}, "Hola", TO),
    ],
)
def test_it_retains_what_the_request_says(
    simulator: RunningSimulator, switches: dict[str, object], form: dict[str, Any], body: str, to: str
) -> None:
    simulator.control.set_faults(**switches)
    create(simulator, **form)

    assert (listed(simulator)["body"], listed(simulator)["to"]) == (body, to)


@pytest.mark.parametrize(
    ("switches", "form", "body"),
    [
        ({"smart_encoding": True}, {}, PLAIN),
        ({"smart_encoding": True}, {"SmartEncoded": "false"}, WORDS),
        ({"smart_encoding": True, "ignore_smart_encoded": True}, {"SmartEncoded": "false"}, PLAIN),
        ({}, {}, WORDS),
        ({}, {"SmartEncoded": "true"}, PLAIN),
    ],
)
def test_it_re_encodes(
    simulator: RunningSimulator, switches: dict[str, object], form: dict[str, Any], body: str
) -> None:
    simulator.control.set_faults(**switches)
    create(simulator, Body=WORDS, **form)

    assert listed(simulator, To=TO)["body"] == body


def test_it_bills_what_it_re_encoded(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(smart_encoding=True)

    assert create(simulator, Body="—" * 100).json["num_segments"] == "1"
    assert create(simulator, Body="—" * 100, SmartEncoded="false").json["num_segments"] == "2"


@pytest.mark.parametrize(
    ("text", "partly", "said"),
    [
        ("‘a’\u00a0b", False, "'a' b"),
        # An ó stays outside GSM-7, whatever is done to the rest.
        ("“promoción”", False, "“promoción”"),
        ("“promoción”", True, '"promoción"'),
        ("Ñ año ¿? [1]", False, "Ñ año ¿? [1]"),
    ],
)
def test_it_knows_twilios_table(text: str, partly: bool, said: str) -> None:
    assert smart_encode(text, partly=partly) == said


def test_it_folds_white_space(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(whitespace=True)
    create(simulator, Body=" Hola,\n  Ana \t")

    assert listed(simulator, To=TO)["body"] == "Hola, Ana"


def test_it_sends_by_rcs(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(rcs_to=1)
    sid = create(simulator, From="", MessagingServiceSid=SERVICE).json["sid"]

    assert sids(simulator, To=TO) == []
    assert listed(simulator, To=f"rcs:{TO}")["to"] == f"rcs:{TO}"
    plain = create(simulator).json["sid"]
    assert sids(simulator, To=TO) == [plain]
    assert sids(simulator) == [plain, sid]


def test_it_alters_some_only(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(trial=True, alter_probability=0.5)

    bodies = {create(simulator).json["body"] for _ in range(30)}

    assert bodies == {"Hola", "Sent from your Twilio trial account - Hola"}


def test_it_lists_later_and_later_for_a_while(simulator: RunningSimulator) -> None:
    create(simulator)
    # Twenty seconds a second: the lag overtakes the message and all that follow.
    simulator.control.set_faults(list_delay_growth=20, list_delay_for_s=1.5)
    deadline = time.monotonic() + 5
    while sids(simulator):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # And ends.
    while len(sids(simulator)) != 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_prices_later(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(send_s=0, delivery_s=0, price_delay_s=60)
    create(simulator)
    unpriced = listed(simulator)
    simulator.control.set_faults()

    assert unpriced["date_sent"] is not None
    assert (unpriced["price"], unpriced["price_unit"]) == (None, None)
    assert (listed(simulator)["price"], listed(simulator)["price_unit"]) == ("-0.00750", "USD")
