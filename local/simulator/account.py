"""The GETs by which a client looks at its account: its state, balance, senders, Messaging Services and countries.

- https://www.twilio.com/docs/iam/api/account and https://www.twilio.com/docs/usage/api (Balance.json)
- https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
- https://www.twilio.com/docs/messaging/api/service-resource, with its subresources PhoneNumbers, ShortCodes,
  AlphaSenders and ChannelSenders, on messaging.twilio.com
- GET /v1/Messaging/GeoPermissions?CountryCode=CO on accounts.twilio.com, from Twilio's OpenAPI description and SDK:
  `permissions`, a list of objects with country_code, type, enabled, error_code and error_messages.

All hosts of Twilio's are this one here. Only the fields that say something are given. The settings of Message Redaction
and of RCS have no API that is documented, and are not here.
"""

from time import time
from urllib.parse import parse_qsl

from aiohttp import web

from local.simulator.answers import answer_json, answer_refusal
from local.simulator.create import meet
from local.simulator.errors import refusal
from local.simulator.messages import API_VERSION, rfc2822
from local.simulator.state import State

SERVICES = "/v1/Services/"
GEO = "/v1/Messaging/GeoPermissions"
KINDS = {
    "PhoneNumbers": "phone_numbers",
    "ShortCodes": "short_codes",
    "AlphaSenders": "alpha_senders",
    "ChannelSenders": "senders",
}


async def account(state: State, request: web.BaseRequest, sid: str) -> web.StreamResponse:
    """Answer a GET about the account; what is not here is a 404."""
    path, _, text = request.raw_path.partition("?")
    if wrong := await meet(state, request, "account", ""):
        return wrong
    found = _find(state, sid, path, dict(parse_qsl(text)))
    state.log.write("GET", request.raw_path, 200 if found else 404, 0 if found else 20404, "", b"")
    return answer_json(found) if found else answer_refusal(state, refusal(20404, path))


def _find(state: State, sid: str, path: str, query: dict[str, str]) -> dict[str, object] | None:
    base = f"/{API_VERSION}/Accounts/{sid}"
    match path.removeprefix(base):
        case ".json":
            created = rfc2822(int(time() + state.faults.now.clock_offset_s))
            setup = state.setup
            return {
                "sid": sid,
                "status": setup.status,
                "type": setup.type,
                "friendly_name": "Simulador",
                "date_created": created,
                "date_updated": created,
            }
        case "/Balance.json":
            return {"account_sid": sid, "balance": state.setup.balance, "currency": state.setup.currency}
        case "/IncomingPhoneNumbers.json":
            return _page("incoming_phone_numbers", _numbers(state, query.get("PhoneNumber", "")))
        case "/SMS/ShortCodes.json":
            return _page("short_codes", _short_codes(state, query.get("ShortCode", "")))
    if path == GEO:
        return {"permissions": _countries(state, query.get("CountryCode", ""))}
    if path.startswith(SERVICES):
        return _service(state, sid, *path[len(SERVICES) :].split("/"))
    return None


def _page(name: str, rows: list[dict[str, object]]) -> dict[str, object]:
    return {name: rows, "page": 0, "page_size": 50, "next_page_uri": None, "start": 0, "end": max(len(rows) - 1, 0)}


def _numbers(state: State, asked: str) -> list[dict[str, object]]:
    """The account's numbers, or the one asked for."""
    known = {asked: {}} if state.setup.numbers is None and asked else state.setup.numbers or {}
    usual = {
        "capabilities": {"sms": True, "mms": False, "voice": True, "fax": False},
        "sms_url": state.config.inbound_url,
        "sms_method": "POST",
        "sms_application_sid": "",
        "status": "in-use",
    }
    return [
        {"sid": f"PN{number:032x}", "phone_number": phone, **usual, **known[phone]}
        for number, phone in enumerate(known)
        if asked in {"", phone}
    ]


def _short_codes(state: State, asked: str) -> list[dict[str, object]]:
    known = {asked: {}} if state.setup.short_codes is None and asked else state.setup.short_codes or {}
    usual = {"sms_url": state.config.inbound_url, "sms_method": "POST"}
    return [
        {"sid": f"SC{number:032x}", "short_code": code, **usual, **known[code]}
        for number, code in enumerate(known)
        if asked in {"", code}
    ]


def _service(state: State, account_sid: str, sid: str, kind: str = "", *more: str) -> dict[str, object] | None:
    """A Messaging Service, or the senders of one kind that it has."""
    known = state.setup.services
    if more or (kind and kind not in KINDS) or not sid.startswith("MG") or (known is not None and sid not in known):
        return None
    if kind:
        given: list[dict[str, object]] = state.setup.senders.get(kind, [])
        usual = {"service_sid": sid, "capabilities": ["SMS"], "country_code": "US"}
        rows = [{"sid": f"PN{number:032x}", **usual, **row} for number, row in enumerate(given)]
        return {KINDS[kind]: rows, "meta": {"key": KINDS[kind], "next_page_url": None, "page": 0, "page_size": 50}}
    return {
        "sid": sid,
        "account_sid": account_sid,
        "friendly_name": "Simulador",
        "inbound_request_url": state.config.inbound_url or None,
        "inbound_method": "POST",
        "status_callback": None,
        "smart_encoding": False,
        "sticky_sender": True,
        "fallback_to_long_code": False,
        "area_code_geomatch": True,
        "validity_period": 36000,
        "use_inbound_webhook_on_number": False,
        **(known or {}).get(sid, {}),
    }


def _countries(state: State, asked: str) -> list[dict[str, object]]:
    known = {asked: True} if state.setup.countries is None and asked else state.setup.countries or {}
    return [
        {"country_code": code, "type": "country", "enabled": enabled, "error_code": 0, "error_messages": []}
        for code, enabled in known.items()
        if asked in {"", code}
    ]
