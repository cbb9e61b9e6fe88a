"""Rows of an Excel workbook, read by openpyxl row by row, from a file that anybody may have made.

What is read whole (strings, styles) is bounded; what streams is bounded per row; entities are defusedxml's to refuse.

python-calamine is faster and was considered: 0.9.1 reads a sheet whole into memory, and tells neither of hidden rows
nor of formulas, so that a formula without a value is an empty cell.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812

from defusedxml.common import DefusedXmlException
from openpyxl import DEFUSEDXML
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from clientes.importacion import vistazo
from clientes.importacion.celdas import Celdas, Fila
from clientes.importacion.formato import Formato
from clientes.importacion.libro import HOJA_MAX, Libro
from clientes.importacion.limites import (
    COLUMNAS_MAX,
    DEMASIADAS_FILAS,
    LINEAS_MAX,
    MB,
    SIN_HOJAS,
    XLSX_BOMBA,
    XLSX_DANADO,
    UnreadableFileError,
)

if not DEFUSEDXML:
    raise ImportError("openpyxl reads strangers' XML here: defusedxml must be installed and not switched off")

FORMATO_MAX: Final = 255  # characters of a number's format: Excel takes no more, and openpyxl's pattern squares them
ESTILOS_MAX: Final = 65_490  # Excel's own limit of cell formats
ESTILO_PARTES_MAX: Final = 250_000  # elements of the style sheet
TEXTOS_MAX: Final = 64 * MB  # of XML; a text takes about as much memory as its XML
CUANTOS_TEXTOS_MAX: Final = 2_000_000  # 200,000 rows with ten that no other cell has
HOJAS_MAX: Final = 20  # visible sheets that are looked at and offered
MUESTRA_MAX: Final = 2 * MB  # bytes of XML that the samples of all sheets may take
LINEAS_MUESTRA: Final = 300  # rows of a sheet, empty ones too, that are looked at before the import
RECALCULA: Final = re.compile(rb"""fullCalcOnLoad\s*=\s*["'](?:1|true)["']""")
S: Final = f"{{{SHEET_MAIN_NS}}}"
# What a broken or hostile workbook makes zipfile, expat and openpyxl raise, found by breaking some.
DANOS: Final = (
    BadZipFile, ZlibError, ParseError, DefusedXmlException, InvalidFileException, EOFError, KeyError, ValueError,
    IndexError, TypeError, AttributeError, NotImplementedError, RuntimeError, OverflowError, AssertionError, OSError,
)  # fmt: skip


class _Pendiente(str):
    """A text of which only the number is known yet."""


class _Numeros:
    """A stand-in for the workbook's texts: a million of them are not read to look at ten rows."""

    def __getitem__(self, numero: int) -> _Pendiente:
        return _Pendiente(numero)


class _Formula(str):
    """A formula that was never computed."""


class _Hoja(ReadOnlyWorksheet):
    recalcula = False
    leidos = 0  # bytes of XML that the last reading took

    def _get_size(self) -> None:
        """Skip the sheet's size: a sheet that does not say it is read to its end, and one that does may be wrong."""

    def filas(self, ancho: int, tope: int = HOJA_MAX) -> Iterator[tuple[int, Sequence[Any], bool]]:
        """Yield the number of every row, the values of its first `ancho` cells and whether it is hidden.

        A row that is out of order or has the number of another is read too: it gets the number after the last one's.

        Args:
            tope: bytes of XML; the row with which it is reached is the last.
        """
        hoja: Any = self  # openpyxl tells no types of what a sheet is made of
        ultima = 0
        self.leidos = 0
        with hoja._get_source() as file:
            parser = _Filas(
                file,
                hoja._shared_strings,
                data_only=True,
                epoch=hoja.parent.epoch,
                date_formats=hoja.parent._date_formats,
                timedelta_formats=hoja.parent._timedelta_formats,
            )
            parser.recalcula = self.recalcula
            for numero, cells, oculta in parser.filas():
                ultima = max(ultima + 1, numero)
                yield ultima, hoja._get_row(cells, 1, ancho, values_only=True), oculta
                self.leidos = file.leidos
                if file.leidos >= tope:
                    return


class _Filas(WorkSheetParser):
    recalcula = False

    def filas(self) -> Generator[tuple[int, Any, bool]]:
        """The rows alone: openpyxl also makes objects of headers, filters, merged cells and the rest of a sheet."""
        for _, node in iterparse(self.source):
            if node.tag == ROW_TAG:
                oculta = node.get("hidden") in {"1", "true"} or _es_cero(node.get("ht"))
                numero, cells = self.parse_row(node)
                self._formulas(node, cells)
                yield numero, cells, oculta
                self.row_dimensions.clear()
                node.clear()

    def _formulas(self, node: Any, cells: Sequence[dict[str, Any]]) -> None:
        """Put the formula into each cell whose formula was never computed."""
        for cell, element in zip(cells, node, strict=True):
            # Excel writes an empty result as an empty text; a program that does not compute writes nothing, or 0.
            nothing = cell["value"] is None and element.get("t") != "str"
            if nothing or (self.recalcula and cell["value"] == 0):
                formula = element.find(FORMULA_TAG)
                if formula is not None:
                    cell["value"] = _Formula(f"={formula.text or '(fórmula)'}")


def _es_cero(alto: str | None) -> bool:
    return alto is not None and alto.rstrip("0").rstrip(".") in {"", "0"}


class _Lector(ExcelReader):
    """Reads the cells and what they need, and none of the rest: themes, properties, links, drawings, names."""

    def __init__(self, file: BinaryIO) -> None:
        self.archive = Libro(file, TEXTOS_MAX)
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
        """Find the styles that show a number as a date or as a length of time: a value needs nothing else of the style
        sheet."""
        if ARC_STYLE not in self.valid_files:
            return
        own: dict[int, str] = {}
        used: list[int] = []
        parts, within = 0, False
        with self.archive.open(ARC_STYLE) as file:
            for event, node in iterparse(file, events=("start", "end")):
                tag = node.tag.rpartition("}")[2]
                if event == "start":
                    within = within or tag == "cellXfs"
                    parts += 1
                    if parts > ESTILO_PARTES_MAX or len(used) > ESTILOS_MAX:
                        raise UnreadableFileError(XLSX_BOMBA)
                    continue
                if tag == "cellXfs":
                    within = False
                elif tag == "xf" and within:
                    used.append(int(node.get("numFmtId", 0)))
                elif tag == "numFmt":
                    # Only what stands before the first semicolon counts.
                    own[int(node.get("numFmtId", 0))] = node.get("formatCode", "").partition(";")[0][:FORMATO_MAX]
                node.clear()
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
        found = 0
        with self.archive.open(part.PartName[1:]) as file:
            events = iterparse(file, events=("start", "end"))
            _, root = next(events)
            for event, node in events:
                if event == "end" and node.tag == f"{S}si":
                    found += 1
                    if found > CUANTOS_TEXTOS_MAX:
                        raise UnreadableFileError(XLSX_BOMBA)
                    yield "".join(t.text or "" for t in (*node.iterfind(f"{S}t"), *node.iterfind(f"{S}r/{S}t")))
                    root.clear()

    def read_worksheets(self) -> None:
        recalcula = bool(RECALCULA.search(self.archive.read(self.parser.workbook_part_name)))
        for sheet, rel in self.parser.find_sheets():
            if rel.target in self.valid_files and "chartsheet" not in rel.Type:
                hoja = _Hoja(self.wb, sheet.name, rel.target, self.shared_strings)
                hoja.sheet_state = sheet.state or "visible"
                hoja.recalcula = recalcula
                self.wb._sheets.append(hoja)  # type: ignore[attr-defined]

    def abierta(self) -> str:
        """The name of the sheet that was open when the workbook was saved."""
        place = self.wb._active_sheet_index  # type: ignore[attr-defined]
        return self.parser.sheets[place].name if 0 <= place < len(self.parser.sheets) else ""

    def visibles(self) -> list[Any]:
        """The visible sheets, HOJAS_MAX at most.

        Raises:
            UnreadableFileError: there is none.
        """
        found = [sheet for sheet in self.wb.worksheets if sheet.sheet_state == "visible"][:HOJAS_MAX]
        if not found:
            raise UnreadableFileError(SIN_HOJAS)
        return found

    def hoja(self, nombre: str) -> Any:
        """The sheet of that name.

        Raises:
            UnreadableFileError: there is none.
        """
        for sheet in self.wb.worksheets:
            if sheet.title == nombre:
                return sheet
        raise UnreadableFileError(SIN_HOJAS)


@dataclass(frozen=True, slots=True)
class Examen:
    """A look at a workbook before it is imported.

    Args:
        hoja: the sheet that was chosen.
        hojas: the visible ones.
        muestra: the first rows of the sheet that are not empty.
        filas: about how many rows it has, with titles and empty ones.
        ocultas: of them, hidden ones that are not empty.
        formulas: about how many formulas were never computed.
    """

    hoja: str
    hojas: list[str]
    muestra: list[Fila]
    filas: int
    ocultas: int
    formulas: int


def examinar(file: BinaryIO, *, cuantas: int, valor: Callable[[list[Fila]], int], elegida: str = "") -> Examen:
    """Look at the sheet that a person chose; else at the one that is worth most, or was open.

    Args:
        cuantas: rows of the sample.
        valor: says what a sheet is worth by its first rows; from 2 on it is one that we know how to read.

    Raises:
        UnreadableFileError: it is no workbook.
    """
    try:
        lector = _Lector(file)
        lector.read(textos=False)
        visibles = lector.visibles()
        hojas = [hoja for hoja in visibles if elegida in ("", hoja.title)]
        if not hojas:
            raise UnreadableFileError(SIN_HOJAS)
        crudas, left = list[list[tuple[int, Sequence[Any], bool]]](), MUESTRA_MAX
        for hoja in hojas:
            crudas.append(_primeras(hoja, cuantas, left) if left > 0 else [])
            left -= hoja.leidos
        wanted = {int(c) for rows in crudas for _, cells, _ in rows for c in cells if isinstance(c, _Pendiente)}
        last = max(wanted, default=-1)
        textos = {n: t for n, t in enumerate(islice(lector.textos(), last + 1)) if n in wanted}
        muestras = [[(n, _celdas(cells, oculta, textos)) for n, cells, oculta in rows] for rows in crudas]
        abierta = lector.abierta()

        def merece(place: int) -> tuple[bool, bool, int, bool, int]:
            worth, filled = valor(muestras[place]), bool(muestras[place])
            return worth > 1, filled and hojas[place].title == abierta, worth, filled, -place

        best = max(range(len(hojas)), key=merece)
        hoja = hojas[best]
        with hoja._get_source() as part:
            filas, ocultas, formulas = vistazo.contar(part, recalcula=hoja.recalcula)
    except UnreadableFileError:
        raise
    except DANOS as error:
        raise UnreadableFileError(XLSX_DANADO) from error
    names = [sheet.title for sheet in visibles]
    return Examen(hoja.title, names, muestras[best], filas, ocultas, formulas)


def _primeras(hoja: _Hoja, cuantas: int, tope: int) -> list[tuple[int, Sequence[Any], bool]]:
    filled = (row for row in islice(_filas(hoja, tope), LINEAS_MUESTRA) if any(c is not None for c in row[1]))
    return list(islice(filled, cuantas))


def _filas(hoja: _Hoja, tope: int = HOJA_MAX) -> Iterator[tuple[int, Sequence[Any], bool]]:
    # One column more than is allowed, so that too many are seen without making 16,384 cells of each row.
    for row in hoja.filas(COLUMNAS_MAX + 1, tope):
        if row[0] > LINEAS_MAX:
            raise UnreadableFileError(DEMASIADAS_FILAS)
        yield row


def _celdas(cells: Sequence[Any], oculta: bool, textos: Mapping[int, str]) -> Celdas:
    width = len(cells)
    while width and cells[width - 1] is None:
        width -= 1
    cells = cells[:width]
    found = Celdas([como_texto(textos[int(value)] if isinstance(value, _Pendiente) else value) for value in cells])
    if oculta:
        found.oculta = True
    if empty := frozenset(n for n, value in enumerate(cells) if isinstance(value, _Formula)):
        found.sin_calcular = empty
    return found


def leer(file: BinaryIO, formato: Formato) -> Iterator[Fila]:
    """The rows of the sheet.

    Raises:
        UnreadableFileError: at the row where it cannot go on.
    """
    try:
        lector = _Lector(file)
        lector.read()
        for numero, cells, oculta in _filas(lector.hoja(formato.hoja)):
            yield numero, _celdas(cells, oculta, {})
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
