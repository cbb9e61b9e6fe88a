"""A look over a sheet's XML without parsing it: what is said about it before the import, at the price of inflating it.

Only the reader of its rows is exact. A pattern is tried only in pieces that have its words, and stops at the limits of
a sheet that could be imported: the look is taken while a person waits.
"""

import re
from typing import Final

from clientes.importacion.libro import BLOQUE, Parte
from clientes.importacion.limites import LINEAS_MAX, MB

FILA: Final = re.compile(rb"<row\b([^<>]*)>")
FILA_CON_PREFIJO: Final = re.compile(rb"<\w+:row\b([^<>]*)>")
OCULTA: Final = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']|\bht\s*=\s*["']0(?:\.0*)?["']""")
CONTENIDO: Final = re.compile(rb"<(?:\w+:)?(?:v|is|f)\b")
FORMULAS_MAX: Final = 64 * MB  # bytes of XML in which formulas are looked for
# A formula with nothing behind it, or with an empty value, or with the zero of a writer that does not compute.
SIN_VALOR: Final = (
    rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>%s\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
VACIA: Final = re.compile(SIN_VALOR % b"")
VACIA_O_CERO: Final = re.compile(SIN_VALOR % b"0?")


def contar(part: Parte, *, recalcula: bool) -> tuple[int, int, int]:
    """Count rows, rows that are hidden and not empty, and formulas without a value.

    Args:
        part: the sheet.
        recalcula: the workbook asks Excel to compute all of it on loading, so that a zero is no value.

    Raises:
        UnreadableFileError: it inflates beyond its limits.
    """
    filas = hidden = empty = 0
    rest = b""
    while block := part.read(BLOQUE):
        rest += block
        cut = max(rest.rfind(b"<row"), rest.rfind(b":row"))
        cut = rest.rfind(b"<", 0, cut + 1)
        if cut > 0:
            piece, rest = rest[:cut], rest[cut:]
            filas += lineas(piece)
            hidden += ocultas(piece) if hidden < LINEAS_MAX else 0
            empty += formulas(piece, recalcula=recalcula) if part.leidos < FORMULAS_MAX else 0
    return filas + lineas(rest), hidden + ocultas(rest), empty + formulas(rest, recalcula=recalcula)


def lineas(xml: bytes) -> int:
    return sum(xml.count(mark) for mark in (b"<row ", b":row ", b"<row>", b":row>", b"<row/>"))


def ocultas(xml: bytes) -> int:
    if b"hidden" not in xml and b"ht" not in xml:
        return 0
    rows = list((FILA if b"<row" in xml else FILA_CON_PREFIJO).finditer(xml))
    ends = [row.start() for row in rows[1:]] + [len(xml)]
    return sum(
        bool(OCULTA.search(row[1])) and bool(CONTENIDO.search(xml, row.end(), end))
        for row, end in zip(rows, ends, strict=False)
    )


def formulas(xml: bytes, *, recalcula: bool) -> int:
    if b"<f" not in xml and b":f" not in xml:
        return 0
    # Excel writes an empty result as an empty text.
    return sum(b't="str"' not in cell[1] for cell in (VACIA_O_CERO if recalcula else VACIA).finditer(xml))
