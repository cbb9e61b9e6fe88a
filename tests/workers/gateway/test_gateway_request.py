"""The request that the gateway puts on the wire, and where it sends it."""

import base64
from urllib.parse import parse_qsl

import pytest

from tests.local.fixtures import CONFIG, MakeGateway
from tests.local.scripted_server import ScriptedServer, answering, scripted_server
from tests.workers.gateway.raw import message_json
from workers.gateway.callbacks import is_public
from workers.gateway.http import LeanHttpClient
from workers.gateway.twilio import TwilioGateway

ACCEPTING = answering(201, message_json())
SERVICE = "MG" + "2c" * 16


def form_of(server: ScriptedServer) -> dict[str, str]:
    return dict(parse_qsl(server.requests[-1].partition(b"\r\n\r\n")[2].decode(), strict_parsing=True))


def test_it_posts_a_message(make_gateway: MakeGateway) -> None:
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url).send(to="+573001112233", body="¡Hola, Íñigo! 5 % + más €", callback_token="abc")

    head = server.requests[0].partition(b"\r\n\r\n")[0].decode()
    login = base64.b64encode(f"{CONFIG.account_sid}:{CONFIG.auth_token}".encode()).decode()
    assert head.startswith(f"POST /2010-04-01/Accounts/{CONFIG.account_sid}/Messages.json HTTP/1.1\r\n")
    assert f"authorization: basic {login}".lower() in head.lower()
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert form_of(server) == {
        "To": "+573001112233",
        "From": "+15005550006",
        "Body": "¡Hola, Íñigo! 5 % + más €",
        "StatusCallback": "https://sms.tienda.co/webhooks/twilio/estado/abc/#rc=5&rp=all",
    }


def test_it_sends_through_a_messaging_service(make_gateway: MakeGateway) -> None:
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url, messaging_service_sid=SERVICE).send(
            to="+573001112233", body="Hola", callback_token="t"
        )

    assert form_of(server)["MessagingServiceSid"] == SERVICE
    assert form_of(server)["SmartEncoded"] == "false"  # a service would change the words otherwise
    assert "From" not in form_of(server)


@pytest.mark.parametrize("retain", [False, True])
def test_it_asks_that_the_message_stays_readable_only_where_the_account_knows_that(
    make_gateway: MakeGateway, retain: bool
) -> None:
    """Twilio refuses the request without Message Redaction: 30029."""
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url, retain=retain).send(to="+573001112233", body="Hola", callback_token="t")

    asked = {name: form_of(server).get(name) for name in ("ContentRetention", "AddressRetention")}
    assert set(asked.values()) == ({"retain"} if retain else {None})


@pytest.mark.parametrize(
    ("sender", "parameter"),
    [(SERVICE, "MessagingServiceSid"), ("+573009998877", "From"), ("85432", "From"), ("MGTienda", "From")],
)
@pytest.mark.parametrize("configured", ["", "MG" + "0" * 32])
def test_it_sends_from_the_sender_it_is_given(
    make_gateway: MakeGateway, configured: str, sender: str, parameter: str
) -> None:
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url, messaging_service_sid=configured).send(
            to="+573001112233", body="Hola", callback_token="t", sender=sender
        )

    sent = form_of(server)
    assert {name: sent[name] for name in ("From", "MessagingServiceSid") if name in sent} == {parameter: sender}


def test_it_ignores_edge_and_region(make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK would turn 127.0.0.1 into 127.sydney.au1.0.1.
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t")

    assert len(server.requests) == 1
    assert f"Host: 127.0.0.1:{server.port}".encode() in server.requests[0]


def test_it_takes_only_scheme_and_host_of_the_base_url(make_gateway: MakeGateway) -> None:
    with scripted_server(ACCEPTING) as server:
        make_gateway(f"{server.url}/ignored/path/").send(to="+573001112233", body="Hola", callback_token="t")

    assert server.requests[0].startswith(b"POST /2010-04-01/Accounts/")


@pytest.mark.parametrize("base_url", ["127.0.0.1:8900", "ftp://127.0.0.1", "http://", "//127.0.0.1"])
def test_it_rejects_a_base_url_that_is_no_address(base_url: str) -> None:
    with pytest.raises(ValueError, match="not an http"):
        LeanHttpClient(base_url=base_url, connect_timeout_s=1, read_timeout_s=1, pool_size=1)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://sms.tienda.co", True),
        ("http://sms.tienda.co:8443/app", True),
        ("https://8.8.8.8", True),
        ("http://localhost:8000", False),
        ("http://app.localhost", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://192.168.1.20", False),
        ("http://10.0.0.3", False),
        ("http://web:8000", False),
        ("http://printer.local", False),
        # Twilio refuses underscores in the host.
        ("https://my_shop.tienda.co", False),
        ("ftp://sms.tienda.co", False),
        ("", False),
    ],
)
def test_it_knows_a_public_address(url: str, public: bool) -> None:
    assert is_public(url) is public


def test_it_leaves_out_a_callback_twilio_would_refuse(make_gateway: MakeGateway) -> None:
    # Error 21609 would refuse every message: better no delivery status than no message.
    assert not make_gateway(None, public_url="http://localhost:8000")._reports
    assert not make_gateway("https://api.ashburn.us1.twilio.com", public_url="http://localhost:8000")._reports
    assert make_gateway(None, public_url="https://sms.tienda.co")._reports


def test_it_calls_back_anywhere_from_a_stand_in(make_gateway: MakeGateway) -> None:
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url, public_url="http://localhost:8000/").send(
            to="+573001112233", body="Hola", callback_token="t"
        )

    assert form_of(server)["StatusCallback"] == "http://localhost:8000/webhooks/twilio/estado/t/#rc=5&rp=all"


def test_it_hides_the_token() -> None:
    assert CONFIG.auth_token not in repr(CONFIG)
    assert isinstance(TwilioGateway(CONFIG), TwilioGateway)


@pytest.mark.parametrize(("seconds", "sent"), [(None, None), (1, "1"), (600, "600"), (86_400, "36000")])
def test_it_ends_the_validity(make_gateway: MakeGateway, seconds: int | None, sent: str | None) -> None:
    with scripted_server(ACCEPTING) as server:
        make_gateway(server.url).send(to="+573001112233", body="Hola", callback_token="t", validity_s=seconds)

    assert form_of(server).get("ValidityPeriod") == sent
