"""Clients who write to us."""

import pytest

from local.simulator.client import SimulatorError
from tests.local.simulator.support import SENDER, SERVICE, create
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator
from tests.workers.webhooks.listener import WebhookListener
from workers.gateway.signature import is_valid

CLIENT = "+573001112233"


def test_it_posts_the_message(simulator: RunningSimulator, webhooks: WebhookListener) -> None:
    url = f"{webhooks.url}/webhooks/twilio/entrante/"
    answer = simulator.control.inbound(from_=CLIENT, to=SENDER, body="¿Cuánto cuesta?", url=url)

    hook = webhooks.wait_for(1)[0]
    assert answer == {"sid": hook.form["MessageSid"], "status": 204, "keyword": ""}
    assert hook.form == {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "Body": "¿Cuánto cuesta?",
        "From": CLIENT,
        "MessageSid": answer["sid"],
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": answer["sid"],
        "SmsSid": answer["sid"],
        "SmsStatus": "received",
        "To": SENDER,
    }
    assert is_valid(url, hook.form, hook.headers["X-Twilio-Signature"], tokens=[AUTH_TOKEN])


@pytest.mark.parametrize(
    ("body", "stopped"),
    [
        ("STOP", True),
        (" stop ", True),
        ("Unsubscribe", True),
        # Twilio's own keywords are English, and the whole message.
        ("BAJA", False),
        ("please stop", False),
    ],
)
def test_it_stops(simulator: RunningSimulator, body: str, stopped: bool) -> None:
    simulator.control.inbound(from_=CLIENT, to=SENDER, body=body)

    answer = create(simulator, To=CLIENT)

    assert answer.json.get("code") == (21610 if stopped else None)
    assert create(simulator, To="+573009998877").status == 201


def test_it_starts_again(simulator: RunningSimulator) -> None:
    simulator.control.inbound(from_=CLIENT, to=SENDER, body="STOP")
    simulator.control.inbound(from_=CLIENT, to=SENDER, body="start")

    assert create(simulator, To=CLIENT).status == 201


def test_it_stops_one_sender(simulator: RunningSimulator) -> None:
    simulator.control.inbound(from_=CLIENT, to=SENDER, body="STOP")

    assert create(simulator, To=CLIENT, From="890123").status == 201


def test_it_stops_a_service(simulator: RunningSimulator) -> None:
    simulator.control.inbound(from_=CLIENT, to=SENDER, service=SERVICE, body="STOP")

    answer = create(simulator, To=CLIENT, From="", MessagingServiceSid=SERVICE)

    assert answer.json["code"] == 21610


@pytest.mark.parametrize(("advanced", "sent"), [(True, "STOP"), (False, None)])
def test_it_names_the_keyword_only_with_advanced_opt_out(
    simulator: RunningSimulator, webhooks: WebhookListener, advanced: bool, sent: str | None
) -> None:
    simulator.control.inbound(from_=CLIENT, body="stop", service=SERVICE, url=webhooks.url, advanced=advanced)

    form = webhooks.wait_for(1)[0].form
    assert form.get("OptOutType") == sent
    assert form["MessagingServiceSid"] == SERVICE


def test_it_says_when_nobody_answers(simulator: RunningSimulator) -> None:
    answer = simulator.control.inbound(from_=CLIENT, body="Hola", url="http://127.0.0.1:9/#rc=0")

    assert answer["status"] == 0


def test_it_requires_who_writes(simulator: RunningSimulator) -> None:
    with pytest.raises(SimulatorError, match="from is missing"):
        simulator.control.inbound(body="STOP")
