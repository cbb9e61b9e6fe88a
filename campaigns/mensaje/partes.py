"""The encoding and the segments of a text, as Twilio counts and bills them.

One letter outside GSM-7 makes the whole message UCS-2: 70 characters instead of 160. Rules:
https://www.twilio.com/docs/glossary/what-sms-character-limit and Twilio's published segment calculator,
which never splits an extension character or a grapheme (an emoji with its modifiers) between two parts.
"""

from dataclasses import dataclass
from typing import Final, Literal

import regex

# GSM 03.38, basic table and extension table (two septets each): 3GPP TS 23.038 §6.2.1
GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION: Final = frozenset("\f^{}\\[~]|€")

GSM7_SINGLE, GSM7_PART = 160, 153  # septets in one message, and in each part of a longer one
UCS2_SINGLE, UCS2_PART = 70, 67  # 16-bit units

# \X alone counts, at every flag, the flags before it: a text of nothing else would take the square of its length.
GRAPHEME: Final = regex.compile(r"\p{GCB=RI}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X")

Encoding = Literal["GSM-7", "UCS-2"]


@dataclass(frozen=True, slots=True)
class Partes:
    """The size of a text.

    Args:
        encoding: of the whole message.
        unidades: septets (GSM-7) or 16-bit units (UCS-2) it takes, without headers.
        segmentos: messages billed.
    """

    encoding: Encoding
    unidades: int
    segmentos: int


def contar(texto: str) -> Partes:
    """Count a rendered text.

    >>> contar("ó" * 71)
    Partes(encoding='UCS-2', unidades=71, segmentos=2)
    """
    if es_gsm7(texto):
        return _partir("GSM-7", [2 if c in GSM7_EXTENSION else 1 for c in texto], GSM7_SINGLE, GSM7_PART)
    return _partir("UCS-2", [_utf16(g) for g in GRAPHEME.findall(texto)], UCS2_SINGLE, UCS2_PART)


def es_gsm7(texto: str) -> bool:
    return all(c in GSM7 or c in GSM7_EXTENSION for c in texto)


def letras_ucs2(texto: str) -> list[str]:
    """The distinct graphemes that force UCS-2, in their order."""
    return list(dict.fromkeys(g for g in GRAPHEME.findall(texto) if not es_gsm7(g)))


def _utf16(grapheme: str) -> int:
    return len(grapheme.encode("utf-16-le", "surrogatepass")) // 2


def _partir(encoding: Encoding, sizes: list[int], single: int, part: int) -> Partes:
    total = sum(sizes)
    if total <= single:
        return Partes(encoding, total, 1)
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return Partes(encoding, total, parts)
