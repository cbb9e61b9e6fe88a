"""Text as its writer meant it: without what spreadsheets, web pages and editors leave around its letters."""

import html
import re
from typing import Final

import regex

from core.text.planilla import desmarcar, sin_apostrofo
from core.unicode import IGNORABLE, normalize

# A named or numbered character of HTML. Without its semicolon it is text: "AT&T", "Tom &amp".
ENTIDAD: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
ESCAPES_MAX: Final = 3  # "&amp;amp;" was escaped twice
# What has no width, or only says which way to write: Unicode's Default_Ignorable_Code_Point (UAX #44), and the marks
# of interlinear notes. Some of it has a meaning in its place, and there it stays: what joins an emoji (UTS #51), what
# chooses the form of a Chinese or Mongolian letter, and what joins or parts letters of scripts that flow together
# (RFC 5892, appendix A).
INVISIBLE: Final = regex.compile(
    r"""(?P<queda>
      \U0001F3F4[\U000E0020-\U000E007E]{1,8}\U000E007F
      | \p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?
        (?:\u200D\p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?)*
      | [0-9\#*]\uFE0F(?=\u20E3)
      | \p{Han}[\uFE00-\uFE0F\U000E0100-\U000E01EF]
      | \p{Mongolian}[\u180B-\u180D\u180F]
      | [[\p{L}\p{M}]--[\p{Latin}\p{Greek}\p{Cyrillic}\p{Han}]][\u200C\u200D](?=\p{L})
    ) | [\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]""",
    regex.VERBOSE | regex.V1,
)
# Most texts have none of them: looking costs a tenth of replacing.
QUIZA_INVISIBLE: Final = re.compile(f"[{IGNORABLE}]")
# Control characters that str.split() does not take for spaces, and a sign that looks like one.
OTRO_ESPACIO: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\N{BRAILLE PATTERN BLANK}]")


def limpio(texto: str) -> str:
    """Return the text with single spaces, without invisible characters, spreadsheets' marks and HTML's entities."""
    plain = sin_apostrofo(texto)
    marked = plain is texto
    if "&" in plain:
        plain = sin_entidades(plain)
    if not (plain.isascii() and plain.isprintable()):
        plain = OTRO_ESPACIO.sub(" ", sin_invisibles(normalize("NFC", plain)))
        plain = " ".join(plain.split())
    elif " " in plain:
        plain = " ".join(plain.split())
    return desmarcar(sin_apostrofo(plain)) if marked else desmarcar(plain)


def legible(texto: str) -> str:
    """Return what a person wrote, without the characters that nobody sees and the blanks at its ends; lines stay."""
    if texto.isascii() and texto.isprintable():
        return texto.strip()
    texto = texto.replace("\r\n", "\n").replace("\r", "\n")
    return OTRO_ESPACIO.sub(" ", sin_invisibles(texto)).strip()


def sin_entidades(texto: str) -> str:
    """Read the characters that HTML spells out, `&amp;` and `&#241;`, those that were spelt out twice too."""
    for _ in range(ESCAPES_MAX):
        read = ENTIDAD.sub(lambda found: html.unescape(found[0]), texto)
        if read == texto:
            break
        texto = read
    return texto


def sin_invisibles(texto: str) -> str:
    """Drop the characters that nobody sees and that mean nothing where they stand."""
    return INVISIBLE.sub(lambda found: found["queda"] or "", texto) if QUIZA_INVISIBLE.search(texto) else texto
