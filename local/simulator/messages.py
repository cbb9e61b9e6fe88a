"""A message as the ledger keeps it, and as the API shows it.

A message's status is not stored: it follows from the clock and the three instants decided when the message
was accepted. So a million messages drain without one UPDATE, and a restart loses no step.
"""

from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

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
}

# Of a message that waited longer than its ValidityPeriod: https://www.twilio.com/docs/api/errors/30036
EXPIRED = ("failed", "30036")
ERROR_TEXTS = {code: text for code, (_, text) in FAILING_SUFFIXES.items()} | {EXPIRED[1]: "Validity Period Expired"}


class Message(NamedTuple):
    """One accepted message. Times are Unix seconds; `sender` or `service` may be empty, not both."""

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

    def status(self, now: float) -> str:
        """queued (accepted, through a Messaging Service) → sending → sent → the outcome; or → failed."""
        if now >= self.final_at:
            return self.outcome
        if now < self.sending_at or self.outcome == "failed":
            return "accepted" if self.service else "queued"
        return "sending" if now < self.sent_at else "sent"

    def steps(self) -> list[tuple[float, str]]:
        """The status changes Twilio reports, with their instants; the initial status is not one of them."""
        if self.outcome == "failed":
            return [(self.final_at, "failed")]
        return [(self.sending_at, "sending"), (self.sent_at, "sent"), (self.final_at, self.outcome)]


def outcome_for(to: str) -> tuple[str, str]:
    """The final status of a recipient's messages, and its error code if it fails."""
    code = to[-5:]
    failing = FAILING_SUFFIXES.get(code)
    return (failing[0], code) if failing else ("delivered", "")


def as_json(message: Message, account_sid: str, now: float, service_number: str) -> dict[str, object]:
    """The Message resource, with Twilio's types: counts and prices are strings, dates RFC 2822.

    https://www.twilio.com/docs/messaging/api/message-resource#message-properties
    """
    status = message.status(now)
    waiting = bool(message.service) and status == "accepted"
    sent = now >= message.sent_at and status != "failed"
    failed = status in {"failed", "undelivered"}
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    moments = (message.accepted_at, message.sending_at, message.sent_at, message.final_at)
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": rfc2822(int(message.accepted_at)),
        "date_sent": rfc2822(int(message.sent_at)) if sent else None,
        "date_updated": rfc2822(int(max(moment for moment in moments if moment <= max(now, moments[0])))),
        "direction": "outbound-api",
        "error_code": int(message.error_code) if failed else None,
        "error_message": ERROR_TEXTS[message.error_code] if failed else None,
        # No sender is chosen yet for a message that waits in a Messaging Service.
        "from": None if waiting else (message.sender or service_number),
        "messaging_service_sid": message.service or None,
        "num_media": "0",
        "num_segments": "0" if waiting else str(message.segments),
        "price": f"{-PRICE_PER_SEGMENT * message.segments:.5f}" if sent else None,
        "price_unit": "USD" if sent else None,
        "sid": message.sid,
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


@lru_cache(maxsize=4096)
def rfc2822(second: int) -> str:
    """A Unix second as "Thu, 24 Aug 2023 05:01:45 +0000"."""
    return formatdate(second, usegmt=False, localtime=False).replace("-0000", "+0000")
