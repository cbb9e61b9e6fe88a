"""Cells as spreadsheets, web pages and programs leave them: marks, entities, invisible letters, tails, nothings."""

import pytest
import regex

from core.text.limpio import QUIZA_INVISIBLE, limpio
from core.text.nada import es_error, es_nada
from core.text.numero import entero
from tests.growth import growth

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"  # of England


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="0900123456"', "0900123456"),
        ('= "Ana"', "Ana"),
        ('="Ana ""la Mona"""', 'Ana "la Mona"'),
        ('=""', ""),
        ("\ufeff=\"09\"", "09"),
        ("'=\"09\"", "09"),
        ("=+573001234567", "+573001234567"),
        ('="57"&"300"', '="57"&"300"'),
        ("'900123456", "900123456"),
        ("'Luis", "Luis"),
        ("'Ñoño", "Ñoño"),
        ("\u200b'Luis", "Luis"),
        ("’900123456", "900123456"),
        ("’Ana", "’Ana"),
        ("O'Brien", "O'Brien"),
        ("'t Hooft", "'t Hooft"),
        ("'Ana'", "'Ana'"),
        ("Ana &amp; Luis", "Ana & Luis"),
        ("Ana &amp;amp; Luis", "Ana & Luis"),
        ("Jos&eacute; Pe&#241;a&nbsp;&#x50;az", "José Peña Paz"),
        ("&lt;b&gt;", "<b>"),
        ("AT&T", "AT&T"),
        ("Pan & Vino", "Pan & Vino"),
        ("&loquesea;", "&loquesea;"),
        ("Jose\u200b Paz\u202c", "Jose Paz"),
        ("\u202eAna", "Ana"),
        ("A\u00adna\u2060 \u2066Paz\u2069", "Ana Paz"),
        ("Ana\ufe0f\u034f\u3164", "Ana"),
        ("a\u200db", "ab"),
        ("Ana\u2800\u00a0\u3000Paz", "Ana Paz"),
        ("1\u200e", "1"),
        # what joins an emoji or letters that flow together has a meaning
        ("👩\u200d👧", "👩\u200d👧"),
        ("👨🏽\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3", "👨🏽\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3"),
        (FLAG, FLAG),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("葛\U000e0100城", "葛\U000e0100城"),
    ],
)  # fmt: skip
def test_it_reads_a_cell_as_it_was_meant(cell: str, text: str) -> None:
    assert limpio(cell) == text


def test_the_quick_look_for_invisible_letters_misses_none() -> None:
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    ignorable = regex.findall(r"[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]", every)
    assert QUIZA_INVISIBLE.findall(every) == ignorable


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("3001234567.0", "3001234567"),
        ("+573001234567,00", "+573001234567"),
        ("Tel: 3001234567.000000", "Tel: 3001234567"),
        ("+57 300 123 4567.0", "+57 300 123 4567"),
        ("3,001,234,567.00", "3,001,234,567"),
        ("3.001.234.567,00", "3.001.234.567"),
        ("300.123.4567.0", "300.123.4567"),
        ("300.123.456.0", "300.123.456"),
        ("300.123.4567.00", "300.123.4567"),
        ("3.001.234.567.00", "3.001.234.567"),
        ("3.001234567E+09", "3001234567"),
        ("3,001234567E9", "3001234567"),
        ("7.9123456e7", "79123456"),
        # groups
        ("300.123.4567", "300.123.4567"),
        ("300.123.45.00", "300.123.45.00"),
        ("57.3001234567", "57.3001234567"),
        ("0412.1234567", "0412.1234567"),
        ("1.020.000", "1.020.000"),
        ("1.000", "1.000"),
        ("3001234567.", "3001234567."),
        ("Ana", "Ana"),
        ("", ""),
        # any other tail, and digits that are lost
        ("300123456.5", None),
        ("300.123.456.5", None),
        ("3,001,234,567.50", None),
        ("3.00E+09", None),
        ("3,00123E+09", None),
        ("3e9", None),
    ],
)
def test_it_takes_a_tail_of_zeros_away(text: str, whole: str | None) -> None:
    assert entero(text) == whole


@pytest.mark.parametrize(
    "error",
    [
        "#N/A", "#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#NOMBRE?", "#¡DIV/0!", "#DIV/0!", "#¡NULO!", "#NULO!", "#REF!",
        "#DESBORDAMIENTO!", "#¡CALC!", "#¡NUM!", "#N/D", "#NV", "#WERT!", "#BEZUG!", "#VALEUR!", "#NOM?", "#NUL!",
        "#RIF!", "#NÚM!", "#N/B", "#DELING.DOOR.0!", "#I/T", "#HIÁNYZIK", "#SAYI/0!", "#YOK", "#Н/Д", "#ССЫЛКА!",
        "#SAKNAS!", "#NENÍ_K_DISPOZICI", "#ERROR!", "#n/a", "Err:502", "#####", "#GETTING_DATA", "#OBTENIENDO_DATOS",
    ],
)  # fmt: skip
def test_it_knows_a_spreadsheets_error(error: str) -> None:
    assert es_error(error)
    assert es_error(error, suelto=True)


@pytest.mark.parametrize("text", ["#VIP!", "#OFERTA!", "#VIP", "Ana", "", "Ernesto", "# 5", "N/A", "Cra 5 # 1-2"])
def test_a_word_with_a_hash_is_no_error(text: str) -> None:
    assert not es_error(text, suelto=True)


@pytest.mark.parametrize(
    "text",
    [
        "NULL", "null", "Null", "nan", "NaN", "-nan", "None", "none", "N/A", "n/a", "NA", "<NA>", "NaT", "nil", "\\N",
        "undefined", "(null)", "[NULL]", "'NULL'", "s/d", "S/D", "n/d", "-", "--", "—", "...", "?", "_", "null null",
        "",
    ],
)  # fmt: skip
def test_it_knows_nothing(text: str) -> None:
    assert es_nada(text)


@pytest.mark.parametrize(
    "text", ["Nan Goldin", "Ana Null", "Nil", "Na", "Noel", "0", "A", "👩\u200d👧", "&", "***", "$$$", "C-1"]
)
def test_names_are_not_nothing(text: str) -> None:
    assert not es_nada(text, dicha=True)


def test_words_are_nothing_where_only_a_value_may_stand() -> None:
    assert es_nada("Sin nombre", dicha=True)
    assert not es_nada("Sin nombre")


@pytest.mark.parametrize(
    "text", ["&", "&amp;", "&#1", "\u200d", "👩\u200d", "\U000e0067", "ع\u200c", "'", '"', "\u0301", "=", " "]
)
def test_a_long_cell_costs_what_it_weighs(text: str) -> None:
    assert growth(limpio, lambda n: f'="{text * n}x"', 2_000) < 30


@pytest.mark.parametrize("work", [entero, es_nada, es_error])
@pytest.mark.parametrize("text", ["1", "1.", "1e", "#", "-", "#A/", "0,"])
def test_a_long_number_costs_nothing(work: object, text: str) -> None:
    assert growth(work, lambda n: f"#{text * n}0", 2_000) < 30  # type: ignore[arg-type]
