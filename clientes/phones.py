"""Phone numbers: what people type, and the E.164 form that Twilio takes."""

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from django.conf import settings
from phonenumbers import CountryCodeSource, PhoneNumber, PhoneNumberType

from core.text.limpio import limpio
from core.text.numero import con_cifras_ascii, entero

E164_MAX = 16  # "+" and at most 15 digits: ITU-T E.164 §6
# In North America nobody can tell a mobile from a fixed line by its number.
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

# Characters: a number with its prefix, its punctuation and a label before it. What is longer is no phone, and is not
# looked at: a cell of a file may have 20,000.
ESCRITO_MAX: Final = 64

DIGIT: Final = re.compile(r"\d")
LETTER: Final = re.compile(r"[^\W\d_]")
INTERNATIONAL: Final = re.compile(r"(?<!\d)00\s*(?=\d)")
# "Tel. 2: 300 123 4567"
NUMBERED_LABEL: Final = re.compile(r"[^\W\d_][^\d:]{0,30}\d{1,2}\s*:\s*(?=\D?\d{3})")
# Whoever sends to https://wa.me/573001234567 wrote the country's code: https://faq.whatsapp.com/5913398998672934. The
# others are WhatsApp's older links and its own names of people.
WHATSAPP: Final = re.compile(
    r"(?:https?://)?(?:www\.|api\.|web\.)?(?:wa\.me/|whatsapp(?:\.com/|://)send/?\?phone=)(?:\+|%2B)?(\d{6,15})(?:[/?&#].*)?"
    r"|\+?(\d{6,15})@(?:c\.us|s\.whatsapp\.net)",
    re.IGNORECASE,
)
# "3001234567 (celular)": a label behind a number that is whole without it.
LABEL_BEHIND: Final = re.compile(
    r"(?<=\d)\s*[-(\[]?\s*(?:cel(?:ular)?|m[oó]vil|mobile|cell|whats\s?app|wh?app|wpp|wsp|tel(?:[eé]fono)?|personal"
    r"|principal)\.?\s*[)\]]?\Z",
    re.IGNORECASE,
)
# 300·123·4567 and 300_123_4567: dots and lines that libphonenumber does not know.
DOTS: Final = re.compile(r"(?<=\d)[·•‧∙⋅_](?=\d)")
# 300123456/7 is two numbers that end otherwise, or a number and a note.
OTHER_END: Final = re.compile(r"\d\s?/\s?\d{1,2}\Z")
# +57 (0) 300 123 4567: what is dialled within the country only.
TRUNK_ZERO: Final = re.compile(r"(?<=\d)\s*\(0\)")
# Brazilians write the place of the carrier's code as xx: (0xx11) 98765-4321.
BRAZIL: Final = re.compile(r"\D{0,20}(?:00\s?)?55\b")
CARRIER_XX: Final = re.compile(r"\b0\s?xx\s?(?=\)?\s?\d\d)", re.IGNORECASE)
# 3,001,234,567 and 3'001'234'567 of spreadsheets that group so, which libphonenumber takes for the end of a number.
THOUSANDS: Final = re.compile(r"\+?\d{1,3}(?:([,'’])\d{3})(?:\1\d{3})+")
# Between the numbers of a cell that has several; Google's exports write " ::: ".
SEPARATOR: Final = re.compile(r"\s*(?::::|[;/|,]|\s[yYoOeE&-]\s)\s*")
GAP: Final = re.compile(r"(?<=\d)[^\w+(]+(?=[\d+(])")
SEVERAL_MAX: Final = 5  # numbers of one person
SEVERAL_DIGITS: Final = 14  # two numbers of seven digits


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
        raw: as a person or a program wrote it: spaces, dashes, parentheses, `00` or `+` prefixes, a label or a link of
            WhatsApp before it, a decimal tail of zeros and a spreadsheet's marks are fine. Longer than ESCRITO_MAX, it
            is none.
        region: ISO 3166 country of a number without a prefix; the product's default when None.
    """
    if not raw or len(raw) > ESCRITO_MAX:
        return NOTHING
    text = written(raw)
    return _read(text, region) if text else NOTHING


def written(raw: str) -> str:
    """Return a phone without what programs put around it; "" when what they made of it is no phone any more.

    A text that is longer than ESCRITO_MAX is returned as it is.
    """
    if len(raw) > ESCRITO_MAX:
        return raw
    text = limpio(raw)
    text = DOTS.sub(" ", text)
    text = LABEL_BEHIND.sub("", NUMBERED_LABEL.sub("", con_cifras_ascii(text), count=1))
    # A formula that nobody computed: its parts are no number.
    text = "" if text.startswith("=") else (entero(text) or "")
    found = THOUSANDS.fullmatch(text)
    return text.replace(found[1], "") if found else text


def several(raw: str, region: str | None = None) -> list[tuple[str, Reading]]:
    """Return the numbers of a text that holds more than one, each as it is written and as it is read.

    Nothing when any part is none: `3001234567/68` and `3001234567 ext 5` are not two numbers.
    """
    if len(raw) > ESCRITO_MAX or sum(map(str.isdecimal, raw)) < SEVERAL_DIGITS:
        return []
    text = con_cifras_ascii(limpio(raw))
    parts = [part for part in SEPARATOR.split(text) if part]
    found = _all_read(parts, region)
    if not found and (middle := _middle(text)):
        found = _all_read([text[: middle[0]], text[middle[1] :]], region)
    return found


def _all_read(parts: list[str], region: str | None) -> list[tuple[str, Reading]]:
    if not 1 < len(parts) <= SEVERAL_MAX:
        return []
    found = []
    for part in parts:
        reading = read(part, region)
        if reading == NOTHING:
            return []
        found.append((part, reading))
    return found


def _middle(text: str) -> tuple[int, int] | None:
    """Return where the gap begins and ends that has as many digits before it as behind it."""
    total = sum(map(str.isdecimal, text))
    for gap in GAP.finditer(text):
        if 2 * sum(map(str.isdecimal, text[: gap.start()])) == total:
            return gap.span()
    return None


def _read(text: str, region: str | None) -> Reading:
    region = region or settings.PHONE_DEFAULT_REGION
    if link := WHATSAPP.fullmatch(text):
        digits = link[1] or link[2]
        texts = {f"+{digits}", digits}
    else:
        if region == "BR" or BRAZIL.match(text):
            text = CARRIER_XX.sub("0", text, count=1)
        if _has_letter_in_number(text) or OTHER_END.search(text):
            return NOTHING
        # In Colombia 00 is dialled with a carrier's digit, but people write 0057… as everywhere else.
        texts = {text, INTERNATIONAL.sub("+", text, count=1)}
        if text.startswith("+"):
            texts.add(TRUNK_ZERO.sub("", text, count=1))
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


def _parse(raw: str, region: str) -> Reading:
    try:
        number: PhoneNumber = phonenumbers.parse(raw, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return NOTHING
    # An extension cannot receive an SMS, and dropping it could reach somebody else.
    if number.extension:
        return NOTHING
    if not phonenumbers.is_valid_number(number):
        mended = _mended(number)
        if mended is None:
            return NOTHING
        number = mended
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Some German plans are longer than the standard allows, and Twilio takes E.164 only.
    if len(e164) > E164_MAX:
        return NOTHING
    return Reading(e164, phonenumbers.number_type(number) in MOBILE, country_of(number))


# What a country dialled before its plan changed, or dials within itself, and libphonenumber does not know: what stands
# before the number proper is taken away. Where `True`, only behind the country's own code: there it is no number of
# another country.
# - Mexico: 1 before a mobile from abroad, 044 and 045 from within, 01 before a landline, none of them since August 2019
#   (IFT, Plan Técnico Fundamental de Numeración; https://www.twilio.com/en-us/guidelines/mx/sms).
# - Argentina: 9 from abroad and 15 from within, in one number; 0 behind the 9 (ENACOM, Plan Fundamental de Numeración).
# - Chile: 0 before a mobile, until 2016 (Subtel, Plan Técnico Fundamental de Numeración).
OLD_PREFIXES: Final[dict[int, tuple[tuple[re.Pattern[str], bool], ...]]] = {
    52: (
        (re.compile(r"(?:1|0441?|0451?|011?)()(\d{10})"), True),
        (re.compile(r"(?:044|045|01)()(\d{10})"), False),
    ),
    54: (
        (re.compile(r"(9)0?(11)15(\d{8})"), False),
        (re.compile(r"(9)0?(\d{3})15(\d{7})"), False),
        (re.compile(r"(9)0?(\d{4})15(\d{6})"), False),
        (re.compile(r"(9)0(\d{10})"), False),
    ),
    56: ((re.compile(r"0()(9\d{8})"), False),),
}


def _mended(number: PhoneNumber) -> PhoneNumber | None:
    """Return the valid number that an invalid one was under an old plan; None when it was none, or could be two."""
    national = phonenumbers.national_significant_number(number)
    explicit = number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY
    found = set()
    for pattern, only_explicit in OLD_PREFIXES.get(number.country_code or 0, ()):
        if (explicit or not only_explicit) and (match := pattern.fullmatch(national)):
            found.add("".join(match.groups()))
    numbers = [PhoneNumber(country_code=number.country_code, national_number=int(digits)) for digits in found]
    valid = [mended for mended in numbers if phonenumbers.is_valid_number(mended)]
    return valid[0] if len(valid) == 1 else None


def country_of(number: PhoneNumber) -> str:
    """The country of a valid number; "" for one of no country, such as +800."""
    region = phonenumbers.region_code_for_number(number)
    return "" if region is None or region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region
