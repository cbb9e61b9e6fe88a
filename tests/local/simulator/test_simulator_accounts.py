"""Several accounts, Auth Tokens and signing keys, a clock of Twilio's own, and how messages end."""

from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator, get_signature_algorithm  # type: ignore[import-untyped]

from local.simulator.client import SimulatorError
from tests.local.simulator.support import PATH, SENDER, SERVICE, Answer, call, create, listing
from tests.local.simulator.test_simulator_list import sids
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator, running_simulator
from tests.workers.webhooks.listener import WebhookListener

OTHER, OTHER_TOKEN = "AC" + "0b" * 16, "other-token"
OTHERS = f"/2010-04-01/Accounts/{OTHER}/Messages"


def others(simulator: RunningSimulator, method: str, path: str = f"{OTHERS}.json", **form: str) -> Answer:
    return call(simulator, method, path, form or None, login=f"{OTHER}:{OTHER_TOKEN}")


def as_other(simulator: RunningSimulator, **changes: str) -> Answer:
    return others(simulator, "POST", **{"To": "+573001112233", "From": SENDER, "Body": "Hola", **changes})


def test_it_keeps_accounts_apart(simulator: RunningSimulator) -> None:
    simulator.control.add_account(OTHER, OTHER_TOKEN)
    ours, theirs = create(simulator).json, as_other(simulator).json

    assert (ours["account_sid"], theirs["account_sid"]) == (ACCOUNT_SID, OTHER)
    assert sids(simulator) == [ours["sid"]]
    assert [row["sid"] for row in others(simulator, "GET").json["messages"]] == [theirs["sid"]]
    assert call(simulator, "GET", f"{PATH}/{theirs['sid']}.json").status == 404
    assert others(simulator, "GET", f"{OTHERS}/{theirs['sid']}.json").json["uri"].startswith(OTHERS)
    assert {row.account for row in simulator.control.ledger()} == {ACCOUNT_SID, OTHER}


def test_it_lets_nobody_into_another_account(simulator: RunningSimulator) -> None:
    simulator.control.add_account(OTHER, OTHER_TOKEN)

    assert call(simulator, "GET", f"{OTHERS}.json").status == 404
    assert call(simulator, "GET", f"{OTHERS}.json", login=f"{OTHER}:{AUTH_TOKEN}").status == 401


def test_it_forgets_accounts(simulator: RunningSimulator) -> None:
    simulator.control.add_account(OTHER, OTHER_TOKEN)
    simulator.control.reset()

    assert others(simulator, "GET").status == 401


