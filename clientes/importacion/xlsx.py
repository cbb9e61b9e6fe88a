"""Rows of an Excel workbook, read by openpyxl row by row, from a file that anybody may have made.

What is read whole (strings, styles) is bounded; what streams is bounded per row; entities are defusedxml's to refuse.
"""

from collections.abc import Generator, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import IO, Any, BinaryIO, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812

from defusedxml.common import DefusedXmlException
from openpyxl import DEFUSEDXML
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring, iterparse

from clientes.importacion.formato import Formato
from clientes.importacion.limites import (
    COLUMNAS_MAX,
    DEMASIADAS_FILAS,
    LINEAS_MAX,
    MB,
    MUESTRA,
    SIN_HOJAS,
    XLSX_BOMBA,
    XLSX_DANADO,
    UnreadableFileError,
)

if not DEFUSEDXML:
    raise ImportError("openpyxl reads strangers' XML here: defusedxml must be installed and not switched off")

TEXTOS_MAX: Final = 64 * MB  # of XML; a text takes about as much memory as its XML
HOJA_MAX: Final = 512 * MB
OTRO_MAX: Final = 4 * MB
FORMATO_MAX: Final = 255  # characters of a number's format: Excel takes no more, and openpyxl's pattern squares them
FILA_MAX: Final = 4 * MB
# Where a row or a text begins or ends, with a namespace's prefix or without.
MARCAS: Final = (b"<row", b":row", b"</row", b"</si", b":si")
FILAS: Final = (b"<row ", b":row ", b"<row>")
BLOQUE: Final = 256 * 1024
S: Final = f"{{{SHEET_MAIN_NS}}}"
# What a broken or hostile workbook makes zipfile, expat and openpyxl raise, found by breaking some.
DANOS: Final = (
    BadZipFile, ZlibError, ParseError, DefusedXmlException, InvalidFileException, EOFError, KeyError, ValueError,
    IndexError, TypeError, AttributeError, NotImplementedError, RuntimeError, OverflowError, AssertionError, OSError,
)  # fmt: skip


class _Parte:
    """A part of the workbook that refuses to grow without coming to the end of a row."""

    def __init__(self, file: IO[bytes], bound: int) -> None:
        self._file = file
        self._left = bound
        self._since_row = 0

    def __enter__(self) -> "_Parte":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(BLOQUE if size < 0 or size > BLOQUE else size)
        self._left -= len(data)
        last = max(data.rfind(mark) for mark in MARCAS)
        self._since_row = len(data) - last if last >= 0 else self._since_row + len(data)
        if self._left < 0 or self._since_row > FILA_MAX:
            raise UnreadableFileError(XLSX_BOMBA)
        return data


class _Libro(ZipFile):
    """A zip that believes its own index only within bounds: zipfile never inflates more than the index says."""

    def open(self, name: Any, *args: Any, **kwargs: Any) -> Any:
        part = super().open(name, *args, **kwargs)
        path = name if isinstance(name, str) else name.filename
        if "/worksheets/" in path:
            return _Parte(part, HOJA_MAX)
        return _Parte(part, TEXTOS_MAX if "sharedstrings" in path.lower() else OTRO_MAX)

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        info = self.getinfo(name) if isinstance(name, str) else name
        if info.file_size > OTRO_MAX:
            raise UnreadableFileError(XLSX_BOMBA)
        with super().open(info, pwd=pwd) as part:
            return part.read()


class _Pendiente(str):
    """A text of which only the number is known yet."""


class _Numeros:
    """In place of the workbook's texts: a million of them are not read to look at ten rows."""

    def __getitem__(self, numero: int) -> _Pendiente:
        return _Pendiente(numero)


