"""Phone numbers: what people type, and the E.164 form that Twilio takes."""

import re

import phonenumbers
from django.conf import settings

E164_MAX = 16  # "+" and at most 15 digits: ITU-T E.164 §6


# After the first digit, or "300123 casa" would be dialled as a vanity number: somebody else's phone.
LETTER_IN_NUMBER = re.compile(r"\d.*[^\W\d_]")
INTERNATIONAL = re.compile(r"\s*00\s*(?=\d)")


def to_e164(raw: str, region: str | None = None) -> str:
    """The number in E.164 (`+573001234567`), or "" when it is not a valid phone number.

    Args:
        raw: as a person typed it: spaces, dashes, parentheses and `00` or `+` prefixes are fine.
        region: ISO 3166 country of a number without a prefix; the product's default when None.
    """
    if LETTER_IN_NUMBER.search(raw):
        return ""
    # In Colombia 00 is dialled with a carrier's digit, but people write 0057… as everywhere else.
    readings = {_parse(raw, region), _parse(INTERNATIONAL.sub("+", raw, count=1), region)} - {""}
    return readings.pop() if len(readings) == 1 else ""


def _parse(raw: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(raw, region or settings.PHONE_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return ""
    # An extension cannot receive an SMS, and dropping it could reach somebody else.
    if number.extension or not phonenumbers.is_valid_number(number):
        return ""
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Some German plans are longer than the standard allows, and Twilio takes E.164 only.
    return e164 if len(e164) <= E164_MAX else ""
