"""Refused requests that are recorded as failed messages, and those that are not."""

import pytest
import urllib3

from tests.local.simulator.support import SENDER, SERVICE, call, create, listing
from tests.local.simulator.test_simulator_list import sids
from tests.local.simulator_process import ACCOUNT_SID, RunningSimulator

TO = "+573001112233"


def test_it_lists_a_refused_request_as_a_failed_message(simulator: RunningSimulator) -> None:
    simulator.control.inbound(from_=TO, to=SENDER, body="STOP")
    answer = create(simulator, Body="Hola, no")

    [listed] = listing(simulator, To=TO).json["messages"]

    assert (answer.status, answer.json["code"]) == (400, 21610)
    assert (listed["status"], listed["error_code"], listed["body"]) == ("failed", 21610, "Hola, no")
    assert (listed["from"], listed["date_sent"], listed["price"]) == (SENDER, None, None)
    assert listed["error_message"] == "Attempt to send to unsubscribed recipient"
    assert call(simulator, "GET", f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{listed['sid']}.json").status == 200


def test_it_counts_no_refusal_as_accepted(simulator: RunningSimulator) -> None:
    create(simulator, To="whatever")
    create(simulator)

    stats = simulator.control.stats()
    [refused] = simulator.control.ledger(refused=True)
    assert (stats.accepted, stats.duplicates, stats.callbacks_pending) == (1, 0, 0)
    assert stats.faults == {"refusal_recorded": 1}
    assert [row.to for row in simulator.control.ledger()] == [TO]
    assert (refused.to, refused.error_code, refused.refused, refused.status_callback) == ("whatever", "21211", 1, "")


def test_it_records_what_a_rule_refuses(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "refuse", "code": 21606, "count": 1})
    create(simulator, From="", MessagingServiceSid=SERVICE)
    create(simulator)

    assert [(row["status"], row["error_code"]) for row in listing(simulator).json["messages"]][1] == ("failed", 21606)


@pytest.mark.parametrize("rule", [{"code": 20003}, {"code": 20403}, {"code": 20404}, {"code": 20429}, {"code": 63038}])
def test_it_records_nothing_but_http_400(simulator: RunningSimulator, rule: dict[str, int]) -> None:
    simulator.control.set_faults({"kind": "refuse", **rule})

    answer = create(simulator)

    assert answer.status == {20003: 401, 20403: 403, 20404: 404, 20429: 429, 63038: 429}[rule["code"]]
    assert sids(simulator) == []


def test_it_records_none_of_another_status(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "refuse", "code": 21606, "status": 403})

    assert create(simulator).status == 403
    assert sids(simulator) == []


def test_it_records_no_refusal_when_told(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(record_refusals=False)

    assert create(simulator, To="whatever").json["code"] == 21211
    assert sids(simulator) == []


def test_it_loses_the_answer_of_a_refusal(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "cut", "refused": 21610, "count": 1})

    with pytest.raises(urllib3.exceptions.ProtocolError):
        create(simulator)

    assert simulator.control.stats().accepted == 0
    assert [row["error_code"] for row in listing(simulator, To=TO).json["messages"]] == [21610]


def test_it_records_what_it_would_refuse_before_it_cuts(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "accepted": True})

    assert create(simulator, To="+15005550001").status == 503
    assert [row["error_code"] for row in listing(simulator).json["messages"]] == [21211]


def test_it_records_nothing_that_never_arrived(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error"})

    create(simulator, To="+15005550001")

    assert sids(simulator) == []


def test_it_finds_no_refusal_by_its_date_of_sending(simulator: RunningSimulator) -> None:
    create(simulator, To="whatever")

    assert sids(simulator, **{"DateSent>": "2020-01-01"}) == []
    assert len(sids(simulator)) == 1


def test_it_answers_six_digits(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "refuse", "code": 572006})

    answer = create(simulator)

    assert (answer.status, answer.json["code"]) == (400, 572006)


def test_it_has_a_daily_limit(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(max_daily=2)

    answers = [create(simulator) for _ in range(4)]

    assert [answer.status for answer in answers] == [201, 201, 429, 429]
    assert answers[3].json["code"] == 63038
    assert simulator.control.stats().accepted == 2
    simulator.control.set_faults(max_daily=3)
    assert [create(simulator).status for _ in range(2)] == [201, 429]


def test_it_answers_as_a_proxy_does(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "page", "count": 1}, {"kind": "page", "status": 407, "count": 1})

    answers = [create(simulator) for _ in range(3)]

    assert [answer.status for answer in answers] == [403, 407, 201]
    assert answers[0].headers["Content-Type"].startswith("text/html")
    assert sids(simulator) == [answers[2].json["sid"]]


def test_it_refuses_transiently(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(*({"kind": "refuse", "code": code, "count": 1} for code in (20003, 20403, 20404)))

    assert [create(simulator).status for _ in range(4)] == [401, 403, 404, 201]


def test_it_answers_late_and_truly(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "late", "seconds": 0.5, "count": 1})

    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        create(simulator, timeout_s=0.1)

    assert simulator.control.stats().accepted == 1
    simulator.control.set_faults({"kind": "late", "seconds": 0.01, "on": "list"})
    assert len(sids(simulator)) == 1
    assert simulator.control.fault_counts()["late"] == 2
