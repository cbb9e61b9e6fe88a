"""The count agrees with Twilio's published calculator: each expected row was printed by it (sms-segments-calculator
1.3.0 on npm, `new SegmentedMessage(text)`), not by this code."""

import json
from pathlib import Path

import pytest

from campaigns.mensaje.partes import contar, letras_ucs2, transliterar

TABLE = json.loads(Path(__file__).with_name("segmentos.json").read_text(encoding="utf-8"))


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
