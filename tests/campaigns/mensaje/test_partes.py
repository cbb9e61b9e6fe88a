"""The count agrees with Twilio's published calculator: each expected row was printed by it (sms-segments-calculator
1.3.0 on npm, `new SegmentedMessage(text)`), not by this code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import regex

from campaigns.mensaje.partes import GRAPHEME, contar, letras_ucs2
from campaigns.mensaje.plano import transliterar
from tests.growth import growth

TABLE = json.loads(Path(__file__).with_name("partes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("texto", "encoding", "segmentos"), TABLE, ids=[f"{n}" for n in range(len(TABLE))])
def test_it_counts_as_twilio_does(texto: str, encoding: str, segmentos: int) -> None:
    counted = contar(texto)
    assert (counted.encoding, counted.segmentos) == (encoding, segmentos)


def test_it_names_the_letters_that_force_ucs2_once_and_in_order() -> None:
    assert letras_ucs2("Promoción: ¡él cumplió años! 😀 á") == ["ó", "😀", "á"]


@pytest.mark.parametrize(
    ("texto", "plain"),
    [
        ("Promoción mañana", "Promocion mañana"),  # ñ is in GSM-7 and stays
        ("¿Qué? ¡Así! ÉÑÜ", "¿Qué? ¡Asi! ÉÑÜ"),
        ("«Núm. 1º» – “ok”…", '"Num. 1o" - "ok"...'),
        ("I\u0301 o\u0301", "I o"),  # decomposed accents
        ("hola 😀", "hola 😀"),  # no plain neighbour: left for the person to decide
    ],
)
def test_it_transliterates_only_what_is_not_gsm7(texto: str, plain: str) -> None:
    assert transliterar(texto) == plain


FLAG, OTHER = "\U0001f1e8", "\U0001f1f4"


@pytest.mark.parametrize(
    "texto",
    [
        FLAG + OTHER + FLAG + OTHER,
        FLAG + OTHER + FLAG,
        FLAG + "a" + FLAG + OTHER + FLAG,
        FLAG + OTHER + "\u0301\u200d" + FLAG,
        "\u0600" + FLAG + OTHER + FLAG,  # a mark that stands before
        "👩\u200d👧" + FLAG + OTHER + "\ufe0f🏽e\u0301\r\n",
    ],
)
def test_it_parts_flags_as_unicode_does(texto: str) -> None:
    assert GRAPHEME.findall(texto) == regex.findall(r"\X", texto)


@pytest.mark.parametrize("work", [contar, letras_ucs2, transliterar])
@pytest.mark.parametrize("letters", [FLAG, "a\u0315\u0300", "\u0315\u0300", "👩\u200d", "\u1100"])
def test_a_long_text_costs_what_it_weighs(work: Callable[[str], object], letters: str) -> None:
    assert growth(work, lambda n: letters * n, 1_000) < 30
