"""The zip of an Excel workbook, from anybody: what it inflates to is bounded, and so is the number of its parts.

A workbook that was saved as "Strict Open XML" (ISO/IEC 29500 Strict) is the same but for its namespaces: they are read
as those of the transitional form, which openpyxl knows.
"""

import io
import struct
from typing import IO, Any, BinaryIO, Final
from zipfile import ZipFile

from clientes.importacion.limites import (
    MB,
    NUMBERS,
    ODS,
    OTRO_OFFICE,
    XLSB,
    XLSX_BOMBA,
    XLSX_DANADO,
    XLSX_MUCHAS_PARTES,
    UnreadableFileError,
)

HOJA_MAX: Final = 512 * MB
OTRO_MAX: Final = 4 * MB
FILA_MAX: Final = 4 * MB
INDICE_MAX: Final = MB  # bytes of the zip's index: Python makes an object of each of its entries, 46 bytes or more
PARTES_MAX: Final = 5_000
BLOQUE: Final = 256 * 1024
# Where a row or a text begins or ends, with a namespace's prefix or without.
MARCAS: Final = (b"<row", b":row", b"</row", b"</si", b":si")
# ISO/IEC 29500-1 (strict) and -4 (transitional), annex A.
ESTRICTO: Final = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
)
RAIZ: Final = b"http://purl.oclc.org/ooxml/"

# The part by which another program's zip is known, as its name begins, and what to say of it.
AJENOS: Final = (
    ("content.xml", ODS),  # OpenDocument 1.3, part 2, §3.1
    ("xl/workbook.bin", XLSB),
    ("Index/", NUMBERS),
    ("Index.zip", NUMBERS),
    ("word/", OTRO_OFFICE),
    ("ppt/", OTRO_OFFICE),
)

FIN, FIN64, SENAL64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
COLA: Final = 22 + 65_535 + 76  # the end record, the longest comment, and the two records of ZIP64 before it


def revisar_indice(file: BinaryIO) -> None:
    """Refuse a zip whose index is beyond INDICE_MAX, before zipfile reads it whole (APPNOTE.TXT 4.3.14 to 4.3.16).

    Raises:
        UnreadableFileError: it is, or the file has no index.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - COLA))
    tail = file.read(COLA)
    file.seek(0)
    at = tail.rfind(FIN)
    if at < 0 or len(tail) < at + 22:
        raise UnreadableFileError(XLSX_DANADO)
    index: int = struct.unpack_from("<L", tail, at + 12)[0]
    if tail[at - 20 : at - 16] == SENAL64 and at >= 20:  # the locator's length
        if at < 76 or tail[at - 76 : at - 72] != FIN64:  # and that of the record before it
            raise UnreadableFileError(XLSX_DANADO)
        index = struct.unpack_from("<Q", tail, at - 76 + 40)[0]
    if index > INDICE_MAX:
        raise UnreadableFileError(XLSX_MUCHAS_PARTES)


class Parte:
    """A part of the workbook that refuses to grow without coming to the end of a row."""

    def __init__(self, file: IO[bytes], bound: int) -> None:
        self._file = file
        self.leidos = 0
        self._bound = bound
        self._since_row = 0
        self._first = True

    def __enter__(self) -> "Parte":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(BLOQUE if size < 0 or size > BLOQUE else size)
        self.leidos += len(data)
        last = max(data.rfind(mark) for mark in MARCAS)
        self._since_row = len(data) - last if last >= 0 else self._since_row + len(data)
        if self.leidos > self._bound or self._since_row > FILA_MAX:
            raise UnreadableFileError(XLSX_BOMBA)
        # Namespaces are declared by the root, at the very beginning.
        first, self._first = self._first, False
        return transicional(data) if first else data


def transicional(xml: bytes) -> bytes:
    """Return the XML with the namespaces of the transitional form."""
    if RAIZ in xml:
        for strict, usual in ESTRICTO:
            xml = xml.replace(strict, usual)
    return xml


class Libro(ZipFile):
    """A zip that believes its own index only within bounds: zipfile never inflates more than the index says.

    Args:
        textos_max: bytes of XML of the workbook's texts.

    Raises:
        UnreadableFileError: it has too many parts, or is another program's.
    """

    def __init__(self, file: BinaryIO, textos_max: int) -> None:
        revisar_indice(file)
        self._textos_max = textos_max
        super().__init__(file)
        if len(self.filelist) > PARTES_MAX:
            raise UnreadableFileError(XLSX_MUCHAS_PARTES)
        self._exigir_excel()

    def _exigir_excel(self) -> None:
        names = self.namelist()
        if any(name.lower() == "xl/workbook.xml" for name in names):
            return
        for start, text in AJENOS:
            if any(name.startswith(start) for name in names):
                raise UnreadableFileError(text)

    def open(self, name: Any, *args: Any, **kwargs: Any) -> Any:
        part = super().open(name, *args, **kwargs)
        path = name if isinstance(name, str) else name.filename
        if "/worksheets/" in path:
            return Parte(part, HOJA_MAX)
        return Parte(part, self._textos_max if "sharedstrings" in path.lower() else OTRO_MAX)

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        info = self.getinfo(name) if isinstance(name, str) else name
        if info.file_size > OTRO_MAX:
            raise UnreadableFileError(XLSX_BOMBA)
        with super().open(info, pwd=pwd) as part:
            return transicional(part.read())