class _Hoja(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """Not asked for: a sheet that does not say its size is read to its end, and one that does may be wrong."""

    def filas(self, ancho: int) -> Iterator[tuple[Any, ...]]:
        """The values of every row's first `ancho` cells, those of rows that the sheet leaves out too."""
        hoja: Any = self  # openpyxl tells no types of what a sheet is made of
        esperada = 1
        with hoja._get_source() as file:
            parser = _Filas(
                file,
                hoja._shared_strings,
                data_only=True,
                epoch=hoja.parent.epoch,
                date_formats=hoja.parent._date_formats,
                timedelta_formats=hoja.parent._timedelta_formats,
            )
            for numero, cells in parser.parse():
                while esperada < numero:
                    yield (None,) * ancho
                    esperada += 1
                if esperada == numero:  # else it is out of order
                    yield hoja._get_row(cells, 1, ancho, values_only=True)
                    esperada += 1


class _Filas(WorkSheetParser):
    def parse(self) -> Generator[Any, None, None]:
        """The rows alone: openpyxl also makes objects of headers, filters, merged cells and the rest of a sheet."""
        for _, node in iterparse(self.source):
            if node.tag == ROW_TAG:
                yield self.parse_row(node)
                node.clear()


class _Lector(ExcelReader):
    """Reads the cells and what they need, and none of the rest: themes, properties, links, drawings, names."""

    def __init__(self, file: BinaryIO) -> None:
        self.archive = _Libro(file)
        self.valid_files: Any = frozenset(self.archive.namelist())
        self.read_only, self.data_only = True, True
        self.keep_vba = self.keep_links = self.rich_text = False
        self.shared_strings: Any = _Numeros()

    def read(self, *, textos: bool = True) -> None:
        self.read_manifest()
        if textos:
            self.shared_strings = list(self.textos())
        self.read_workbook()
        self.read_formats()
        self.read_worksheets()

    def read_formats(self) -> None:
        """Which styles show a number as a date or as a length of time: all that a value needs of the style sheet."""
        if ARC_STYLE not in self.valid_files:
            return
        root = fromstring(self.archive.read(ARC_STYLE))
        # Only what stands before the first semicolon counts.
        own = {
            int(node.get("numFmtId", 0)): node.get("formatCode", "").partition(";")[0][:FORMATO_MAX]
            for node in root.iterfind("{*}numFmts/{*}numFmt")
        }
        used = [int(node.get("numFmtId", 0)) for node in root.iterfind("{*}cellXfs/{*}xf")]
        codes = {numero: own.get(numero, builtin_format_code(numero)) for numero in set(used)}
        fechas = {numero for numero, code in codes.items() if is_date_format(code)}
        duraciones = {numero for numero, code in codes.items() if is_timedelta_format(code)}
        libro: Any = self.wb
        libro._date_formats = {style for style, numero in enumerate(used) if numero in fechas}
        libro._timedelta_formats = {style for style, numero in enumerate(used) if numero in duraciones}

    def textos(self) -> Iterator[str]:
        """The workbook's texts; openpyxl's own reader builds ten objects for each, and keeps one."""
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as file:
            events = iterparse(file, events=("start", "end"))
            _, root = next(events)
            for event, node in events:
                if event == "end" and node.tag == f"{S}si":
                    yield "".join(t.text or "" for t in (*node.iterfind(f"{S}t"), *node.iterfind(f"{S}r/{S}t")))
                    root.clear()

    def read_worksheets(self) -> None:
        for sheet, rel in self.parser.find_sheets():
            if rel.target in self.valid_files and "chartsheet" not in rel.Type:
                hoja = _Hoja(self.wb, sheet.name, rel.target, self.shared_strings)
                hoja.sheet_state = sheet.state or "visible"
                self.wb._sheets.append(hoja)  # type: ignore[attr-defined]

    def hoja(self, nombre: str = "") -> Any:
        """The sheet of that name; the first that is visible when "".

        Raises:
            UnreadableFileError: there is none.
        """
        for sheet in self.wb.worksheets:
            if sheet.title == nombre or (not nombre and sheet.sheet_state == "visible"):
                return sheet
        raise UnreadableFileError(SIN_HOJAS)


def examinar(file: BinaryIO) -> tuple[Formato, list[list[str]], int]:
    """The sheet to read, its first rows, and how many it says it has.

    Raises:
        UnreadableFileError: it is no workbook.
    """
    try:
        lector = _Lector(file)
        lector.read(textos=False)
        hoja = lector.hoja()
        rows = [cells for cells in islice(_celdas(hoja), MUESTRA * 10) if any(c is not None for c in cells)][:MUESTRA]
        wanted = {int(c) for cells in rows for c in cells if isinstance(c, _Pendiente)}
        last = max(wanted, default=-1)
        textos = {n: t for n, t in enumerate(islice(lector.textos(), last + 1)) if n in wanted}
        with hoja._get_source() as part:
            filas = 0
            while block := part.read(BLOQUE):  # a tag that two blocks share is missed: it is an estimate
                filas += sum(block.count(mark) for mark in FILAS)
        muestra = [[como_texto(textos[int(c)] if isinstance(c, _Pendiente) else c) for c in cells] for cells in rows]
    except UnreadableFileError:
        raise
    except DANOS as error:
        raise UnreadableFileError(XLSX_DANADO) from error
    return Formato("xlsx", hoja=hoja.title), muestra, filas


def _celdas(hoja: Any) -> Iterator[tuple[Any, ...]]:
    # One column more than is allowed, so that too many are seen without making 16,384 cells of each row.
    for numero, cells in enumerate(hoja.filas(COLUMNAS_MAX + 1), 1):
        if numero > LINEAS_MAX:
            raise UnreadableFileError(DEMASIADAS_FILAS)
        yield cells


def leer(file: BinaryIO, formato: Formato) -> Iterator[tuple[int, list[str]]]:
    """The rows of the sheet, empty ones too.

    Raises:
        UnreadableFileError: at the row where it cannot go on.
    """
    try:
        lector = _Lector(file)
        lector.read()
        for numero, cells in enumerate(_celdas(lector.hoja(formato.hoja)), 1):
            yield numero, [como_texto(value) for value in cells]
    except UnreadableFileError:
        raise
    except DANOS as error:
        raise UnreadableFileError(XLSX_DANADO) from error


def como_texto(value: Any) -> str:
    """A cell as a person would write it in a CSV: 3001234567 and not 3001234567.0, a date in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        # With three decimals it would be read as thousands, which is what they are in a CSV.
        return f"{text}0" if text[-4:-3] == "." else text
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
