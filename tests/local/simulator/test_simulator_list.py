"""GET Messages.json and GET one message."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.local.simulator.support import PATH, SENDER, SERVICE, call, create, listing
from tests.local.simulator_process import RunningSimulator


def sids(simulator: RunningSimulator, **query: str) -> list[str]:
    return [message["sid"] for message in listing(simulator, **query).json["messages"]]


def test_it_is_empty(simulator: RunningSimulator) -> None:
    page = listing(simulator).json

    assert page["messages"] == []
    assert page["next_page_uri"] is page["previous_page_uri"] is None
    assert (page["page"], page["page_size"], page["start"], page["end"]) == (0, 50, 0, 0)


def test_it_lists_the_newest_first(simulator: RunningSimulator) -> None:
    made = [create(simulator, To=f"+57300111000{number}").json["sid"] for number in range(3)]

    assert sids(simulator) == made[::-1]


def test_it_pages(simulator: RunningSimulator) -> None:
    made = [create(simulator, To="+573001110001").json["sid"] for _ in range(5)]
    create(simulator, To="+573001110002")

    seen, sizes, path = [], [], f"{PATH}.json?To=%2B573001110001&PageSize=2"
    while path:
        page = call(simulator, "GET", path).json
        assert page["uri"].startswith(PATH)
        sizes.append(len(page["messages"]))
        seen += [message["sid"] for message in page["messages"]]
        path = page["next_page_uri"]
        if path:
            query = parse_qs(urlsplit(path).query)
            assert query["To"] == ["+573001110001"]
            assert query["PageSize"] == ["2"]
            assert query["PageToken"][0].startswith("PA")

    assert seen == made[::-1]
    assert sizes == [2, 2, 1]


def test_it_pages_steadily_while_messages_arrive(simulator: RunningSimulator) -> None:
    made = [create(simulator).json["sid"] for _ in range(4)]
    first = listing(simulator, PageSize="2").json
    create(simulator)

    second = call(simulator, "GET", first["next_page_uri"]).json

    assert [message["sid"] for message in second["messages"]] == [made[1], made[0]]


def test_it_filters_by_recipient_and_sender(simulator: RunningSimulator) -> None:
    wanted = create(simulator, To="+573001110001", From=SENDER).json["sid"]
    create(simulator, To="+573001110001", From="890123")
    create(simulator, To="+573001110002", From=SENDER)

    assert sids(simulator, To="+573001110001", From=SENDER) == [wanted]
    assert sids(simulator, To="+573009999999") == []


def test_it_filters_by_the_sender_a_service_chose(simulator: RunningSimulator) -> None:
    sid = create(simulator, From="", MessagingServiceSid=SERVICE).json["sid"]

    assert sids(simulator, From=SENDER) == [sid]


def test_it_filters_by_the_day_it_was_sent(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(send_s=60)
    create(simulator)
    simulator.control.set_faults(send_s=0)
    sid = create(simulator).json["sid"]
    today = datetime.now(UTC)
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)

    # The first is not sent yet: it has no date, so no filter finds it.
    assert sids(simulator, DateSent=f"{today:%Y-%m-%d}") == [sid]
    assert sids(simulator, **{"DateSent>": f"{today:%Y-%m-%d}"}) == [sid]
    assert sids(simulator, **{"DateSent<": f"{today:%Y-%m-%d}"}) == [sid]
    assert sids(simulator, **{"DateSent>": f"{yesterday:%Y-%m-%dT%H:%M:%SZ}"}) == [sid]
    assert sids(simulator, DateSent=f"{yesterday:%Y-%m-%d}") == []
    assert sids(simulator, **{"DateSent>": f"{tomorrow:%Y-%m-%d}"}) == []


def test_it_shows_messages_late_when_told(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(list_delay_s=0.6)
    sid = create(simulator).json["sid"]

    assert sids(simulator, To="+573001112233") == []
    assert call(simulator, "GET", f"{PATH}/{sid}.json").status == 200
    deadline = time.monotonic() + 5
    while sids(simulator, To="+573001112233") != [sid]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    hidden = simulator.control.fault_counts()["list_hidden"]
    assert hidden >= 1
    assert sids(simulator, To="+573009999999") == []
    assert simulator.control.fault_counts()["list_hidden"] == hidden  # nobody's list hid anything


@pytest.mark.parametrize("query", [{"PageSize": "many"}, {"PageToken": "x"}, {"DateSent": "yesterday"}])
def test_it_refuses_what_it_cannot_read(simulator: RunningSimulator, query: dict[str, str]) -> None:
    assert listing(simulator, **query).status == 400


def test_it_fetches_one(simulator: RunningSimulator) -> None:
    simulator.control.set_faults(send_s=60)
    made = create(simulator).json

    fetched = call(simulator, "GET", f"{PATH}/{made['sid']}.json").json

    assert {**fetched, "status": None, "date_updated": None} == {**made, "status": None, "date_updated": None}


@pytest.mark.parametrize("sid", ["SM" + "0" * 32, "SMzz", "MM1", ""])
def test_it_fetches_no_other(simulator: RunningSimulator, sid: str) -> None:
    create(simulator)

    assert call(simulator, "GET", f"{PATH}/{sid}.json").status == 404


def test_it_knows_no_sid_from_before_a_reset(simulator: RunningSimulator) -> None:
    old = create(simulator).json["sid"]
    simulator.control.reset()
    new = create(simulator).json["sid"]

    assert new != old
    assert call(simulator, "GET", f"{PATH}/{old}.json").status == 404
