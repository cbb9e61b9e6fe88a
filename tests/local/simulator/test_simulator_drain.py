"""Draining and status callbacks."""

import time
from itertools import pairwise
from typing import Any

import pytest

from tests.local.simulator.support import PATH, SERVICE, call, create, listing
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator
from tests.workers.webhooks.listener import WebhookListener
from workers.gateway.signature import is_valid

# Callbacks some milliseconds apart are on their way together, and may arrive in another order.
DELIVERED = ["sending", "sent", "delivered"]


def test_it_drains(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(send_s=0.3, delivery_s=0.3)
    sid = create(simulator).json["sid"]
    seen: dict[str, dict[str, Any]] = {}
    while "delivered" not in seen:
        message = call(simulator, "GET", f"{PATH}/{sid}.json").json
        seen.setdefault(message["status"], message)
        time.sleep(0.02)

    assert list(seen) == DELIVERED
    assert seen["delivered"]["price"] == "-0.00750"
    assert seen["delivered"]["price_unit"] == "USD"
    assert seen["delivered"]["date_sent"] is not None
    assert seen["sending"]["price"] is seen["sending"]["date_sent"] is None


def test_it_drains_at_a_rate_per_sender(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(drain_rate=10, send_s=0.01, delivery_s=0.01)
    for _ in range(4):
        create(simulator, From="890123", Body="ñ" * 161)  # two segments
    create(simulator, From="890124")
    *queued, other = simulator.control.ledger()

    assert [row.segments for row in queued] == [2, 2, 2, 2]
    for earlier, later in pairwise(queued):
        assert later.sending_at - earlier.sending_at == pytest.approx(0.2, abs=0.001)
    # The other sender's queue is its own.
    assert other.sending_at == other.accepted_at
    statuses = [message["status"] for message in listing(simulator, From="890123").json["messages"]]
    assert statuses == sorted(statuses, key=["queued", *DELIVERED].index)


def test_a_message_whose_validity_ends_before_its_turn_is_never_sent(
    simulator: RunningSimulator, webhooks: WebhookListener
) -> None:
    simulator.control.set_faults(drain_rate=1, send_s=0.01, delivery_s=0.01)
    create(simulator)
    sid = create(simulator, ValidityPeriod="1", StatusCallback=webhooks.url).json["sid"]
    create(simulator, Body="ñ" * 161)  # two seconds later; its place was not taken
    late = create(simulator, ValidityPeriod="1", StatusCallback=webhooks.url).json["sid"]

    webhooks.wait_for(4)

    assert sorted(webhooks.statuses(sid)) == sorted(DELIVERED)
    assert webhooks.statuses(late) == ["failed"]
    shown = call(simulator, "GET", f"{PATH}/{late}.json").json
    assert (shown["status"], shown["error_code"], shown["date_sent"], shown["price"]) == ("failed", 30036, None, None)


def test_it_reports_each_change(simulator: RunningSimulator, webhooks: WebhookListener) -> None:
    sid = create(simulator, StatusCallback=f"{webhooks.url}/estado/token/#rc=2&rp=all").json["sid"]

    hooks = webhooks.wait_for(3)

    assert sorted(webhooks.statuses(sid)) == sorted(DELIVERED)
    [first] = [hook for hook in hooks if hook.form["MessageStatus"] == "sending"]
    assert first.path == "/estado/token/"
    assert first.form == {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "From": "+15005550006",
        "MessageSid": sid,
        "MessageStatus": "sending",
        "SmsSid": sid,
        "SmsStatus": "sending",
        "To": "+573001112233",
    }
    for hook in hooks:
        signature = hook.headers["X-Twilio-Signature"]
        assert is_valid(f"{webhooks.url}{hook.path}", hook.form, signature, tokens=[AUTH_TOKEN])
    simulator.control.wait_drained()
    assert simulator.control.stats().callbacks_sent == 3


def test_it_names_the_service(simulator: RunningSimulator, webhooks: WebhookListener) -> None:
    create(simulator, From="", MessagingServiceSid=SERVICE, StatusCallback=webhooks.url)

    assert webhooks.wait_for(3)[0].form["MessagingServiceSid"] == SERVICE


@pytest.mark.parametrize(
    ("to", "statuses", "code"),
    [
        ("+573001230003", ["sending", "sent", "undelivered"], "30003"),
        ("+573001230007", ["sending", "sent", "undelivered"], "30007"),
        ("+573001230002", ["failed"], "30002"),
    ],
)
def test_it_fails_to_deliver_to_some(
    simulator: RunningSimulator, webhooks: WebhookListener, to: str, statuses: list[str], code: str
) -> None:
    sid = create(simulator, To=to, StatusCallback=webhooks.url).json["sid"]

    hooks = webhooks.wait_for(len(statuses))

    assert sorted(webhooks.statuses(sid)) == sorted(statuses)
    [last] = [hook for hook in hooks if hook.form["MessageStatus"] == statuses[-1]]
    assert last.form["ErrorCode"] == code
    fetched = call(simulator, "GET", f"{PATH}/{sid}.json").json
    assert (fetched["status"], fetched["error_code"]) == (statuses[-1], int(code))


class TestRetries:
    def statuses_when(
        self, simulator: RunningSimulator, webhooks: WebhookListener, fragment: str, first: int
    ) -> list[str]:
        """Return what comes in when the first webhook is answered with `first`."""
        webhooks.answer = lambda number: first if number == 0 else 204
        sid = create(simulator, StatusCallback=f"{webhooks.url}/{fragment}").json["sid"]
        webhooks.wait_for(3)
        simulator.control.wait_drained()
        return sorted(webhooks.statuses(sid))

    @pytest.mark.parametrize(
        ("fragment", "first", "times"),
        [
            # Any answer ends the matter by default.
            ("", 503, 1),
            ("#rc=3&rp=all", 503, 2),
            ("#rc=3&rp=all", 403, 2),
            ("#rc=3&rp=5xx", 503, 2),
            ("#rc=3&rp=5xx", 403, 1),
            ("#rc=3&rp=ct,rt", 503, 1),
            ("#rc=0&rp=all", 503, 1),
        ],
    )
    def test_it_retries_as_the_url_says(
        self, simulator: RunningSimulator, webhooks: WebhookListener, fragment: str, first: int, times: int
    ) -> None:
        assert self.statuses_when(simulator, webhooks, fragment, first).count("sending") == times

    def test_it_gives_up(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        webhooks.answer = lambda number: 503
        create(simulator, StatusCallback=f"{webhooks.url}/#rc=1&rp=all")
        webhooks.wait_for(6)
        simulator.control.wait_drained()

        assert len(webhooks.received) == 6
        assert simulator.control.stats().callbacks_failed == 3


class TestFaults:
    def test_it_doubles(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        simulator.control.set_faults(callbacks={"duplicate": 1.0})
        sid = create(simulator, StatusCallback=webhooks.url).json["sid"]
        webhooks.wait_for(6)

        assert sorted(webhooks.statuses(sid)) == sorted(DELIVERED * 2)
        assert simulator.control.fault_counts() == {"callback_doubled": 3}

    def test_it_drops(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        simulator.control.set_faults(callbacks={"drop": 1.0})
        create(simulator, StatusCallback=webhooks.url)
        time.sleep(0.3)

        assert webhooks.received == []
        assert simulator.control.fault_counts() == {"callback_dropped": 3}

    def test_it_delays(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        simulator.control.set_faults(callbacks={"delay_s": 0.4})
        started = time.time()
        create(simulator, StatusCallback=webhooks.url)

        assert webhooks.wait_for(1)[0].at - started >= 0.4
        assert set(simulator.control.fault_counts()) == {"callback_late"}

    def test_it_shuffles(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        simulator.control.set_faults(callbacks={"shuffle_s": 0.5}, seed=3)
        made = [create(simulator, StatusCallback=webhooks.url).json["sid"] for _ in range(10)]
        webhooks.wait_for(30)

        assert any(webhooks.statuses(sid) != DELIVERED for sid in made)
        assert all(sorted(webhooks.statuses(sid)) == sorted(DELIVERED) for sid in made)

    def test_it_reports_before_it_answers(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        simulator.control.set_faults(callbacks={"early": True}, latency_s=0.5)
        sid = create(simulator, StatusCallback=webhooks.url).json["sid"]

        assert webhooks.statuses(sid)[0] == "sending"
        assert simulator.control.fault_counts() == {"callback_early": 1}

    def test_it_reports_only_some(self, simulator: RunningSimulator, webhooks: WebhookListener) -> None:
        simulator.control.set_faults(callbacks={"statuses": ["delivered", "undelivered", "failed"]})
        sid = create(simulator, StatusCallback=webhooks.url).json["sid"]
        simulator.control.wait_drained()

        assert webhooks.statuses(sid) == ["delivered"]


def test_it_reports_many_in_their_order(simulator: RunningSimulator, webhooks: WebhookListener) -> None:
    # More than one batch read back from the ledger.
    simulator.control.set_faults(callbacks={"statuses": ["sent"]}, drain_rate=2000)
    made = [create(simulator, StatusCallback=webhooks.url).json["sid"] for _ in range(210)]

    hooks = webhooks.wait_for(210)

    assert sorted(hook.form["MessageSid"] for hook in hooks) == sorted(made)
    assert all(later.at - earlier.at > -0.1 for earlier, later in pairwise(hooks))
