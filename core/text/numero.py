"""Numbers that name something, such as phones and documents, as programs that took them for sums write them."""

import re
import unicodedata
from typing import Final

# 3.00E+09 of Excel, 3.001234567E9 of Java, 3e+09 of R.
CIENTIFICO: Final = re.compile(r"(\d+)(?:[.,](\d+))?[eE]\+?(\d{1,3})")
MILES: Final = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
PUNTUACION_FINAL: Final = re.compile(r"\W+\Z")
DIGITOS_FINALES: Final = re.compile(r"\d*\Z")
# Full-width and Arabic marks of numbers.
MARCAS: Final = str.maketrans("．，٫٬＋－（）", ".,.,+-()")
LARGO_MAX: Final = 64  # characters; what is longer names nothing
# Digits in a row before a point: no group of a number that people write has as many, so what follows is a fraction.
CORRIDA: Final = 5
GRUPO: Final = 4  # digits of the last group before two zeros that are no group
CORRIDA_ENTERA: Final = 7


def con_cifras_ascii(texto: str) -> str:
    """Return the text with the digits of any script, full-width ones too, as 0 to 9, and their marks as ours."""
    if texto.isascii():
        return texto
    return "".join(str(unicodedata.decimal(c, c)) for c in texto.translate(MARCAS))


def entero(texto: str) -> str | None:
    """Return a number without the decimal tail of zeros that pandas, R or a spreadsheet gave it.

    `3001234567.0`, `79.123.456,00` and `3.001234567E9` are whole; a point between groups stays: `300.123.4567`.

    Args:
        texto: a number with anything before it, such as a prefix or a label. Other texts are returned as they are.

    Returns:
        None when the tail is another one, as in `300123456.5`, or when digits were lost, as in `3.00E+09`.
    """
    if len(texto) > LARGO_MAX:
        return texto
    if found := CIENTIFICO.fullmatch(texto):
        return _desplegado(found[1], found[2] or "", int(found[3]))
    bare = PUNTUACION_FINAL.sub("", texto)
    last = max(bare.rfind("."), bare.rfind(","))
    head, mark, tail = bare[:last].rstrip(), bare[last : last + 1], bare[last + 1 :].lstrip()
    if last < 0 or not tail.isdecimal() or not head[-1:].isdecimal():
        return texto
    zeros = not tail.strip("0")
    if _es_grupo(head, mark, tail, zeros=zeros):
        return texto
    return head if zeros else None


def _es_grupo(head: str, mark: str, tail: str, *, zeros: bool) -> bool:
    """Tell whether the digits behind the last point or comma are a group of the number, not its fraction."""
    if len(tail) == 1:
        return False
    miles = MILES.fullmatch(head.lstrip("+ "))
    run = len(DIGITOS_FINALES.search(head)[0])  # type: ignore[index] # it always matches
    if mark in head:  # 300.123.45.00, but not 300.123.4567.00 nor 3.001.234.567.00
        return len(tail) > 2 or not zeros or (miles is None and run < GRUPO)
    if miles:
        return len(tail) > 2  # 3.001.234.567,00
    return (len(tail) > 2 and run < CORRIDA) if zeros else run < CORRIDA_ENTERA


def _desplegado(whole: str, fraction: str, exponent: int) -> str | None:
    """Write a number in scientific form with all its digits; None when it does not have them all."""
    rest = fraction[exponent:]
    return whole + fraction[:exponent] if len(fraction) >= exponent and not rest.strip("0") else None
