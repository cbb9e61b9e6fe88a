import pytest

from core.senders import NO_LIMIT, Kind, default_rate, kind_of

SERVICE = "MG" + "0a" * 16


@pytest.mark.parametrize(
    ("value", "kind", "rate"),
    [
        ("+573001112233", Kind.NUMBER, 1.0),
        ("+15005550006", Kind.NUMBER, 1.0),
        ("+18005551212", Kind.TOLL_FREE, 3.0),
        ("+18225551212", Kind.NUMBER, 1.0),  # not one of the toll-free prefixes
        ("+573", None, 1.0),
        ("573001112233", None, 1.0),  # not E.164, and too long for a short code
        ("85432", Kind.SHORT_CODE, 100.0),
        ("890123", Kind.SHORT_CODE, 100.0),
        ("12", None, 1.0),
        ("MiTienda", Kind.NAME, 10.0),
        ("A", Kind.NAME, 10.0),
        ("Tienda 24-7", Kind.NAME, 10.0),
        ("Tienda de 12", None, 1.0),  # twelve characters
        ("Tienda ", None, 1.0),
        ("Tiendá", None, 1.0),
        ("1234567", None, 1.0),  # digits alone are no name
        (SERVICE, Kind.SERVICE, NO_LIMIT),
        (SERVICE[:-1], None, 1.0),
        ("", None, NO_LIMIT),
    ],
)
def test_it_knows_a_sender_by_its_form(value: str, kind: Kind | None, rate: float) -> None:
    assert kind_of(value) is kind
    assert default_rate(value) == rate
