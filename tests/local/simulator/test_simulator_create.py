"""POST Messages.json: what is refused, how, and the exact shape of what is not."""

import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest
import urllib3

from tests.local.simulator.support import PATH, SERVICE, call, create
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, RunningSimulator


def test_it_works(simulator: RunningSimulator) -> None:
    answer = create(simulator)

    message = answer.json
    assert answer.status == 201
    assert re.fullmatch(r"SM[0-9a-f]{32}", message["sid"])
    assert message["status"] == "queued"
    assert message["num_segments"] == "1"
    assert message["num_media"] == "0"
    assert message["from"] == "+15005550006"
    assert message["to"] == "+573001112233"
    assert message["body"] == "Hola"
    assert message["direction"] == "outbound-api"
    assert message["account_sid"] == ACCOUNT_SID
    assert message["messaging_service_sid"] is message["price"] is message["error_code"] is None
    assert message["date_sent"] is None
    assert parsedate_to_datetime(message["date_created"]).utcoffset() is not None
    assert message["uri"] == f"{PATH}/{message['sid']}.json"


def test_it_knows_no_sender_yet_through_a_service(simulator: RunningSimulator) -> None:
    message = create(simulator, From="", MessagingServiceSid=SERVICE).json

    assert message["status"] == "accepted"
    assert message["from"] is None
    assert message["num_segments"] == "0"
    assert message["messaging_service_sid"] == SERVICE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "3001112233"}, 21211),
        ({"To": "+57300111223344556"}, 21211),
        ({"To": "whatever"}, 21211),
        ({"From": "+0123"}, 21212),
        ({"From": "", "MessagingServiceSid": "MG1"}, 21705),
        ({"StatusCallback": "https://my_shop.co/x"}, 21609),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "soon"}, 21624),
        # Twilio's test numbers.
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550099"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
    ],
)
def test_it_refuses(simulator: RunningSimulator, changes: dict[str, str], code: int) -> None:
    answer = create(simulator, timeout_s=5.0, **changes)

    assert answer.status == 400
    assert answer.json == {
        "code": code,
        "message": answer.json["message"],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }
    assert simulator.control.stats().accepted == 0
    assert simulator.control.stats().refused == {str(code): 1}


@pytest.mark.parametrize("sender", ["+573001112299", "890123", "MiTienda"])
def test_it_takes_any_kind_of_sender(simulator: RunningSimulator, sender: str) -> None:
    assert create(simulator, From=sender).status == 201


@pytest.mark.parametrize("login", ["", f"{ACCOUNT_SID}:wrong", f"AC{'9' * 32}:{AUTH_TOKEN}"])
def test_it_requires_the_account(simulator: RunningSimulator, login: str) -> None:
    answer = call(simulator, "POST", f"{PATH}.json", {"To": "+573001112233"}, login=login)

    assert answer.status == 401
    assert answer.json["code"] == 20003
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path", [PATH.replace(ACCOUNT_SID, f"AC{'9' * 32}") + ".json", f"{PATH}/SM1.json", "/", "/2010-04-01/"]
)
def test_it_finds_nothing_elsewhere(simulator: RunningSimulator, path: str) -> None:
    answer = call(simulator, "GET", path)

    assert answer.status == 404
    assert answer.json["code"] == 20404


def test_it_throttles_above_a_concurrency(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(max_concurrency=2, latency_s=0.6)

    statuses = sorted(together(simulator, 5))

    assert statuses == [201, 201, 429, 429, 429]
    assert simulator.control.stats().refused == {"20429": 3}
    assert create(simulator).status == 201


def test_it_throttles_above_a_rate(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(max_rate=1)

    statuses = [create(simulator).status for _ in range(5)]

    assert statuses[0] == 201
    assert 429 in statuses


def test_it_refuses_when_the_queue_is_full(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(drain_rate=1, max_queue_s=2)

    codes = [create(simulator).json.get("code") for _ in range(5)]

    assert codes == [None, None, None, 21611, 21611]


def test_it_counts_duplicates(simulator: RunningSimulator) -> None:
    for to in ("+573001110001", "+573001110002", "+573001110001"):
        create(simulator, To=to)

    stats = simulator.control.stats()
    assert (stats.accepted, stats.distinct_to, stats.duplicates) == (3, 2, 1)


def test_it_keeps_connections_open(simulator: RunningSimulator) -> None:
    with urllib3.HTTPConnectionPool(*simulator.url.removeprefix("http://").split(":")) as pool:  # type: ignore[arg-type]
        for _ in range(3):
            assert pool.request("GET", "/_control/health").status == 200
        assert pool.num_connections == 1


def together(simulator: RunningSimulator, count: int) -> list[int]:
    """The statuses of creates made at the same time."""
    with ThreadPoolExecutor(count) as threads:
        futures = [threads.submit(create, simulator, To=f"+5730011100{number:02d}") for number in range(count)]
        return [future.result().status for future in futures]
