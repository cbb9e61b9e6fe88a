"""Phones as people type them, and the number that is dialled. A wrong reading reaches a stranger's phone."""

import pytest

from clientes.phones import E164_MAX, ESCRITO_MAX, NOTHING, read, several, to_e164
from tests.growth import growth

ANA = "+573001234567"

TABLE = [
    # Colombian mobiles, as they are written
    ("3001234567", ANA),
    ("300 123 4567", ANA),
    ("300-123-4567", ANA),
    ("(300) 123-4567", ANA),
    ("300.123.4567", ANA),
    ("  3001234567  ", ANA),
    ("300·123·4567", ANA),
    ("300•123•4567", ANA),
    ("573001234567", ANA),
    ("+573001234567", ANA),
    ("+57 300 123 4567", ANA),
    ("+57(300)1234567", ANA),
    ("00573001234567", ANA),
    ("0057 300 123 4567", ANA),
    ("00 57 3001234567", ANA),
    ("009573001234567", ANA),  # the carrier's digit that Colombia wants between 00 and the country
    ("３００１２３４５６７", ANA),  # full-width digits
    ("٣٠٠١٢٣٤٥٦٧", ANA),  # Arabic digits
    ("300\u00a0123\u20114567", ANA),  # no-break space and hyphen, pasted from a document
    ("Cel: 3001234567", ANA),  # a label before the number
    ("3331234567", "+573331234567"),
    # fixed lines since 2021
    ("6012345678", "+576012345678"),
    ("+57 601 234 5678", "+576012345678"),
    ("604 444 5555", "+576044445555"),
    # other countries, with their prefix
    ("+1 415 555 2671", "+14155552671"),
    ("+34 612 345 678", "+34612345678"),
    ("0034612345678", "+34612345678"),
    ("+58 412 1234567", "+584121234567"),
    # as programs write them, and as links and labels bring them
    ("3001234567.0", ANA),
    ("+573001234567.0", ANA),
    ("573001234567,00", ANA),
    ("6012345678.0", "+576012345678"),
    ("3.001234567E+09", ANA),
    ("3,001,234,567.00", ANA),
    ('="3001234567"', ANA),
    ("'3001234567", ANA),
    ("=3001234567", ANA),
    ("\u202a+57\u200e 300 123 4567\u202c", ANA),
    ("&#43;57 300 123 4567", ANA),
    ("𝟑𝟎𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕", ANA),
    ("Tel: 3001234567", ANA),
    ("Tel. 2: 300 123 4567", ANA),
    ("Cel.3001234567", ANA),
    ("tel:+57-300-123-4567", ANA),
    ("whatsapp:+573001234567", ANA),
    ("https://wa.me/573001234567", ANA),
    ("wa.me/573001234567?text=Hola", ANA),
    ("https://api.whatsapp.com/send?phone=573001234567", ANA),
    ("573001234567@c.us", ANA),
    ("https://wa.me/5215512345678", "+525512345678"),
    ("5215512345678@s.whatsapp.net", "+525512345678"),
    ("3001234567 (WhatsApp)", ANA),
    ("300 123 4567 cel.", ANA),
    ("3001234567 - Móvil", ANA),
    ("+57 (0) 300 123 4567", ANA),
    ("300123456/7", ""),
    ("300123 cel", ""),
    ("3001234567 casa", ""),
    ("300123456.0", ""),  # a digit is missing, and the zero is none
    ("300123456,00", ""),
    ("300123456 .0", ""),
    ("300123456. 0", ""),
    ("(300123456.0)", ""),
    ("300123456.0;", ""),
    ("300123456.0 cel", ""),
    ("３００１２３４５６．０", ""),
    ("３００１２３４５６７．０", ANA),
    ("3001234567 .0", ANA),
    ("3001234567.0;", ANA),
    ("3001234567.0 (celular)", ANA),
    ("300123456.5", ""),
    ("30012345.67", ""),
    ("3.00E+09", ""),
    ('="57"&"3001234567"', ""),
    ("#N/A", ""),
    ("300123456²", ""),
    # not numbers, too short, too long
    ("", ""),
    ("   ", ""),
    ("+", ""),
    ("abc", ""),
    ("123", ""),
    ("1234567", ""),
    ("300123456", ""),
    ("30012345678", ""),
    ("+5730012345670", ""),
    ("4155552671", ""),  # another country's, without its prefix
    ("0000000000", ""),
    ("+999 123456789", ""),
    # would be dialled as something that nobody wrote
    ("3001234567 ext 5", ""),
    ("3001234567x5", ""),
    ("3001234567 / 3109876543", ""),
    ("3001234567, 3109876543", ""),
    ("300123 casa", ""),  # six digits and a note, not the vanity number 300 123 2272
    ("300ABC4567", ""),
    ("300123456O", ""),  # the letter O
    ("3001234567 Maria", ""),
    ("0 57 3001234567", ""),
    ("300 00 1234567", ""),
    ("3001234567\nMaria", ""),
    ("300123456½", ""),
    # E.164 has 15 digits at most; some German plans have more
    ("+49211123456789012", ""),
]


