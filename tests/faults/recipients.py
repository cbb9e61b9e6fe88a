"""The clients of the shops: their phones, and what must become of each in a campaign.

Written from the product's rules and not with its code, so that the two can disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Fate(Enum):
    """The fate of one recipient. The values are the codes it may end with; empty: it must be sent."""

    SENT = ""
    NO_PHONE = "sin_telefono"
    INVALID = "telefono_invalido"
    REPEATED = "telefono_duplicado"
    REFUSED = "Twilio's"  # a number that Twilio refuses: 21211, 21408 …
    LEFT = "baja"  # one that had opted out at Twilio: 21610, and from then on nobody asks


# https://www.twilio.com/docs/iam/test-credentials#test-sms-messages
REFUSED_BY_TWILIO: Final = ("+15005550001", "+15005550002", "+15005550003", "+15005550004", "+15005550009")
LEFT: Final = "+15005550004"
# The one whose refusal (21408) says nothing of the number, so that it may be tried again.
TRIED_AGAIN: Final = "+15005550003"
NOT_A_PHONE: Final = "12"


@dataclass(frozen=True, slots=True)
class Recipient:
    cliente_id: int
    telefono: str


def telefono(shop: int, n: int) -> str:
    """The phone of the shop's n-th client.

    The shops 0 and 1 have the same people as clients, 2 and 3 others, and so on. In each shop one client in
    twenty-five has the phone of the one before, some have none or not a phone, and five have numbers that Twilio
    refuses.
    """
    if n < len(REFUSED_BY_TWILIO):
        return REFUSED_BY_TWILIO[n]
    if n % 50 == 17:
        return ""
    if n % 50 == 18:
        return NOT_A_PHONE
    if n % 25 == 11:
        n -= 1
    return f"+57300{shop // 2 * 100_000 + 1_000_000 + n:07d}"


def nombre(n: int) -> str:
    """The same person has the same name in every shop."""
    return f"Cliente {n}"


def fates(recipients: Iterable[Recipient]) -> dict[int, Fate]:
    """Return the fate of each client of a campaign, by id, in the order of its audience.

    The first of two clients with one phone receives the message.
    """
    found: dict[int, Fate] = {}
    seen: set[str] = set()
    for recipient in recipients:
        found[recipient.cliente_id] = _fate(recipient.telefono, seen)
        seen.add(recipient.telefono)
    return found


def _fate(phone: str, seen: set[str]) -> Fate:
    if not phone:
        return Fate.NO_PHONE
    if phone == NOT_A_PHONE:
        return Fate.INVALID
    if phone in seen:
        return Fate.REPEATED
    if phone == LEFT:
        return Fate.LEFT
    return Fate.REFUSED if phone in REFUSED_BY_TWILIO else Fate.SENT
