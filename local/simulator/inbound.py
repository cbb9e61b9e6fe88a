"""A client's message to one of our numbers: opt-outs, and the webhook that tells the product.

https://www.twilio.com/docs/messaging/guides/webhook-request and, for the keywords,
https://help.twilio.com/articles/223134027
"""

import secrets
from typing import Any

from local.simulator import doors
from local.simulator.messages import API_VERSION
from local.simulator.segments import count_segments
from local.simulator.state import State

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})


async def receive(state: State, payload: dict[str, Any]) -> dict[str, object]:
    """Take in a message from a client.

    Args:
        payload: `from` and `body`; `to`, the number written to; `service`, its Messaging Service; `url`, the webhook
            instead of the configured one, at the same address (on this machine when none is); `advanced`, true to send
            OptOutType as Advanced Opt-Out does.

    Returns:
        Its sid, the webhook's HTTP status (0: no answer, or no webhook configured), and the keyword found.

    Raises:
        ValueError: `from` is missing, or `url` is not the product's.
    """
    client, body = str(payload.get("from", "")), str(payload.get("body", ""))
    to, service = str(payload.get("to", "")), str(payload.get("service", ""))
    if not client:
        raise ValueError("from is missing: who writes?")
    url = str(payload.get("url") or state.config.inbound_url)
    if url and not doors.may_write_to(url, state.config.inbound_url):
        raise ValueError("url is not at the product's address: what is posted there is signed")
    keyword = _keyword(body)
    if keyword == "STOP":
        state.ledger.opt_out(client, service or to)
    elif keyword == "START":
        state.ledger.opt_in(client, service or to)
    form = {
        "AccountSid": state.config.account_sid,
        "ApiVersion": API_VERSION,
        "Body": body,
        "From": client,
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "NumMedia": "0",
        "NumSegments": str(count_segments(body)),
        "SmsStatus": "received",
        "To": to or state.config.service_number,
    }
    form["SmsSid"] = form["SmsMessageSid"] = form["MessageSid"]
    if service:
        form["MessagingServiceSid"] = service
    if payload.get("advanced") and keyword:
        form["OptOutType"] = keyword
    status = await state.sender.post(url, form) if url else 0
    return {"sid": form["MessageSid"], "status": status, "keyword": keyword}


def _keyword(body: str) -> str:
    """STOP, START or HELP when the whole message is one of Twilio's keywords, in any case."""
    word = body.strip().upper()
    for name, words in (("STOP", STOP), ("START", START), ("HELP", HELP)):
        if word in words:
            return name
    return ""
