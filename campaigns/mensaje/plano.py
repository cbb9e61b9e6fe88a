"""The plain text of a message: letters outside GSM-7 as the ones that people read in them, and what nobody sees.

The plain text says the same, or the letter stays. What Twilio replaces by Smart Encoding is replaced too:
https://www.twilio.com/docs/messaging/services/smart-encoding-char-list; it leaves á, í, ó and ú as they are, which cost
Spanish the most. campaigns/static/campaigns/partes.js does the same; a test holds the two together.
"""

import re
import unicodedata
from typing import Final

import regex

from campaigns.mensaje.partes import GRAPHEME, es_gsm7
from core.unicode import normalize

# A sign, or each of several, and the letters of GSM-7 that it is read as.
SIGNOS: Final = {
    "ç": "Ç", "º": "o", "ª": "a",
    "ˮʺ〃‟❝❞〝〞“”„«»″״": '"', "‘’‛ʹʻʼʽˈˊˋ´`′‵❛❜ʿʾ՚׳": "'", "‐‑‒–—―−⁃⎼⎽﹘﹣－•": "-", "÷⁄∕⧸": "/", "⧵⧹": "\\",
    "∣⎸⎹⏐⎜⎟¦": "|", "ǃ": "!", "‚、": ",", "❨❪⟮⦅": "(", "❩❫⟯⦆": ")", "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊❋⧆": "*", "˖": "+", "꞊": "=",
    "。｡": ".", "ː˸⦂꞉": ":", "⁏": ";", "‹": "<", "›": ">", "≤": "<=", "≥": ">=", "ˆ": "^", "❴": "{", "❵": "}",
    "˜˷∼": "~", "×": "x", "±": "+/-", "…": "...", "‥": "..", "‼": "!!", "⁇": "??", "⁈": "?!", "⁉": "!?", "©": "(c)",
    "®": "(R)", "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h", "Ħ": "H", "þ": "th",
    "Þ": "Th", "ð": "d", "ẞ": "SS", "\u2028\u2029\u0085\u000b": "\n", "\t": " ",
    "ᴀ": "A", "ʙ": "B", "ᴄ": "C", "ᴅ": "D", "ᴇ": "E", "ꜰ": "F", "ɢ": "G", "ʜ": "H", "ɪ": "I", "ᴊ": "J", "ᴋ": "K",
    "ʟ": "L", "ᴍ": "M", "ɴ": "N", "ᴏ": "O", "ᴘ": "P", "ʀ": "R", "ꜱ": "S", "ᴛ": "T", "ᴜ": "U", "ᴠ": "V", "ᴡ": "W",
    "ʏ": "Y", "ᴢ": "Z",
}  # fmt: skip
TABLA: Final = {sign: plain for signs, plain in SIGNOS.items() for sign in signs}

# What has no width and no meaning in a text of Latin letters, by the name that people are shown.
NOMBRES: Final = {
    "\u00ad": "guion opcional", "\u034f": "unión de letras", "\u061c": "marca de dirección árabe",
    "\u115f": "relleno", "\u1160": "relleno", "\u3164": "relleno", "\uffa0": "relleno", "\u180e": "separador mongol",
    "\u200b": "espacio de ancho cero", "\u200c": "separador de ancho cero", "\u200d": "unión de ancho cero",
    "\u200e": "marca de izquierda a derecha", "\u200f": "marca de derecha a izquierda",
    "\u202a": "marca de dirección", "\u202b": "marca de dirección", "\u202c": "marca de dirección",
    "\u202d": "marca de dirección", "\u202e": "marca de dirección", "\u2060": "unión de palabras",
    "\u2061": "signo invisible", "\u2062": "signo invisible", "\u2063": "signo invisible", "\u2064": "signo invisible",
    "\u2066": "marca de dirección", "\u2067": "marca de dirección", "\u2068": "marca de dirección",
    "\u2069": "marca de dirección", "\ufe0e": "selector de forma", "\ufe0f": "selector de forma",
    "\ufeff": "marca de orden (BOM)", "\ufff9": "anotación", "\ufffa": "anotación", "\ufffb": "anotación",
}  # fmt: skip
# Blanks that look like any other, by name.
ESPACIOS: Final = {
    "\u00a0": "espacio duro", "\u1680": "espacio ogham", "\u2000": "espacio ancho", "\u2001": "espacio ancho",
    "\u2002": "espacio ancho", "\u2003": "espacio ancho", "\u2004": "espacio fino", "\u2005": "espacio fino",
    "\u2006": "espacio fino", "\u2007": "espacio de cifra", "\u2008": "espacio fino", "\u2009": "espacio fino",
    "\u200a": "espacio fino", "\u202f": "espacio duro fino", "\u205f": "espacio fino", "\u3000": "espacio ancho",
    "\u2028": "salto de línea", "\u2029": "salto de párrafo", "\u0085": "salto de línea", "\u000b": "salto de línea",
    "\t": "tabulador",
}  # fmt: skip
INVISIBLES: Final = re.compile(f"[{''.join(NOMBRES)}\\U000e0000-\\U000e007f\\ufe00-\\ufe0d]")

# An emoji keeps its joiners and selectors; these few are signs of the text, which phones draw as emoji.
EMOJI: Final = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]")
COMO_SIGNO: Final = re.compile(r"[™©®‼⁉✳][\ufe0e\ufe0f]?")
# Marks that are drawn across a letter, and make another one of it: "≠" is no "=".
TACHADO: Final = re.compile(r"[\u0334-\u0338\u20d0-\u20ff]")
MARCA: Final = regex.compile(r"\p{M}")

