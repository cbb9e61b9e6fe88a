"""The plain text says the same as the text, or the letter stays. The browser does the same: tests/browser."""

import unicodedata

import pytest

from campaigns.mensaje.partes import contar, es_gsm7
from campaigns.mensaje.plano import SIGNOS, invisibles, nombrar, sin_invisibles, transliterar
from tests.growth import growth

PLAIN = {
    "½ pollo $18.000": "1/2 pollo $18.000",
    "2½ kilos": "2 1/2 kilos",
    "¾ litro": "3/4 litro",
    "½5": "1/2 5",
    "½½": "1/2 1/2",
    "⅓ ⅝ ⅒ ↉": "1/3 5/8 1/10 0/3",
    "Edición ﬁnal": "Edicion final",
    "oﬃcina ﬂor": "officina flor",
    "10⁹": "10^9",
    "10⁻³ y 2¹⁰": "10^-3 y 2^10",
    "80 m² y 3 m³": "80 m2 y 3 m3",
    "x² + y²": "x^2 + y^2",
    "precio¹": "precio^1",
    "¹Aplican condiciones": "1Aplican condiciones",
    "2ⁿ": "2^n",
    "⑩ pasos": "10 pasos",
    "5⑩": "5 10",
    "①②": "1 2",
    "⑴ uno ⒉ dos": "(1) uno 2. dos",
    "Ⅳ Bienal": "IV Bienal",
    "Luis ⅩⅣ": "Luis XIV",
    "Nike™": "NikeTM",
    "Nike™️": "NikeTM",
    "Marca® ©2026": "Marca(R) (c)2026",
    "№ 5": "No 5",
    "5 ㎏ en 80 ㎡": "5 kg en 80 m2",
    "œuvre Łódź đ": "oeuvre Lodz d",
    "２×１ ＄１００": "2x1 $100",
    "𝐎𝐟𝐞𝐫𝐭𝐚 𝟐𝐱𝟏": "Oferta 2x1",
    "≤ 5 y ≥ 3": "<= 5 y >= 3",
    "5′ 10″": "5' 10\"",
    "−5 °": "-5 °",
    "a—b–c‐d‑e": "a-b-c-d-e",
    "‼ ⁉ ‥": "!! !? ..",
    "‹uno› ❝dos❞": '<uno> "dos"',
    "a\u2028b\u00a0c\u2009d": "a\nb c d",
    "Hola\u200b {nombre}": "Hola {nombre}",
    "co\u00admpra\ufeff": "compra",
    "x\u0302 ǆ": "x dz",
    "H₂O": "H2O",
}
# No letters of GSM-7 say the same.
STAYS = [
    "≠",
    "25 ℃",
    "µg",
    "ж",
    "й",
    "日本",
    "😀",
    "👩\u200d👧",
    "❤\ufe0f",
    "🇨🇴",
    "1\ufe0f\u20e3",
    "ℹ\ufe0f",
    "☎",
    "√2",
    "∞",
    "¢",
    "₡",
    "½"[:0],
]
TEXTOS = [
    *PLAIN,
    *STAYS,
    *SIGNOS,
    "👍🏽 ok\u200d",
    "a\u0338",
    "क्\u200dष",
    "\U000e0041",
    "\u200f\u202eabc\u2069",
    "\u3164",
]


@pytest.mark.parametrize(("texto", "plain"), PLAIN.items())
def test_it_says_the_same(texto: str, plain: str) -> None:
    assert transliterar(texto) == plain


@pytest.mark.parametrize("texto", STAYS)
def test_it_leaves_what_has_no_plain_letters(texto: str) -> None:
    assert transliterar(texto) == texto


def test_what_twilio_replaces_is_replaced() -> None:
    for signs, plain in SIGNOS.items():
        for sign in signs:
            assert transliterar(f"a{sign}b") == f"a{plain}b", f"U+{ord(sign):04X}"
            assert es_gsm7(plain)


def test_no_letter_becomes_a_part_of_what_it_stands_for() -> None:
    """Every character of Unicode's first planes: all of its compatibility form, or itself."""
    for code in [*range(0xA0, 0x2FFF), *range(0x3200, 0x3400), *range(0xF900, 0xFFFD), *range(0x1D400, 0x1D800)]:
        c = chr(code)
        plain = transliterar(c)
        if es_gsm7(plain) and plain == unicodedata.normalize("NFC", c):
            continue  # the same letter by another code
        whole = "".join(each for each in unicodedata.normalize("NFKD", c) if not unicodedata.combining(each))
        if plain != c and c not in SIGNOS and whole.isascii() and whole.isalnum():
            assert plain == whole, f"U+{code:04X}"


@pytest.mark.parametrize(
    ("texto", "names", "seen"),
    [
        ("Hola\u200b Ana\u200b", ["espacio de ancho cero (U+200B)"], "Hola Ana"),
        ("a\u00a0b\u202e", ["espacio duro (U+00A0)", "marca de dirección (U+202E)"], "a b"),
        ("👩\u200d👧 ❤\ufe0f 🏴\U000e0067\U000e007f", [], "👩\u200d👧 ❤\ufe0f 🏴\U000e0067\U000e007f"),
        ("ñandú «sí» ½\n", [], "ñandú «sí» ½\n"),
    ],
)
def test_it_names_what_nobody_sees_and_takes_it_away(texto: str, names: list[str], seen: str) -> None:
    assert invisibles(texto) == names
    assert sin_invisibles(texto) == seen


def test_a_copied_text_costs_one_segment_again() -> None:
    texto = "Hola\u200b " + "x" * 94
    assert (contar(texto).segmentos, contar(sin_invisibles(texto)).segmentos) == (2, 1)


def test_a_letter_that_is_seen_is_its_own_name() -> None:
    assert [nombrar(c) for c in ("ó", "😀", "a", "👩\u200d👧")] == ["ó", "😀", "a", "👩\u200d👧"]


@pytest.mark.parametrize("letters", ["½", "²", "①", "a\u200b", "x\u0302", "ﬁ"])
def test_a_long_text_costs_what_it_weighs(letters: str) -> None:
    assert growth(transliterar, lambda n: letters * n, 500) < 30
