"""The kind of a file, found by looking at it: its name and its declared type are not to be believed."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import BinaryIO, Final

from clientes.importacion import codificacion, columnas
from clientes.importacion.codificacion import Letras
from clientes.importacion.limites import (
    HTML,
    JSON,
    NO_ES_PLANILLA,
    VACIO,
    VCARD,
    XLS_VIEJO,
    UnreadableFileError,
)

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0"  # .xls, and .xlsx with a password
DELIMITADORES: Final = ";,\t|"
DOS: Final = 2
COMILLAS: Final = ("''", "“”", "‘’", "``", "´´", "„“")
CABEZA: Final = 64 * 1024  # characters that the separator is found by
LINEAS: Final = 60
# Many programs give a page of HTML, or XML of 2003, a name that ends in .xls.
PAGINA: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|meta|table|\?xml)\b", re.IGNORECASE)
# RFC 6350 §6.1.1; a Mac writes contacts so, and so does a telephone that shares them.
CONTACTOS: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN\s*:\s*VCARD\b", re.IGNORECASE)
DE_PROGRAMA: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\"")
# Excel's own line, also when Excel saved it again as a row: sep=;  "sep=;"  sep=;;;  "sep=,",,,
SEP: Final = re.compile(r"""[\s"']*sep=["']?([^\w\s"'\\]|\t)?[\s"';,|]*""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Formato:
    """The way to read the file.

    Args:
        codificacion: a Python codec; "" for XLSX.
        delimitador: one character; "" for XLSX.
        salta: lines before the data, such as Excel's `sep=;`.
        hoja: the sheet that is read; "" for CSV.
        anchos: cells that the rows of a CSV have: its titles, and most of the others.
        desde: number of the row with which the table begins, titles included; what is above is no data.
        comillas: the two signs in which a CSV has its cells, where they are not those of RFC 4180; "" for none.
    """

    tipo: str
    codificacion: str = ""
    delimitador: str = ""
    salta: int = 0
    hoja: str = ""
    anchos: Sequence[int] = ()
    desde: int = 1
    comillas: str = ""

    def as_stored(self) -> dict[str, object]:
        return asdict(self)


def es_xlsx(file: BinaryIO) -> bool:
    """Tell whether the file is a zip.

    Raises:
        UnreadableFileError: it is neither a zip nor text.
    """
    file.seek(0)
    head = file.read(CABEZA)
    file.seek(0)
    if not head:
        raise UnreadableFileError(VACIO)
    if head.startswith(ZIP):
        return True
    if head.startswith(OLE):
        raise UnreadableFileError(XLS_VIEJO)
    if PAGINA.match(head):
        raise UnreadableFileError(HTML)
    if CONTACTOS.match(head):
        raise UnreadableFileError(VCARD)
    if DE_PROGRAMA.match(head):
        raise UnreadableFileError(JSON)
    if head.startswith(b"%PDF-"):
        raise UnreadableFileError(NO_ES_PLANILLA)
    return False


def de_csv(file: BinaryIO, elegida: str = "") -> tuple[Formato, Letras]:
    """Find out how to read this text file.

    Args:
        elegida: the charset that a person chose; guessed when "".

    Raises:
        UnreadableFileError: it is not text.
    """
    letras = codificacion.adivinar(file)
    lines: list[str] = []
    letters = 0
    for line in codificacion.lineas(file, elegida or letras.codificacion):
        lines.append(line[:CABEZA].rstrip("\r\n"))
        letters += len(line)
        if letters > CABEZA:
            break
    salta, sep = 0, ""
    if lines and (found := SEP.fullmatch(lines[0])):
        salta, sep = 1, found[1] or ""
    text = "\n".join(lines[salta:])
    if not sep or (sep not in text and any(other in text for other in DELIMITADORES)):
        sep = delimitador(text)
    rows = _rows(text, sep)
    return Formato(
        "csv",
        elegida or letras.codificacion,
        sep,
        salta,
        anchos=anchos(rows),
        desde=salta + 1,
        comillas=comillas_de(rows[0] if rows else ()),
    ), letras


def comillas_de(titulos: Sequence[str]) -> str:
    """Find the signs in which every title stands: `'nombre';'telefono'`, “nombre”;“telefono”; "" for none."""
    cells = [cell.strip() for cell in titulos if cell.strip()]
    if len(cells) < DOS:
        return ""
    return next((pair for pair in COMILLAS if all(len(c) > DOS and c[0] + c[-1] == pair for c in cells)), "")


def delimitador(text: str) -> str:
    """Choose the character between cells: whose titles we know, whose rows agree in length, whose cells are most."""

    def worth(candidate: str) -> tuple[int, float, int]:
        rows = _rows(text, candidate)
        width = ancho(rows)
        if width < 2:  # one column says nothing about what parts columns
            return 0, 0.0, 0
        agree = sum(len(row) == width for row in rows) / len(rows)
        return max(len(columnas.adivinar(row)) for row in rows), agree, width

    best = max(DELIMITADORES, key=worth)
    return best if worth(best)[2] else DELIMITADORES[0]


def ancho(rows: Sequence[Sequence[str]]) -> int:
    """Tell how many cells a row usually has. Lines of one cell are headings, or parts of a cell of several lines."""
    widths = Counter(len(row) for row in rows)
    several = {width: n for width, n in widths.items() if width > 1}
    if not several or sum(several.values()) * 10 < len(rows):
        return 1
    return max(several, key=lambda width: (several[width], width))


def anchos(rows: Sequence[Sequence[str]]) -> list[int]:
    """Tell how many cells a whole row may have.

    The titles say it. Most rows do too: some programs leave out the empty cells at the end, or put one more separator
    there. Where few rows have the width that is most frequent, its lines are parts of cells of several lines.
    """
    usual = ancho(rows)
    titled = max(rows, key=lambda row: len(columnas.adivinar(row)), default=())
    if len(columnas.adivinar(titled)) < 2:  # no row has titles that we know
        titled = next((row for row in rows if len(row) > 1), ())
    often = 2 * sum(len(row) == usual for row in rows) > len(rows)
    return sorted({usual, len(titled)} if often or len(titled) < usual else {len(titled)})


def _rows(text: str, candidate: str) -> Sequence[list[str]]:
    """The first lines, each as if it were a row: an open quote must not eat those that follow."""
    rows: list[list[str]] = []
    for line in islice((line for line in text.split("\n") if line), LINEAS):
        try:
            rows += csv.reader((line,), delimiter=candidate)
        except csv.Error:
            continue
    return rows
