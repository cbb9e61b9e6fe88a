"""A message as the ledger keeps it, and as the API shows it.

A message's status is not stored: it follows from the clock and the three instants decided when the message
was accepted. So a million messages drain without one UPDATE, and a restart loses no step.
"""

from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

from local.simulator.alterations import RCS, obfuscated
from local.simulator.errors import TEXTS

API_VERSION = "2010-04-01"
PRICE_PER_SEGMENT = 0.0075

# A recipient whose number ends with one of these codes gets that failure: +57300 12 30003 is unreachable.
FAILING_SUFFIXES: dict[str, tuple[str, str]] = {
    "30001": ("failed", "Queue overflow"),
    "30002": ("failed", "Account suspended"),
    "30003": ("undelivered", "Unreachable destination handset"),
    "30004": ("undelivered", "Message blocked"),
    "30005": ("undelivered", "Unknown destination handset"),
    "30006": ("undelivered", "Landline or unreachable carrier"),
    "30007": ("undelivered", "Carrier violation"),
    "30008": ("undelivered", "Unknown error"),
    "30450": ("failed", "Message delivery blocked"),
}

# The code of a message that waited longer than its ValidityPeriod: https://www.twilio.com/docs/api/errors/30036
EXPIRED = ("failed", "30036")
ERROR_TEXTS = {code: text for code, (_, text) in FAILING_SUFFIXES.items()} | {EXPIRED[1]: "Validity Period Expired"}


# These never left: they have no date of sending and no price.
UNSENT = frozenset({"failed", "canceled"})


class Message(NamedTuple):
    """One message that was accepted, or `refused` and recorded all the same. Times are Unix seconds; `sender` or
    `service` may be empty, not both, in an accepted one. `body` and `to` are as they came; `listed` is the body that is
    shown instead (empty: the same), and the rest what `alterations.Listed` says. `account` is its SID."""

    id: int
    sid: str
    to: str
    sender: str
    service: str
    body: str
    segments: int
    accepted_at: float
    sending_at: float
    sent_at: float
    final_at: float
    outcome: str
    error_code: str
    status_callback: str
    account: str = ""
    refused: int = 0
    listed: str = ""
    rcs: int = 0
    body_until: float = 0.0
    to_until: float = 0.0

    def status(self, now: float) -> str:
        """queued (accepted, through a Messaging Service) → sending → sent → the outcome; or → failed."""
        if now >= self.final_at:
            return self.outcome
        if now < self.sending_at or self.outcome in UNSENT:
            return "accepted" if self.service else "queued"
        return "sending" if now < self.sent_at else "sent"

    def steps(self) -> list[tuple[float, str]]:
        """The status changes Twilio reports, with their instants; the initial status is not one of them."""
        if self.outcome in UNSENT:
            return [(self.final_at, self.outcome)]
        return [(self.sending_at, "sending"), (self.sent_at, "sent"), (self.final_at, self.outcome)]


def outcome_for(to: str) -> tuple[str, str]:
    """The final status of a recipient's messages, and its error code if it fails."""
    code = to[-5:]
    failing = FAILING_SUFFIXES.get(code)
    return (failing[0], code) if failing else ("delivered", "")


class View(NamedTuple):
    """The eyes that look at a message: the account, the number that Messaging Services send from, how far
    Twilio's clock is from ours, and how long after sending a price is known, both in seconds."""

    account_sid: str
    service_number: str
    clock_offset_s: float = 0.0
    price_delay_s: float = 0.0


def as_json(message: Message, now: float, view: View) -> dict[str, object]:
    """The Message resource, with Twilio's types: counts and prices are strings, dates RFC 2822.

    https://www.twilio.com/docs/messaging/api/message-resource#message-properties, and for the price, which "may not be
    immediately available", https://www.twilio.com/docs/messaging/api/message-resource#price
    """
    status = message.status(now)
    waiting = bool(message.service) and (status == "accepted" or bool(message.refused))
    sent = now >= message.sent_at and status not in UNSENT
    priced = sent and now >= message.sent_at + view.price_delay_s
    code = message.error_code if status in {"failed", "undelivered"} else ""
    uri = f"/{API_VERSION}/Accounts/{view.account_sid}/Messages/{message.sid}"
    moments = (message.accepted_at, message.sending_at, message.sent_at, message.final_at)

    def date(moment: float) -> str:
        return rfc2822(int(moment + view.clock_offset_s))

    return {
        "account_sid": view.account_sid,
        "api_version": API_VERSION,
        "body": "" if 0 < message.body_until <= now else message.listed or message.body,
        "date_created": date(message.accepted_at),
        "date_sent": date(message.sent_at) if sent else None,
        "date_updated": date(max(moment for moment in moments if moment <= max(now, moments[0]))),
        "direction": "outbound-api",
        "error_code": int(code) if code else None,
        "error_message": error_text(code) if code else None,
        # No sender is chosen yet for a message that waits in a Messaging Service.
        "from": None if waiting else (message.sender or view.service_number),
        "messaging_service_sid": message.service or None,
        "num_media": "0",
        "num_segments": "0" if waiting else str(message.segments),
        "price": f"{-PRICE_PER_SEGMENT * message.segments:.5f}" if priced else None,
        "price_unit": "USD" if priced else None,
        "sid": message.sid,
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": shown_to(message, now),
        "uri": f"{uri}.json",
    }


def shown_to(message: Message, now: float) -> str:
    """The recipient as it is listed."""
    if 0 < message.to_until <= now:
        return obfuscated(message.to)
    return f"{RCS}{message.to}" if message.rcs else message.to


def error_text(code: str) -> str:
    """Twilio's words for a code."""
    return ERROR_TEXTS.get(code) or TEXTS.get(int(code), (0, f"Error {code}"))[1].replace("{}", "")


@lru_cache(maxsize=4096)
def rfc2822(second: int) -> str:
    """A Unix second as "Thu, 24 Aug 2023 05:01:45 +0000"."""
    return formatdate(second, usegmt=False, localtime=False).replace("-0000", "+0000")