@pytest.mark.parametrize(("raw", "expected"), TABLE)
def test_it_reads_what_people_type(raw: str, expected: str) -> None:
    assert to_e164(raw) == expected
    assert len(to_e164(raw)) <= E164_MAX


@pytest.mark.parametrize("expected", sorted({expected for _, expected in TABLE} - {""}))
def test_it_reads_its_own_answer(expected: str) -> None:
    assert to_e164(expected) == expected


MX, AR, BR = "+525512345678", "+5491123456789", "+5511987654321"
PAISES = [
    # (country of the shop, as people write it there, what is dialled)
    ("CO", "sms:+5215512345678", MX),
    ("CO", "\u2066+52 1 55 1234 5678\u2069", MX),
    ("CO", "+52 1 55 1234 5678.0", MX),
    ("CO", "521 55 1234 5678 9", ""),
    ("CO", "3'001'234'567", "+573001234567"),
    ("CO", "3’001’234’567", "+573001234567"),
    ("CO", "300_123_4567", "+573001234567"),
    ("CO", "3'001'234,567", ""),
    ("CO", "☎️ 3001234567", "+573001234567"),
    ("CO", "57 57 3001234567", ""),
    ("CO", "3.0012E+09", ""),
    ("CO", "3001234567 COP", ""),
    ("AR", "15 2345 6789", ""),
    ("BR", "0 15 11 98765 4321", BR),
    ("CO", "+52 1 55 1234 5678", MX),
    ("CO", "+5215512345678", MX),
    ("CO", "0052 1 55 1234 5678", MX),
    ("CO", "WhatsApp: +52 (1) 55-1234-5678", MX),
    ("CO", "+52 044 55 1234 5678", MX),
    ("MX", "044 55 1234 5678", MX),
    ("MX", "045 55 1234 5678", MX),
    ("MX", "01 55 1234 5678", MX),
    ("MX", "52 1 55 1234 5678", MX),
    ("MX", "55 1234 5678", MX),
    ("CO", "+52 1 55 1234 567", ""),
    ("CO", "+52 1 55 1234 56789", ""),
    ("CO", "5215512345678", ""),  # another country's, without its prefix
    ("MX", "1 415 555 2671", ""),  # of the United States
    ("AR", "011 15 2345-6789", AR),
    ("AR", "11 15 2345 6789", AR),
    ("AR", "+54 9 11 2345 6789", AR),
    ("AR", "+54 9 11 15 2345 6789", AR),
    ("CO", "+54 11 15 2345 6789", AR),
    ("CO", "+54 9 011 2345 6789", AR),
    ("AR", "0351 15 234 5678", "+5493512345678"),
    ("AR", "+54 9 351 15 234 5678", "+5493512345678"),
    ("AR", "+54 9 2966 15 23 4567", "+5492966234567"),
    ("AR", "15 2345 6789", ""),  # of which town?
    ("BR", "(11) 98765-4321", BR),
    ("BR", "0 15 11 98765-4321", BR),  # 15 is the carrier
    ("BR", "(0xx11) 98765-4321", BR),
    ("BR", "0XX 11 98765 4321", BR),
    ("CO", "+55 (0xx11) 98765-4321", BR),
    ("CO", "+55 (011) 98765-4321", BR),
    ("BR", "+55 11 8765-4321", ""),  # from before the ninth digit, or one digit lost: a 9 may make it a stranger's
    ("CO", "03 300 123 4567", ANA),
    ("CO", "+57 03 300 1234567", ANA),
    ("CO", "601 2345678", "+576012345678"),
    ("CO", "2345678", ""),
    ("CO", "1 2345678", ""),
    ("CO", "031 2345678", ""),
    ("CO", "+57 1 2345678", ""),
    ("VE", "0414-1234567", "+584141234567"),
    ("VE", "0412.1234567", "+584121234567"),
    ("CO", "+58 0414 1234567", "+584141234567"),
    ("CL", "9 8765 4321", "+56987654321"),
    ("CL", "09 8765 4321", "+56987654321"),
    ("CO", "+56 09 8765 4321", "+56987654321"),
    ("CL", "8765 4321", ""),
    ("PE", "987 654 321", "+51987654321"),
    ("PE", "0 987654321", "+51987654321"),
    ("EC", "099 123 4567", "+593991234567"),
    ("CO", "+593 (0)99 123 4567", "+593991234567"),
    ("UY", "099 123 456", "+59899123456"),
    ("PY", "0981 123456", "+595981123456"),
    ("BO", "71234567", "+59171234567"),
    ("DO", "809-555-0123", "+18095550123"),
    ("CR", "8888-1234", "+50688881234"),
    ("GT", "5123 4567", "+50251234567"),
    ("PA", "6123-4567", "+50761234567"),
    ("ES", "612 34 56 78", "+34612345678"),
]


