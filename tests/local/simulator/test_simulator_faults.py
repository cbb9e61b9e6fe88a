"""The faults on demand, and what the ledger and the sender then know."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from local.simulator.client import SimulatorError
from tests.local.fixtures import MakeGateway
from tests.local.simulator.support import create, listing
from tests.local.simulator_process import RunningSimulator
from workers.gateway.outcomes import Accepted, Ambiguous, Outcome, Retryable
from workers.gateway.twilio import TwilioGateway


def send(gateway: TwilioGateway, to: str = "+573001112233") -> Outcome:
    return gateway.send(to=to, body="Hola", callback_token="t")


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"kind": "error"}, "http_503"),
        ({"kind": "error", "status": 500}, "http_500"),
        ({"kind": "cut"}, "remote_closed"),
        ({"kind": "cut", "reset": True}, "connection_reset"),
        ({"kind": "hang"}, "read_timeout"),
        ({"kind": "garbage"}, "unreadable_answer"),
    ],
)
def test_the_sender_cannot_tell_whether_it_was_accepted(
    simulator: RunningSimulator,
    make_gateway: MakeGateway,
    rule: dict[str, object],
    code: str,
    accepted: bool,
) -> None:
    gateway = make_gateway(simulator.url, read_timeout_s=0.3 if rule["kind"] == "hang" else 5.0)
    simulator.control.set_faults({**rule, "accepted": accepted, "count": 1})

    outcome = send(gateway)

    stats = simulator.control.stats()
    assert isinstance(outcome, Ambiguous)
    assert outcome.code == code
    assert stats.accepted == len(list(simulator.control.ledger())) == int(accepted)
    # Never repeated, and the next one works.
    assert stats.requests == 1
    assert isinstance(send(make_gateway(simulator.url)), Accepted)


def test_a_slow_answer_is_accepted_all_the_same(simulator: RunningSimulator, make_gateway: MakeGateway) -> None:
    simulator.control.set_faults(latency_s=0.5)

    outcome = send(make_gateway(simulator.url, read_timeout_s=0.2))

    assert isinstance(outcome, Ambiguous)
    assert outcome.code == "read_timeout"
    assert simulator.control.stats().accepted == 1


def test_it_throttles_in_a_burst(simulator: RunningSimulator, gateway: TwilioGateway) -> None:
    simulator.control.set_faults({"kind": "throttle", "count": 2, "seconds": 1.5})

    outcomes = [send(gateway) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Retryable, Retryable, Accepted]
    assert isinstance(outcomes[0], Retryable)
    assert (outcomes[0].code, outcomes[0].retry_after) == ("20429", 1.5)
    assert simulator.control.stats().accepted == 1


def test_it_refuses_with_any_code(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "refuse", "code": 30039, "status": 422})

    answer = create(simulator)

    assert (answer.status, answer.json["code"], answer.json["status"]) == (422, 30039, 422)


def test_it_hits_one_recipient(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "to": "+573001110002"})

    statuses = [create(simulator, To=f"+57300111000{number}").status for number in (1, 2, 3)]

    assert statuses == [201, 503, 201]


def test_it_skips_and_counts(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "skip": 2, "count": 2})

    assert [create(simulator).status for _ in range(6)] == [201, 201, 503, 503, 201, 201]
    assert simulator.control.faults()["rules"][0]["fired"] == 2
    assert simulator.control.stats().faults == {"error": 2}


def test_it_counts_under_a_name(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(
        {"kind": "error", "name": "ours", "count": 2},
        {"kind": "error", "on": "list", "count": 1},
        {"kind": "error", "accepted": True},
    )
    listing(simulator)
    for _ in range(3):
        create(simulator)

    assert simulator.control.fault_counts() == {"ours": 2, "error": 1, "error_accepted": 1}
    # A rule that is set again begins to fire again; what has happened stays.
    simulator.control.clear_faults()
    assert simulator.control.fault_counts()["ours"] == 2


def test_it_repeats_itself(simulator: RunningSimulator) -> None:
    def run(seed: int) -> list[int]:
        simulator.control.set_faults({"kind": "error", "probability": 0.5}, seed=seed)
        return [create(simulator).status for _ in range(20)]

    first = run(7)

    assert set(first) == {201, 503}
    assert run(7) == first
    assert run(8) != first


def test_the_first_rule_that_fires_wins(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "status": 500, "count": 1}, {"kind": "throttle", "count": 1})

    assert [create(simulator).status for _ in range(3)] == [500, 429, 201]


def test_it_breaks_the_list(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "on": "list", "count": 1})

    assert [listing(simulator).status for _ in range(2)] == [503, 200]
    assert create(simulator).status == 201


def test_it_does_not_accept_what_it_would_refuse(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error", "accepted": True})

    create(simulator, To="+15005550001")

    assert simulator.control.stats().accepted == 0


def test_it_hangs_no_longer_than_told(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "hang", "seconds": 0.3})

    with pytest.raises(urllib3.exceptions.ProtocolError):
        create(simulator)  # whose own time limit is another error


def test_it_lets_go_of_clients_that_left(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "hang", "count": 3})
    with ThreadPoolExecutor(3) as threads:
        for future in [threads.submit(create, simulator, timeout_s=0.2) for _ in range(3)]:
            assert isinstance(future.exception(), urllib3.exceptions.TimeoutError)

    deadline = time.monotonic() + 10
    while simulator.control.stats().in_progress:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_takes_its_time(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(latency_s=0.2, jitter_s=0.05)
    started = time.monotonic()
    create(simulator)

    assert time.monotonic() - started >= 0.15


def test_it_goes_back_to_normal(simulator: RunningSimulator) -> None:
    simulator.control.set_faults({"kind": "error"}, latency_s=0.1)
    simulator.control.clear_faults()

    assert create(simulator).status == 201
    assert simulator.control.faults()["rules"] == []
    # What the command line said, not the defaults of the program.
    assert simulator.control.faults()["send_s"] == 0.05


@pytest.mark.parametrize(
    ("rule", "behaviour", "said"),
    [
        ({"kind": "explode"}, {}, "Rule.kind cannot be 'explode'"),
        ({"kind": "error", "probabilty": 1}, {}, "Rule has no 'probabilty'"),
        ({"status": 500}, {}, "Rule: .*'kind'"),
        ({"kind": "error", "count": "two"}, {}, "Rule.count cannot be 'two'"),
        ({"kind": "error", "probability": -1}, {}, "Rule.probability cannot be -1"),
        ({"kind": "error"}, {"latency": 1}, "Behaviour has no 'latency'"),
        ({"kind": "error"}, {"callbacks": {"lose": 1}}, "CallbackFaults has no 'lose'"),
        ({"kind": "error"}, {"callbacks": 1}, "callbacks is an object"),
    ],
)
def test_it_rejects_faults_it_does_not_know(
    simulator: RunningSimulator, rule: dict[str, object], behaviour: dict[str, object], said: str
) -> None:
    with pytest.raises(SimulatorError, match=said):
        simulator.control.set_faults(rule, **behaviour)
