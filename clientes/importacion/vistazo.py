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


def _sin_valor(prefijo: bytes, valor: bytes) -> re.Pattern[bytes]:
    """Compile the pattern of a formula without a value: nothing stands behind it, or an empty value, or `valor`."""
    return re.compile(
        rb"<%(p)sc\b([^<>]*)>\s*<%(p)sf\b(?:[^<>]*/>|[^<>]*>[^<]*</%(p)sf>)\s*"
        rb"(?:<%(p)sv\s*/>|<%(p)sv>%(valor)s\s*</%(p)sv>)?\s*</%(p)sc>" % {b"p": prefijo, b"valor": valor}
    )


# By whether a zero is no value. A pattern that begins with letters is searched for much faster than one with a prefix.
VACIA: Final = {False: _sin_valor(b"", b""), True: _sin_valor(b"", b"0?")}
VACIA_CON_PREFIJO: Final = {False: _sin_valor(rb"\w+:", b""), True: _sin_valor(rb"\w+:", b"0?")}


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
            hidden += ocultas(piece) if filas <= LINEAS_MAX else 0
            empty += formulas(piece, recalcula=recalcula) if part.leidos < FORMULAS_MAX else 0
    return filas + lineas(rest), hidden + ocultas(rest), empty + formulas(rest, recalcula=recalcula)


def lineas(xml: bytes) -> int:
    return sum(xml.count(mark) for mark in (b"<row ", b":row ", b"<row>", b"<row/>"))


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
    patron = (VACIA if b"<f" in xml else VACIA_CON_PREFIJO)[recalcula]
    # Excel writes an empty result as an empty text.
    return sum(b't="str"' not in cell[1] for cell in patron.finditer(xml))