@pytest.mark.parametrize(("region", "raw", "expected"), PAISES)
def test_it_reads_what_people_write_in_each_country(region: str, raw: str, expected: str) -> None:
    assert to_e164(raw, region) == expected


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("+57 300 1234567 ::: +57 310 0000001", ["+57 300 1234567", "+57 310 0000001"]),
        ("3001234567 / 6012345678", ["3001234567", "6012345678"]),
        ("3001234567, 3109876543", ["3001234567", "3109876543"]),
        ("Cel 3001234567 y 3109876543", ["Cel 3001234567", "3109876543"]),
        ("300 123 4567 310 987 6543", ["300 123 4567", "310 987 6543"]),
        ("3001234567-3109876543", ["3001234567", "3109876543"]),
        ("3001234567\n3109876543", ["3001234567", "3109876543"]),
        ("3001234567; 3109876543; 3201112233", ["3001234567", "3109876543", "3201112233"]),
        ("3001234567/68", []),
        ("3001234567 / 12", []),
        ("3001234567 ext 12345", []),
        ("+57 (300) 123-4567", []),
        ("3001234567 Maria 3109876543", []),
        ("", []),
    ],
)
def test_it_finds_the_numbers_of_a_cell_that_has_several(raw: str, parts: list[str]) -> None:
    assert [part for part, _ in several(raw)] == parts


def test_it_rejects_a_number_that_reads_two_ways() -> None:
    """00 and a carrier's digit (Colombia) or 00 and a country: unless one reading is valid, nobody is called."""
    assert to_e164("005511987654321") == "+5511987654321"  # Brazil; 005 + 5 11… is no number


def test_it_reads_a_number_without_prefix_as_the_shops_country() -> None:
    assert to_e164("612345678", "ES") == "+34612345678"
    assert to_e164("612345678", "CO") == ""


def test_it_obeys_the_configured_country(settings: object) -> None:
    settings.PHONE_DEFAULT_REGION = "ES"  # type: ignore[attr-defined]
    assert to_e164("612345678") == "+34612345678"


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("300 123 4567", "CO"),
        ("+34612345678", "ES"),
        ("+14155552671", "US"),  # +1 is of many countries
        ("+14165550123", "CA"),
        ("+18095550123", "DO"),
        ("+447400123456", "GB"),
        ("+447911123456", "GG"),
        ("+80012345678", ""),  # of no country
        ("12", ""),
    ],
)
def test_it_knows_the_country(raw: str, country: str) -> None:
    assert read(raw).country == country


def test_what_is_longer_than_people_write_a_phone_is_none() -> None:
    decorated = "Celular (con WhatsApp, de lunes a viernes): +57 (300) 123 - 4567"
    assert len(decorated) == ESCRITO_MAX
    assert read(decorated).e164 == ANA
    assert read(f" {decorated}") == NOTHING


@pytest.mark.parametrize("text", ["1", "0", " ", "00 ", "1-", "1.", "1a", "+", "1 "])
def test_a_long_text_costs_no_more_than_a_short_one(text: str) -> None:
    """A cell of a file has up to 20,000 characters."""
    assert growth(read, lambda n: f"{text * n}1", 2_000) < 30
    assert growth(several, lambda n: f"{text * n}1", 2_000) < 30
