"""The things that an account has besides messages: its state, balance, senders, Messaging Services and countries.

They are what a check of an installation asks Twilio for, and what a test breaks.
"""

from dataclasses import dataclass, field
from typing import Any

from local.simulator.faults import build


@dataclass(slots=True)
class Setup:
    """One account's setup. A new one has everything that is asked about, and nothing to complain of.

    Args:
        status: "active", "suspended" or "closed".
        type: "Full" or "Trial".
        balance: in `currency`, as Twilio writes it.
        numbers: phone numbers by E.164, each with the fields that differ from a number that sends and receives SMS
            (None: every number is there).
        short_codes: likewise, by code.
        services: Messaging Services by SID, each with the fields that differ (None: every one is there).
        senders: of every service, by kind: "PhoneNumbers", "ShortCodes", "AlphaSenders" and "ChannelSenders", each a
            list of objects with the fields that differ.
        countries: ISO codes, each with whether messages to it are allowed (None: to every one).
    """

    status: str = "active"
    type: str = "Full"
    balance: str = "25.50"
    currency: str = "USD"
    numbers: dict[str, Any] | None = None
    short_codes: dict[str, Any] | None = None
    services: dict[str, Any] | None = None
    senders: dict[str, Any] = field(default_factory=lambda: {"PhoneNumbers": [{}]})
    countries: dict[str, Any] | None = None

    @classmethod
    def parse(cls, payload: dict[str, Any]) -> "Setup":
        """Build from JSON; what is not named is as in a new one.

        Raises:
            ValueError: a name or a type is wrong; the text says which.
        """
        return build(cls, payload)
