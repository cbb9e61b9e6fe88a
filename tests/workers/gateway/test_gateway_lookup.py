"""The messages that Twilio has for a recipient, over as many pages as it takes."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import answering, scripted_server
from tests.local.simulator_process import RunningSimulator
from tests.workers.gateway.raw import SID, message_json
from workers.gateway import twilio
from workers.gateway.lookup import LookupFailedError
from workers.gateway.outcomes import Accepted
from workers.gateway.twilio import TwilioGateway

TO = "+573001112233"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def send(gateway: TwilioGateway, count: int, to: str = TO) -> list[str]:
    """The sids of so many messages, newest first."""
    sids = []
    for number in range(count):
        outcome = gateway.send(to=to, body=f"Hola {number}", callback_token="1-" + "0" * 32)
        assert isinstance(outcome, Accepted)
        sids.append(outcome.sid)
    return sids[::-1]


def sids_to(gateway: TwilioGateway, since: datetime = LONG_AGO) -> list[str]:
    return [message.sid for message in gateway.messages_to(TO, since=since)]


def test_it_lists_the_recipients_messages_newest_first(gateway: TwilioGateway) -> None:
    sent = send(gateway, 3)
    send(gateway, 1, "+573009998877")
    assert sids_to(gateway) == sent
    assert [message.body for message in gateway.messages_to(TO, since=LONG_AGO)] == ["Hola 2", "Hola 1", "Hola 0"]


def test_it_leaves_out_what_is_older(gateway: TwilioGateway) -> None:
    send(gateway, 2)
    assert sids_to(gateway, since=datetime.now(tz=UTC) + timedelta(minutes=1)) == []


@pytest.mark.parametrize("count", [2, 3, 5])
def test_it_reads_page_after_page(gateway: TwilioGateway, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(twilio, "LISTED", 2)
    sent = send(gateway, count)
    assert sids_to(gateway) == sent


def test_it_reads_no_page_beyond_the_time_in_question(
    simulator: RunningSimulator, gateway: TwilioGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio, "LISTED", 2)
    send(gateway, 5)
    before = simulator.control.stats().requests
    assert sids_to(gateway, since=datetime.now(tz=UTC) + timedelta(minutes=1)) == []
    assert simulator.control.stats().requests == before + 1


def test_one_old_message_ends_no_list(make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twilio sorts by when they left, and one may have waited in a queue for hours."""
    monkeypatch.setattr(twilio, "LISTED", 2)
    old, recent = "Thu, 24 Aug 2023 05:01:45 +0000", "Thu, 24 Aug 2023 09:01:45 +0000"

    def page(*dates: str, more: bool = True) -> str:
        messages = [json.loads(message_json(sid=f"SM{n:032}", date_created=date)) for n, date in enumerate(dates)]
        following = "/2010-04-01/Accounts/AC/Messages.json?Page=1&PageToken=PA" if more else None
        return json.dumps({"messages": messages, "next_page_uri": following})

    script = [page(old, recent), page(recent, old), page(old, old), page(recent, more=False)]
    with scripted_server(*[answering(200, one) for one in script]) as server:
        found = make_gateway(server.url).messages_since(datetime(2023, 8, 24, 8, tzinfo=UTC))
    assert (len(found), len(server.requests)) == (2, 3)


def test_it_says_so_when_there_are_too_many_to_tell(gateway: TwilioGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio, "LISTED", 2)
    monkeypatch.setattr(twilio, "MOST_PAGES", 2)
    send(gateway, 3)
    assert len(sids_to(gateway)) == 3
    send(gateway, 1)
    with pytest.raises(LookupFailedError, match="too_many_messages"):
        sids_to(gateway)


def test_an_answer_that_fails_on_the_second_page_is_no_answer(
    simulator: RunningSimulator, gateway: TwilioGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio, "LISTED", 2)
    send(gateway, 3)
    simulator.control.set_faults({"kind": "error", "status": 503, "on": "list", "skip": 1})
    with pytest.raises(LookupFailedError, match="http_503"):
        sids_to(gateway)


def test_nobody_answers(make_gateway: MakeGateway) -> None:
    with pytest.raises(LookupFailedError, match="connection_refused"):
        make_gateway("http://127.0.0.1:1").messages_to(TO, since=LONG_AGO)


def test_it_says_where_a_message_came_from_and_when_it_left(
    gateway: TwilioGateway, make_gateway: MakeGateway, simulator: RunningSimulator
) -> None:
    send(gateway, 1)
    service = "MG" + "2c" * 16
    make_gateway(simulator.url, messaging_service_sid=service).send(to=TO, body="x", callback_token="1-" + "0" * 32)
    through_service, plain = gateway.messages_to(TO, since=LONG_AGO)
    assert (plain.to, plain.sender, plain.service) == (TO, "+15005550006", "")
    assert through_service.service == service
    deadline = time.monotonic() + 10
    while (sent_at := gateway.messages_to(TO, since=LONG_AGO)[1].sent_at) is None:
        assert time.monotonic() < deadline
    assert sent_at >= plain.created_at


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_says_when_twilio_answered(gateway: TwilioGateway, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(twilio, "LISTED", 2)
    send(gateway, count)
    at = gateway.messages_to(TO, since=LONG_AGO).at
    assert at is not None
    assert abs(at - datetime.now(tz=UTC)) < timedelta(minutes=1)


def test_it_fetches_one_message(simulator: RunningSimulator, gateway: TwilioGateway, make_gateway: MakeGateway) -> None:
    (sid,) = send(gateway, 1)
    found = gateway.message(sid)
    assert found is not None
    assert (found.sid, found.to) == (sid, TO)
    assert gateway.message("SM" + "0" * 32) is None
    simulator.control.set_faults({"kind": "error", "status": 503, "on": "fetch"})
    with pytest.raises(LookupFailedError, match="http_503"):
        gateway.message(sid)
    with pytest.raises(LookupFailedError, match="connection_refused"):
        make_gateway("http://127.0.0.1:1").message(sid)


def test_it_lists_the_whole_account(gateway: TwilioGateway) -> None:
    sent = send(gateway, 2)
    others = send(gateway, 1, "+573009998877")
    assert [message.sid for message in gateway.messages_since(LONG_AGO)] == others + sent
    assert gateway.messages_since(datetime.now(tz=UTC) + timedelta(minutes=1)) == []


def test_what_people_wrote_to_us_is_no_message_of_ours(make_gateway: MakeGateway) -> None:
    listed = [
        {**json.loads(message_json(sid="SM" + "3" * 32)), "direction": "inbound"},
        {**json.loads(message_json()), "direction": "outbound-api"},
    ]
    page = json.dumps({"messages": listed, "next_page_uri": None})
    with scripted_server(answering(200, page)) as server:
        found = make_gateway(server.url).messages_since(LONG_AGO)
    assert [message.sid for message in found] == [SID]
    assert found.at is None  # that server has no clock