FRACCION: Final = re.compile(r"[¼-¾⅐-⅞↉]")
EXPONENTE: Final = re.compile(r"[⁰¹²³⁴-⁹⁺⁻ⁿⁱ]+")
UNIDAD: Final = re.compile(r"(?:^|[^A-Za-z])(?:[mckdhM]?m|[Mm]ts?|ft|in|yd)$")  # of length: m² is m2 everywhere
EN_CIRCULO: Final = re.compile(r"[①-⒛⓪㉑-㉟㊱-㊿]")


def transliterar(texto: str) -> str:
    """Return the text with each letter outside GSM-7 as the plain ones that say the same, where there are any.

    Never applied unasked: it is offered, with what it saves.

    >>> transliterar("Edición ﬁnal: ½ pollo, 10⁹ gracias")
    'Edicion final: 1/2 pollo, 10^9 gracias'
    """
    text = normalize("NFC", texto)
    text = FRACCION.sub(_fraccion, text)
    text = EXPONENTE.sub(_exponente, text)
    text = EN_CIRCULO.sub(_en_circulo, text)
    return "".join(_plano(grapheme) for grapheme in GRAPHEME.findall(text))


def sin_invisibles(texto: str) -> str:
    """Return the text without what nobody sees; blanks of all kinds as the usual one. Emoji stay whole."""
    return "".join(_visible(grapheme) for grapheme in GRAPHEME.findall(texto))


def invisibles(texto: str) -> list[str]:
    """Name what nobody sees in a text, each once and in their order."""
    found = [c for grapheme in GRAPHEME.findall(texto) if not _es_emoji(grapheme) for c in grapheme if _visible(c) != c]
    return [nombrar(c) for c in dict.fromkeys(found)]


def nombrar(letra: str) -> str:
    """Return the name of a letter that cannot be seen, or the letter itself.

    >>> nombrar("\\u200b")
    'espacio de ancho cero (U+200B)'
    """
    if len(letra) != 1 or _visible(letra) == letra:
        return letra
    return f"{NOMBRES.get(letra) or ESPACIOS.get(letra) or 'letra invisible'} (U+{ord(letra):04X})"


def _visible(grapheme: str) -> str:
    if _es_emoji(grapheme) or (len(grapheme) == 1 and es_gsm7(grapheme)):
        return grapheme
    plain = "".join(TABLA.get(c, " ") if c in ESPACIOS else c for c in grapheme)
    return INVISIBLES.sub("", plain)


def _es_emoji(grapheme: str) -> bool:
    return bool(EMOJI.search(grapheme))


def _fraccion(m: re.Match[str]) -> str:
    """Spell out a fraction, apart from a digit beside it."""
    before, after = m.string[: m.start()][-1:], m.string[m.end() :][:1]
    plain = unicodedata.normalize("NFKD", m[0]).replace("\N{FRACTION SLASH}", "/")
    return f"{' ' if _es_cifra(before) else ''}{plain}{' ' if after.isdecimal() else ''}"


def _exponente(m: re.Match[str]) -> str:
    """Write an exponent so that it does not run into its number."""
    before, after = m.string[: m.start()], m.string[m.end() :][:1]
    plain = unicodedata.normalize("NFKD", m[0]).replace("−", "-")
    joins = bool(re.search(r"[^\W_]$|[)\]]$", before[-1:]))
    area = plain in {"2", "3"} and bool(UNIDAD.search(before[-4:]))
    return f"{'^' if joins and not area else ''}{plain}{' ' if after.isdecimal() else ''}"


def _en_circulo(m: re.Match[str]) -> str:
    """Write a number in a circle, apart from a digit beside it."""
    before, after = m.string[: m.start()][-1:], m.string[m.end() :][:1]
    plain = unicodedata.normalize("NFKD", m[0])
    return f"{' ' if _es_cifra(before) else ''}{plain}{' ' if after.isdecimal() else ''}"


def _es_cifra(c: str) -> bool:
    return bool(re.fullmatch(r"[0-9¼-¾⅐-⅞↉⁰¹²³⁴-⁹①-⒛]", c))


def _plano(grapheme: str) -> str:
    if es_gsm7(grapheme):
        return grapheme
    if _es_emoji(grapheme) and not COMO_SIGNO.fullmatch(grapheme):
        return grapheme
    if TACHADO.search(unicodedata.normalize("NFD", grapheme[:8])):
        return grapheme
    plain = "".join(_letra(c) for c in _visible(COMO_SIGNO.sub(lambda m: m[0][0], grapheme)))
    # Of a letter that stays, its marks stay.
    return plain if not MARCA.search(plain) else _con_marcas(grapheme, plain)


def _con_marcas(grapheme: str, plain: str) -> str:
    bare = MARCA.sub("", plain)
    return bare if bare and es_gsm7(bare) else grapheme


def _letra(c: str) -> str:
    """Return a letter's plain ones: all that it stands for, or the letter."""
    if es_gsm7(c):
        return c
    if c in TABLA:
        return TABLA[c]
    whole = MARCA.sub("", unicodedata.normalize("NFKD", c))
    plain = "".join(TABLA.get(each, each) for each in whole)
    return plain if plain.strip() and es_gsm7(plain) else c
