"""Phone numbers: what people type, and the E.164 form that Twilio takes."""

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumber, PhoneNumberType

E164_MAX = 16  # "+" and at most 15 digits: ITU-T E.164 §6
# In North America nobody can tell a mobile from a fixed line by its number.
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

# Characters: a number with its prefix, its punctuation and a label before it. What is longer is no phone, and is not
# looked at: a cell of a file may have 20,000.
ESCRITO_MAX: Final = 64

DIGIT: Final = re.compile(r"\d")
LETTER: Final = re.compile(r"[^\W\d_]")
INTERNATIONAL: Final = re.compile(r"00\s*(?=\d)")


@dataclass(frozen=True, slots=True)
class Reading:
    """The meaning of a typed phone.

    Args:
        e164: `+573001234567`, or "" when it is not a valid phone number.
        mobile: whether it can be a mobile phone.
        country: ISO 3166 country it is dialled in; "" when it is none, or a service of no country.
    """

    e164: str
    mobile: bool
    country: str = ""


NOTHING = Reading("", mobile=False)


def to_e164(raw: str, region: str | None = None) -> str:
    """The number in E.164, or "". See `read`."""
    return read(raw, region).e164


def read(raw: str, region: str | None = None) -> Reading:
    """Make sense of a phone.

    Args:
        raw: as a person typed it: spaces, dashes, parentheses and `00` or `+` prefixes are fine. Longer than
            ESCRITO_MAX, it is none.
        region: ISO 3166 country of a number without a prefix; the product's default when None.
    """
    if not raw or len(raw) > ESCRITO_MAX or _has_letter_in_number(raw):
        return NOTHING
    # In Colombia 00 is dialled with a carrier's digit, but people write 0057… as everywhere else.
    texts = {raw, INTERNATIONAL.sub("+", raw, count=1)}
    readings = {_parse(text, region) for text in texts} - {NOTHING}
    return readings.pop() if len(readings) == 1 else NOTHING


def buscadas(raw: str) -> str:
    """Return the digits by which a typed phone, or a part of one, is found among numbers in E.164.

    A whole phone is found however it is written; of anything else the digits are looked for as they are.
    """
    return to_e164(raw).removeprefix("+") or "".join(str(int(c)) for c in raw if c.isdecimal())


def _has_letter_in_number(raw: str) -> bool:
    # After the first digit, or "300123 casa" would be dialled as a vanity number: somebody else's phone.
    first = DIGIT.search(raw)
    return first is not None and LETTER.search(raw, first.end()) is not None


def _parse(raw: str, region: str | None) -> Reading:
    try:
        number: PhoneNumber = phonenumbers.parse(raw, region or settings.PHONE_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return NOTHING
    # An extension cannot receive an SMS, and dropping it could reach somebody else.
    if number.extension or not phonenumbers.is_valid_number(number):
        return NOTHING
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Some German plans are longer than the standard allows, and Twilio takes E.164 only.
    if len(e164) > E164_MAX:
        return NOTHING
    return Reading(e164, phonenumbers.number_type(number) in MOBILE, country_of(number))


def country_of(number: PhoneNumber) -> str:
    """The country of a valid number; "" for one of no country, such as +800."""
    region = phonenumbers.region_code_for_number(number)
    return "" if region is None or region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region
