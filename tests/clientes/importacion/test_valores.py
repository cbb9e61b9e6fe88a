"""Single cells: sums, dates, tags, yes and no; and what an export puts before a formula."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientes.importacion import valores
from clientes.importacion.valores import InvalidCellError


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("85000", "85000.00"),
        ("85.000", "85000.00"),
        ("85,000", "85000.00"),
        ("$ 85.000", "85000.00"),
        ("85.000,50", "85000.50"),
        ("85,000.5", "85000.50"),
        ("85000.5", "85000.50"),
        ("1.234.567", "1234567.00"),
        ("1,234,567.89", "1234567.89"),
        ("0", "0.00"),
        ("12,5", "12.50"),
        ("85000.125", "85000.12"),  # a computer's decimals: nobody groups 85000
        ("85.000 COP", "85000.00"),
    ],
)
def test_it_reads_sums(raw: str, expected: str) -> None:
    assert valores.total(raw) == Decimal(expected)


@pytest.mark.parametrize(
    "raw", ["", "x", "-5", "1.2.3", "85,000.500", "1.234,567", "1,2,3", "85..0", "1e5", "9" * 13, "85.00.000"]
)
def test_it_refuses_what_is_no_sum(raw: str) -> None:
    with pytest.raises(InvalidCellError):
        valores.total(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-03-15", "2026-03-15T00:00:00-05:00"),
        ("15/03/2026", "2026-03-15T00:00:00-05:00"),
        ("15-03-2026 14:30", "2026-03-15T14:30:00-05:00"),
        ("15/03/2026 2:30 p. m.", "2026-03-15T14:30:00-05:00"),
        ("2026-03-15 10:30:00", "2026-03-15T10:30:00-05:00"),
        ("2026-03-15T10:30:00Z", "2026-03-15T10:30:00+00:00"),
        ("15/03/26", "2026-03-15T00:00:00-05:00"),
    ],
)
def test_it_reads_dates(raw: str, expected: str) -> None:
    assert valores.fecha(raw).isoformat() == expected


@pytest.mark.parametrize("raw", ["", "ayer", "31/02/2026", "13/13/2026", "45000", "1800-01-01", "03/15/2026"])
def test_it_refuses_what_is_no_date(raw: str) -> None:
    with pytest.raises(InvalidCellError):
        valores.fecha(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Sí", True),
        ("SI", True),
        ("x", True),
        ("1", True),
        ("no", False),
        ("0", False),
        ("Inactivo", False),
        ("1.0", True),
        ("0.0", False),
    ],
)
def test_it_reads_yes_and_no(raw: str, expected: bool) -> None:
    assert valores.activo(raw) is expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("VIP, Norte", ["VIP", "Norte"]),
        ("VIP;Norte", ["VIP", "Norte"]),
        ("VIP|Norte, sur", ["VIP", "Norte, sur"]),
        ("VIP, vip, VIP", ["VIP"]),
        (" , ", []),
        ('"VIP","Norte"', ["VIP", "Norte"]),
        ('"VIP, oro", "Norte"', ["VIP, oro", "Norte"]),
        ('"VIP"', ["VIP"]),
        ('La "14"', ['La "14"']),
    ],
)
def test_it_reads_tags(raw: str, expected: list[str]) -> None:
    assert valores.etiquetas(raw) == expected


@pytest.mark.parametrize(
    "name",
    [
        "María Muñoz",
        "José Peña",
        "Óscar Ñáñez",
        "Ángel Núñez",
        "Conceição",
        "Güiza",
        "Ana – “Mona” Paz",
        "Íñigo",
        "N° 5",
    ],
)
def test_it_mends_what_a_program_read_in_another_charset(name: str) -> None:
    """UTF-8 that was taken for Windows-1252 and saved again, once; the five bytes that it has not stay as they are."""
    wrong = "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in name.encode())
    assert wrong != name
    assert valores.texto(wrong) == valores.texto(name)


@pytest.mark.parametrize("name", ["JOÃO", "Ã", "Âncora", "CONCEIÇÃO – SP", "Ana â", "Müller Ä", "MarÃa", "Ã± y ñ"])
def test_it_leaves_letters_that_only_look_so(name: str) -> None:
    assert valores.texto(name) == name


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\\"), min_size=1)


@given(st.lists(NAMES, max_size=4, unique_by=str.lower))
def test_tags_survive_export_and_import(names: list[str]) -> None:
    assert valores.etiquetas(valores.unir_etiquetas(names)) == names
