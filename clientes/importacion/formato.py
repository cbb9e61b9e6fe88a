"""What kind of file it is, found by looking at it: names and declared types are not to be believed."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO, Final

from clientes.importacion import columnas
from clientes.importacion.limites import NO_ES_PLANILLA, VACIO, XLS_VIEJO, UnreadableFileError

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0"  # .xls, and .xlsx with a password
DELIMITADORES: Final = ";,\t|"
CABEZA: Final = 64 * 1024
BLOQUE: Final = 1024 * 1024
# Excel's "Unicode text" is UTF-16, which always begins with its mark.
MARCAS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The first that the whole file is. Latin-1 takes any byte, and differs from Windows-1252 in what nobody types.
CODIFICACIONES: Final = ("utf-8", "cp1252", "latin-1")


@dataclass(frozen=True, slots=True)
class Formato:
    """How to read the file.

    Args:
        codificacion: a Python codec; "" for XLSX.
        delimitador: one character; "" for XLSX.
        salta: lines before the data, such as Excel's `sep=;`.
        hoja: the sheet that is read; "" for CSV.
    """

    tipo: str
    codificacion: str = ""
    delimitador: str = ""
    salta: int = 0
    hoja: str = ""

    def as_stored(self) -> dict[str, object]:
        return asdict(self)


def es_xlsx(file: BinaryIO) -> bool:
    """Whether the file is a zip.

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
    if b"\0" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFileError(NO_ES_PLANILLA)
    return False


def de_csv(file: BinaryIO) -> Formato:
    """How to read this text file.

    Raises:
        UnreadableFileError: it is not text.
    """
    codificacion = _codificacion(file)
    with texto(file, codificacion) as text:
        try:
            head = text.read(CABEZA)
        except UnicodeError as error:
            raise UnreadableFileError(NO_ES_PLANILLA) from error
        whole = not text.read(1)
    first, _, _ = head.partition("\n")
    if sep := re.fullmatch(r'"?sep=(.)"?', first.strip("\r"), re.IGNORECASE):
        return Formato("csv", codificacion, sep[1], salta=1)
    return Formato("csv", codificacion, delimitador(head if whole else head.rpartition("\n")[0] or head))


def _codificacion(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4)
    for mark, name in MARCAS:
        if head.startswith(mark):
            return name
    left = {name: codecs.getincrementaldecoder(name)("strict") for name in CODIFICACIONES}
    file.seek(0)
    final = False
    while not final:
        block = file.read(BLOQUE)
        final = not block
        for name in list(left):
            try:
                left[name].decode(block, final)
            except UnicodeError:
                del left[name]
    return next(name for name in CODIFICACIONES if name in left)


def delimitador(text: str) -> str:
    """The character between cells: whose titles we know, whose rows agree in length, whose cells are most."""

    def worth(candidate: str) -> tuple[int, float, int]:
        rows = _rows(text, candidate)
        if not rows or len(rows[0]) < 2:
            return 0, 0.0, 0
        agree = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        return len(columnas.adivinar(rows[0])), agree, len(rows[0])

    best = max(DELIMITADORES, key=worth)
    return best if worth(best)[2] else DELIMITADORES[0]


def _rows(text: str, candidate: str) -> Sequence[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=candidate):
            if row:
                rows.append(row)
            if len(rows) == 30:
                break
    except csv.Error:
        pass
    return rows


class _Unclosed(io.BufferedIOBase):
    """Lets a TextIOWrapper go without closing the file below it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._file.read(size)


def texto(file: BinaryIO, codificacion: str) -> io.TextIOWrapper:
    """The file from its beginning, as text."""
    file.seek(0)
    return io.TextIOWrapper(_Unclosed(file), encoding=codificacion, newline="")  # type: ignore[arg-type]
