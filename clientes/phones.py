"""Phone numbers: what people type, and the E.164 form that Twilio takes."""

import phonenumbers
from django.conf import settings

E164_MAX = 16  # "+" and at most 15 digits: ITU-T E.164 §6


def to_e164(raw: str, region: str | None = None) -> str:
    """The number in E.164 (`+573001234567`), or "" when it is not a valid phone number.

    Args:
        raw: as a person typed it: spaces, dashes, parentheses and `00` or `+` prefixes are fine.
        region: ISO 3166 country of a number without a prefix; the product's default when None.
    """
    try:
        number = phonenumbers.parse(raw, region or settings.PHONE_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return ""
    # An extension cannot receive an SMS, and dropping it could reach somebody else.
    if number.extension or not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
