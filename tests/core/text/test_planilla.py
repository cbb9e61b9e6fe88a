"""A cell that no spreadsheet runs, whatever separates the cells, and that comes back as it was."""

import csv
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import planilla
from tests.growth import growth

# What a program may take for the separator instead of ours.
SEPARATORS = (";", ",", "\t", "|")
STARTS = set("=+-@＝＋－＠﹦﹢﹣﹫")
UNSEEN = re.compile(
    r'^[\s\x00-\x1f\x7f-\xa0\xad\u034f\u115f\u180e\u200b-\u200f\u2028-\u202f\u2060-\u2064\u2800\u3164\ufeff"]*'
)


def cells(*rows: list[str]) -> Iterator[str]:
    """Every cell that a program may see in the file: by each separator, and with quotes that mean nothing."""
    text = "".join(planilla.lineas(rows[0], rows[1:])).removeprefix(planilla.BOM)
    for separator in SEPARATORS:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=separator):
            yield from row
        for line in text.splitlines():
            yield from line.split(separator)


def harmless(*rows: list[str]) -> bool:
    return not [cell for cell in cells(*rows) if UNSEEN.sub("", cell, count=1)[:1] in STARTS]


FORMULAS = [
    "=1+1", "+57300", "-5", "@SUM(A1)", "\r=1", "\n=1", "'=1", "''+1", "＝1", "＋1", "－1", "＠x", "﹦1", "﹢1", "﹣1",
    "﹫x",
    # what is dropped before it, or not seen
    " =1", "   @x", "\xa0=1", "\u3000+1", "\u200b=1", "\u200e-1", "\ufeff=1", "\0=1", "\x01=1", "\x7f=1",
    "\u2060\u200b =1", "\u2800=1", "\xad=1", '"=1"', '""+1',
]  # fmt: skip
INSIDE = [
    "hola,=1+1", "hola;=1+1", "hola\t=1+1", "hola|=1+1", "hola\n=1+1", "hola\r\n=1+1", "hola\r=1", "hola\x0b=1",
    "hola\x0c=1", "hola\x85=1", "hola\u2028=1", "a,b,,-5", "a, =1", "a,\xa0@x", "a,\u200b+1", "a,\ufeff=1", "a,\0=1",
    "a,\"=1", 'a,""=1,b', "a,'=1", "a,''=1", "a,＝1", "a;\n\t|=1", "a\t\t@x", "\x1c=1", "a\x1e@x",
    "Oferta:\n- uno\n- dos", "a,=1,b;=2|=3",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS + INSIDE)
def test_no_separator_makes_a_formula_of_it(text: str) -> None:
    assert harmless(["título"], [text])
    assert harmless(["a", "b"], ["x", text], [text, text], [text, "y"])
    assert planilla.rearmar(planilla.desarmar(text)) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_it_gets_an_apostrophe_at_its_start(text: str) -> None:
    assert planilla.desarmar(text).startswith("'")


@pytest.mark.parametrize("text", ["\t=1", "\tAna", "\rAna", "\nAna"])
def test_a_tab_or_a_line_break_at_the_start_is_one_too(text: str) -> None:
    assert planilla.desarmar(text)[0] == "'"
    assert planilla.rearmar(planilla.desarmar(text)) == text


def test_it_says_where_the_apostrophes_stand() -> None:
    assert planilla.desarmar("hola,=1; @x\n-a") == "hola,'=1;' @x\n'-a"


@pytest.mark.parametrize(
    "text",
    [
        "Ana", "3001234567", "O'Brien", "'Ana'", "a=b", "", "'", "1+1=2", "lunes - viernes", "ana@tienda.co",
        "Ana, Luis",
        "Cra 5 # 3-20, apto. 2", "a;b|c", "VIP|Norte", "2026-03-01 10:00:00-05:00", "85.000,50",
        "¡Hola! 20% de descuento",
        "Hola,\nle escribimos.", '"Ana"', "a,'b'", "5','6", "N°-5", "T-shirt, sí", " Ana", "Ana\t", "a,", "—", "– Ana",
    ],
)  # fmt: skip
def test_a_harmless_cell_is_left_alone(text: str) -> None:
    assert planilla.desarmar(text) == planilla.rearmar(text) == text


def test_every_cell_is_quoted() -> None:
    text = "".join(planilla.lineas(["a", "b c"], [[1, "x"], ["", 'el "uno"']]))
    assert text == '\ufeff"a";"b c"\r\n"1";"x"\r\n"";"el ""uno"""\r\n'


ODD = st.text(alphabet=st.sampled_from("=+-@＝'\",;|\t\r\n \0\u200b\ufeffa1"), max_size=12)


@given(st.text() | ODD)
def test_any_text_survives_export_and_import(text: str) -> None:
    assert planilla.rearmar(planilla.desarmar(text)) == text


@given(st.lists(st.lists(ODD, min_size=3, max_size=3), min_size=2, max_size=3))
def test_no_text_is_a_formula(rows: list[list[str]]) -> None:
    assert harmless(*rows)


@pytest.mark.parametrize("many", ["'", " ", ",", "\u200b", "=", ",=", ",'", '"'])
def test_its_time_grows_as_the_text_does(many: str) -> None:
    assert growth(lambda text: planilla.rearmar(planilla.desarmar(text)), lambda n: many * n, 20_000) < 30