def test_it_remembers_accounts_after_kill_9(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        simulator.control.add_account(OTHER, OTHER_TOKEN)
        simulator.kill()
        simulator.restart()

        assert others(simulator, "GET").status == 200


def test_it_changes_the_auth_token(simulator: RunningSimulator) -> None:
    simulator.control.add_account(ACCOUNT_SID, "newer")

    assert create(simulator).status == 401
    assert call(simulator, "GET", f"{PATH}.json", login=f"{ACCOUNT_SID}:newer").status == 200


def test_it_refuses_what_is_no_account(simulator: RunningSimulator) -> None:
    with pytest.raises(SimulatorError, match="AC and 32 hex digits"):
        simulator.control.add_account("AC1", "x")


def is_signed(webhooks: WebhookListener, key: str) -> bool:
    [request] = webhooks.received
    headers = {name.lower(): value for name, value in request.headers.items()}
    algorithm = get_signature_algorithm(headers.get("x-twilio-webhooks-signature-settings"))
    return bool(RequestValidator(key).validate(webhooks.url, request.form, headers["x-twilio-signature"], algorithm))


@pytest.mark.parametrize(
    ("callbacks", "key"),
    [({}, AUTH_TOKEN), ({"token": "older"}, "older"), ({"shared_key": "a shared key"}, "a shared key")],
)
def test_it_signs(simulator: RunningSimulator, webhooks: WebhookListener, callbacks: dict[str, Any], key: str) -> None:
    simulator.control.set_faults(callbacks={"statuses": ["delivered"], **callbacks})
    create(simulator, StatusCallback=webhooks.url)
    webhooks.wait_for(1)

    assert is_signed(webhooks, key)
    assert not is_signed(webhooks, "another")
    assert ("X-Twilio-Webhooks-Signature-Settings" in webhooks.received[0].headers) == ("shared_key" in callbacks)


def test_it_signs_with_the_accounts_own_token(simulator: RunningSimulator, webhooks: WebhookListener) -> None:
    simulator.control.add_account(OTHER, OTHER_TOKEN)
    simulator.control.set_faults(callbacks={"statuses": ["delivered"]})
    as_other(simulator, StatusCallback=webhooks.url)
    webhooks.wait_for(1)

    assert is_signed(webhooks, OTHER_TOKEN)
    assert webhooks.received[0].form["AccountSid"] == OTHER


@pytest.mark.parametrize("offset_s", [-7200.0, 7200.0])
def test_its_clock_is_another(simulator: RunningSimulator, offset_s: float) -> None:
    created = create(simulator).json["date_created"]
    simulator.control.set_faults(clock_offset_s=offset_s, send_s=0)
    answer = create(simulator)

    moved = parsedate_to_datetime(answer.json["date_created"]) - parsedate_to_datetime(created)
    assert abs(moved.total_seconds() - offset_s) < 60
    date = parsedate_to_datetime(answer.headers["Date"])
    assert abs((date - parsedate_to_datetime(answer.json["date_created"])).total_seconds()) < 60
    # Filters are in Twilio's time as well.
    since = parsedate_to_datetime(answer.json["date_created"]).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer.json["sid"] in sids(simulator, **{"DateSent>": since})


@pytest.mark.parametrize(
    ("ending", "shown", "sent"),
    [
        ({"status": "failed", "code": "30001"}, ("failed", 30001), False),
        ({"status": "failed", "code": "30036"}, ("failed", 30036), False),
        ({"status": "failed", "code": "21611"}, ("failed", 21611), False),
        ({"status": "undelivered", "code": "30450"}, ("undelivered", 30450), True),
        ({"status": "partially_delivered"}, ("partially_delivered", None), True),
        ({"status": "canceled"}, ("canceled", None), False),
    ],
)
def test_messages_end_otherwise(
    simulator: RunningSimulator,
    webhooks: WebhookListener,
    ending: dict[str, str],
    shown: tuple[str, int | None],
    sent: bool,
) -> None:
    simulator.control.set_faults(send_s=0, delivery_s=0, endings=[{**ending, "service": True}])
    answer = create(simulator, From="", MessagingServiceSid=SERVICE, StatusCallback=webhooks.url)
    simulator.control.wait_drained()

    [listed] = listing(simulator).json["messages"]
    assert answer.json["status"] == "accepted"
    assert (listed["status"], listed["error_code"]) == shown
    assert (listed["date_sent"] is not None) == sent
    # All are due at once, and may overtake one another.
    [told] = [hook.form for hook in webhooks.received if hook.form["MessageStatus"] == shown[0]]
    assert (told["MessageSid"], told.get("ErrorCode")) == (answer.json["sid"], str(shown[1]) if shown[1] else None)
    # One that has a number of its own is not concerned.
    create(simulator, StatusCallback=webhooks.url)
    simulator.control.wait_drained()
    assert listing(simulator).json["messages"][0]["status"] == "delivered"


def get(simulator: RunningSimulator, path: str, **query: str) -> Answer:
    return call(simulator, "GET", f"{path}?{urlencode(query)}" if query else path)


class TestSetup:
    BASE = f"/2010-04-01/Accounts/{ACCOUNT_SID}"

    def test_it_shows_the_account(self, simulator: RunningSimulator) -> None:
        assert get(simulator, f"{self.BASE}.json").json["status"] == "active"
        simulator.control.set_setup(status="suspended", type="Trial", balance="0.02")

        shown = get(simulator, f"{self.BASE}.json").json
        assert (shown["sid"], shown["status"], shown["type"]) == (ACCOUNT_SID, "suspended", "Trial")
        assert get(simulator, f"{self.BASE}/Balance.json").json["balance"] == "0.02"

    def test_it_shows_numbers(self, simulator: RunningSimulator) -> None:
        path = f"{self.BASE}/IncomingPhoneNumbers.json"
        assert get(simulator, path, PhoneNumber=SENDER).json["incoming_phone_numbers"][0]["capabilities"]["sms"]
        simulator.control.set_setup(numbers={SENDER: {"capabilities": {"sms": False}}})

        [number] = get(simulator, path).json["incoming_phone_numbers"]
        assert (number["phone_number"], number["capabilities"]) == (SENDER, {"sms": False})
        assert get(simulator, path, PhoneNumber="+573009999999").json["incoming_phone_numbers"] == []

    def test_it_shows_short_codes(self, simulator: RunningSimulator) -> None:
        path = f"{self.BASE}/SMS/ShortCodes.json"
        assert get(simulator, path, ShortCode="85432").json["short_codes"][0]["short_code"] == "85432"
        simulator.control.set_setup(short_codes={})

        assert get(simulator, path, ShortCode="85432").json["short_codes"] == []

    def test_it_shows_a_messaging_service(self, simulator: RunningSimulator) -> None:
        path = f"/v1/Services/{SERVICE}"
        assert get(simulator, path).json["sid"] == SERVICE
        simulator.control.set_setup(
            services={SERVICE: {"smart_encoding": True}}, senders={"ChannelSenders": [{"sender": "rcs:tienda"}]}
        )

        assert get(simulator, path).json["smart_encoding"] is True
        assert get(simulator, f"{path}/ChannelSenders").json["senders"][0]["sender"] == "rcs:tienda"
        assert get(simulator, f"{path}/PhoneNumbers").json["phone_numbers"] == []
        assert get(simulator, f"/v1/Services/MG{'00' * 16}").status == 404
        assert get(simulator, f"{path}/Nothing").status == 404

    def test_it_shows_countries(self, simulator: RunningSimulator) -> None:
        path = "/v1/Messaging/GeoPermissions"
        assert get(simulator, path, CountryCode="CO").json["permissions"][0]["enabled"] is True
        simulator.control.set_setup(countries={"CO": False, "US": True})

        assert get(simulator, path, CountryCode="CO").json["permissions"][0]["enabled"] is False
        assert len(get(simulator, path).json["permissions"]) == 2

    def test_it_shows_nothing_else(self, simulator: RunningSimulator) -> None:
        assert get(simulator, f"{self.BASE}/Calls.json").status == 404

    def test_it_breaks(self, simulator: RunningSimulator) -> None:
        simulator.control.set_faults({"kind": "refuse", "code": 20003, "on": "account", "count": 1})

        assert [get(simulator, f"{self.BASE}.json").status for _ in range(2)] == [401, 200]

    def test_it_refuses_what_it_does_not_know(self, simulator: RunningSimulator) -> None:
        with pytest.raises(SimulatorError, match="Setup has no 'blance'"):
            simulator.control.set_setup(blance="1")
