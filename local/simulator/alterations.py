"""The changes that Twilio makes to a message that it has accepted, before it lists it.

- Trial accounts: "Sent from your Twilio trial account - " stands before the body, in the Message resource too: so in
  answers of the API that people published; https://www.twilio.com/docs/usage/tutorials/how-to-use-your-free-trial-account
- Redaction: "message bodies and phone numbers are no longer available within Twilio Console, APIs" once a message was
  sent, and the last four digits read XXXX: https://www.twilio.com/docs/messaging/guides/privacy-message-redaction. That
  the list's filter by To then finds nothing is what follows, and was not tried. `ContentRetention` and
  `AddressRetention` of a request say otherwise for one message; an account without the feature may refuse them:
  https://www.twilio.com/docs/api/errors/30029
- Smart Encoding: see `smart_encoding`; the request's `SmartEncoded` is documented with the Message resource.
- RCS: a Messaging Service with an RCS sender tries RCS before SMS (https://www.twilio.com/docs/rcs/send-an-rcs-message),
  and RCS addresses are written `rcs:+57…`. That `to` then reads so was not verified.
- White space that is trimmed and folded was not seen documented; it is the mildest way to change a text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from local.simulator.segments import count_segments
from local.simulator.smart_encoding import smart_encode

TRIAL_PREFIX = "Sent from your Twilio trial account - "
RCS = "rcs:"


@dataclass(slots=True)
class Alterations:
    """The switches.

    Args:
        trial: the body gets the trial account's prefix.
        redact_body: the body is listed empty.
        redact_to: `to` is listed with XXXX for its last four digits, and no filter by To finds the message.
        redact_after_s: from acceptance to both redactions, in seconds.
        ignore_retention: what a request says about retention does not count.
        smart_encoding: letters are replaced, in the listed body and before its segments are counted.
        smart_encoding_partly: also where other letters keep the message out of GSM-7.
        ignore_smart_encoded: a request's `SmartEncoded=false` does not count.
        whitespace: the body is trimmed, and runs of white space become one space.
        rcs_to: probability that a message through a Messaging Service goes to `rcs:` and its number.
        alter_probability: of each message to be altered at all, 0–1.
    """

    trial: bool = False
    redact_body: bool = False
    redact_to: bool = False
    redact_after_s: float = 0.0
    ignore_retention: bool = False
    smart_encoding: bool = False
    smart_encoding_partly: bool = False
    ignore_smart_encoded: bool = False
    whitespace: bool = False
    rcs_to: float = 0.0
    alter_probability: float = 1.0


class Listed(NamedTuple):
    """A message as it is listed: its body, its segments, whether to `rcs:`, and the Unix seconds at which its body and
    its number are redacted (0: never)."""

    body: str
    segments: int
    rcs: bool = False
    body_until: float = 0.0
    to_until: float = 0.0


def alter(wanted: Alterations, form: Mapping[str, str], now: float, *, altered: bool, rcs: bool) -> Listed:
    """The message of a request as the account lists it.

    Args:
        wanted: the switches.
        form: the fields posted.
        now: of the acceptance, a Unix second.
        altered: whether the dice say that the switches concern this message.
        rcs: whether they say that it goes by RCS.
    """
    body = form.get("Body", "")
    redacts = _redacts(form, "ContentRetention", "discard", wanted.redact_body and altered, wanted.ignore_retention)
    hides = _redacts(form, "AddressRetention", "obfuscate", wanted.redact_to and altered, wanted.ignore_retention)
    asked = form.get("SmartEncoded", "").lower()
    if asked == "true" or (wanted.smart_encoding and altered and (asked != "false" or wanted.ignore_smart_encoded)):
        body = smart_encode(body, partly=wanted.smart_encoding_partly)
    if wanted.whitespace and altered:
        body = " ".join(body.split())
    if wanted.trial and altered:
        body = TRIAL_PREFIX + body
    moment = now + wanted.redact_after_s
    return Listed(body, count_segments(body), rcs, moment if redacts else 0.0, moment if hides else 0.0)


def _redacts(form: Mapping[str, str], field: str, yes: str, by_default: bool, ignored: bool) -> bool:
    asked = form.get(field, "")
    return by_default if ignored or not asked else asked == yes


def obfuscated(to: str) -> str:
    """A number whose last four digits nobody sees any more."""
    return f"{to[:-4]}XXXX"
