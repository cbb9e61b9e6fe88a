"""What people type, and the number that is dialled. A wrong reading reaches a stranger's phone."""

import pytest

from clientes.phones import E164_MAX, ESCRITO_MAX, NOTHING, read, to_e164
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
