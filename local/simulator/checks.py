"""What Twilio refuses before it accepts a message.

https://www.twilio.com/docs/messaging/api/message-resource and, for the numbers that always fail,
https://www.twilio.com/docs/iam/test-credentials#test-sms-messages
"""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from local.simulator.errors import Refusal, refusal

E164 = re.compile(r"\+[1-9]\d{6,14}")
SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
MAX_BODY = 1600
MAX_CALLBACK = 4000
LONGEST_VALIDITY_S = 36_000  # also the default

TEST_PREFIX = "+1500555"
TEST_SENDERS = {"0001": 21212, "0006": 0, "0008": 21611}  # any other: 21606
TEST_RECIPIENTS = {"0001": 21211, "0002": 21612, "0003": 21408, "0004": 21610, "0009": 21614}


def check_create(form: Mapping[str, str], opt_outs: Collection[tuple[str, str]]) -> Refusal | None:
    """Why Twilio would refuse this create-message form, or None.

    Args:
        form: the fields posted.
        opt_outs: (client, sender) pairs after a STOP; an empty sender stands for all.
    """
    to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid", "")
    callback = form.get("StatusCallback", "")
    if not to:
        return refusal(21604)
    if not sender and not service:
        return refusal(21603)
    if not (form.get("Body") or form.get("MediaUrl") or form.get("ContentSid")):
        return refusal(21602)
    if len(form.get("Body", "")) > MAX_BODY:
        return refusal(21617)
    if service and not SERVICE.fullmatch(service):
        return refusal(21705, service)
    code = _sender_code(sender) if sender else 0
    if code:
        return refusal(code, sender)
    code = _recipient_code(to)
    if code:
        return refusal(code, to)
    if callback and not _callable(callback):
        return refusal(21609, callback)
    if (validity := form.get("ValidityPeriod", "")) and not _is_validity(validity):
        return refusal(21624)
    if opt_outs and any((to, who) in opt_outs for who in (sender, service, "")):
        return refusal(21610)
    return None


def _sender_code(sender: str) -> int:
    if sender.startswith(TEST_PREFIX):
        return TEST_SENDERS.get(sender[len(TEST_PREFIX) :], 21606)
    return 0 if SENDER.fullmatch(sender) else 21212


def _recipient_code(to: str) -> int:
    if to.startswith(TEST_PREFIX):
        return TEST_RECIPIENTS.get(to[len(TEST_PREFIX) :], 0)
    return 0 if E164.fullmatch(to) else 21211


def _is_validity(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LONGEST_VALIDITY_S


def _callable(url: str) -> bool:
    """Any http(s) address will do, localhost too: calling it back is what a stand-in is for."""
    parts = urlsplit(url)
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "_" not in (parts.hostname or "")
        and len(url) <= MAX_CALLBACK
    )
