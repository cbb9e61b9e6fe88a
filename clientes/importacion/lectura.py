"""The rows of a file, whatever its kind: (number of the row as a spreadsheet counts, its cells as text)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from types import ModuleType
from typing import BinaryIO, NamedTuple

from clientes.importacion import codificacion, columnas, comillas
from clientes.importacion.celdas import Celdas, Fila
from clientes.importacion.formato import Formato, de_csv, es_xlsx
from clientes.importacion.limites import (
    BLOQUE_FILAS,
    BLOQUE_TEXTO,
    CELDA_ENORME,
    CELDA_MAX,
    COLUMNAS_MAX,
    COMIENZO,
    DEMASIADAS_COLUMNAS,
    DEMASIADAS_FILAS,
    FILAS_MAX,
    MUESTRA,
    MUESTRA_CELDA,
    SIN_FILAS,
    TEXTO_MAX,
    VACIO,
    XLSX_BOMBA,
    UnreadableFileError,
)
from core.text.planilla import rearmar_dentro


def _nada() -> None:
    pass


def _libro() -> ModuleType:
    """Return the reader of workbooks. openpyxl is a tenth of a process's start, and most never see a workbook."""
    from clientes.importacion import xlsx  # noqa: PLC0415

    return xlsx


@dataclass(frozen=True, slots=True)
class Eleccion:
    """A person's choice of how to read a file; what is empty is guessed.

    Args:
        desde: number of the row with which the table begins.
    """

    hoja: str = ""
    codificacion: str = ""
    desde: int = 0


@dataclass(frozen=True, slots=True)
class Marca:
    """The remarks of the reader of the file about one row of the sample: see `Celdas`."""

    numero: int
    motivo: str = ""
    lineas: int = 1
    sin_calcular: list[int] = field(default_factory=list)
    oculta: bool = False

    def celdas(self, cells: Sequence[str]) -> Celdas:
        """Return the row as it was read; the sample gives all rows the width of the widest."""
        found = Celdas(cells)
        found.motivo, found.lineas, found.oculta = self.motivo, self.lineas, self.oculta
        found.sin_calcular = frozenset(self.sin_calcular)
        return _sin_relleno(found)


@dataclass(frozen=True, slots=True)
class Hechos:
    """The facts about a file that are seen before the import.

    Args:
        filas: about how many rows it has from the table's first on, empty ones and titles included.
        marcas: of each row of the sample.
        comienzos: (number, text) of the rows with which the table may begin.
        hojas: the visible sheets.
        ocultas: hidden rows.
        formulas: formulas that were never computed, in the whole sheet.
        letras_malas: lines with letters that the charset has not.
        letras: charset: how it reads the first odd letter.
    """

    filas: int
    marcas: list[Marca] = field(default_factory=list)
    comienzos: list[tuple[int, str]] = field(default_factory=list)
    hojas: list[str] = field(default_factory=list)
    ocultas: int = 0
    formulas: int = 0
    letras_malas: int = 0
    letras: dict[str, str] = field(default_factory=dict)

    def as_stored(self) -> dict[str, object]:
        return asdict(self)


class Examen(NamedTuple):
    """The way to read a file, its first rows, all of one width, and what else was seen."""

    formato: Formato
    muestra: list[list[str]]
    hechos: Hechos


def examinar(
    file: BinaryIO,
    *,
    tipo: str = "",
    eleccion: Eleccion | None = None,
    valor: Callable[[list[Fila]], int] | None = None,
) -> Examen:
    """Look at an uploaded file.

    Args:
        tipo: what is imported, which tells what titles to look for; any when "".
        valor: says what a sheet of a workbook is worth; by its titles when None.

    Raises:
        UnreadableFileError: with the reason.
    """
    chosen = eleccion or Eleccion()

    def por_titulos(rows: list[Fila]) -> int:
        return max((len(columnas.adivinar(cells, tipo)) for _, cells in rows), default=0)

    if es_xlsx(file):
        seen = _libro().examinar(file, cuantas=COMIENZO + MUESTRA, valor=valor or por_titulos, elegida=chosen.hoja)
        formato, filas = Formato("xlsx", hoja=seen.hoja), seen.filas
        hechos = Hechos(0, hojas=seen.hojas, ocultas=seen.ocultas, formulas=seen.formulas)
        muestra = [(numero, _sin_relleno(cells)) for numero, cells in seen.muestra]
        muestra = [(numero, _rearmadas(cells)) for numero, cells in muestra if cells]
    else:
        formato, letras = de_csv(file, chosen.codificacion)
        rows = leer(file, replace(formato, desde=0))
        muestra = list(islice(rows, COMIENZO + MUESTRA))
        filas = len(muestra) + sum(1 for _ in rows)
        hechos = Hechos(0, letras_malas=letras.malas, letras=codificacion.muestras(letras))
    if not muestra:
        raise UnreadableFileError(VACIO)
    desde = chosen.desde or muestra[columnas.fila_de_titulos([cells for _, cells in muestra], tipo)][0]
    return _examen(replace(formato, desde=desde), muestra, filas, hechos)


def _examen(formato: Formato, rows: list[Fila], filas: int, hechos: Hechos) -> Examen:
    shown = [row for row in rows if row[0] >= formato.desde][:MUESTRA]
    if not shown:
        raise UnreadableFileError(VACIO)
    width = max(len(cells) for _, cells in shown)
    if width > COLUMNAS_MAX:
        raise UnreadableFileError(DEMASIADAS_COLUMNAS.format(fila=shown[0][0]))
    seen = replace(
        hechos,
        filas=max(len(shown), filas - sum(numero < formato.desde for numero, _ in rows)),
        marcas=[Marca(n, c.motivo, c.lineas, sorted(c.sin_calcular), c.oculta) for n, c in shown],
        comienzos=[(numero, _dicho(cells)) for numero, cells in rows[:COMIENZO]],
    )
    return Examen(formato, [[_limpia(cell) for cell in (*cells, *[""] * width)][:width] for _, cells in shown], seen)


def _limpia(cell: str) -> str:
    return cell[:MUESTRA_CELDA].replace("\0", "\N{REPLACEMENT CHARACTER}")


def _dicho(cells: Sequence[str]) -> str:
    return " · ".join(_limpia(cell).strip()[:30] for cell in cells if cell.strip())[:90]


def _rearmadas(cells: Celdas) -> Celdas:
    """Take away what our exports put into the texts; the start of a cell is left to whoever knows what it means."""
    if not cells.motivo:
        for place, cell in enumerate(cells):
            if "'" in cell:
                cells[place] = rearmar_dentro(cell)
    return cells


def _sin_relleno(cells: Celdas) -> Celdas:
    """Drop the empty cells at the end of a row."""
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def leer(file: BinaryIO, formato: Formato, *, heartbeat: Callable[[], None] = _nada) -> Iterator[Fila]:
    """Every row of the table that is not empty, without the empty cells at its end.

    Args:
        heartbeat: called at every row, empty ones too.

    Raises:
        UnreadableFileError: at the row where it cannot go on.
    """
    rows = _libro().leer(file, formato) if formato.tipo == "xlsx" else _leer_csv(file, formato)
    found = letras = 0
    desde = formato.desde
    for numero, cells in rows:
        heartbeat()
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells or numero < desde:
            continue
        if len(cells) > COLUMNAS_MAX:
            raise UnreadableFileError(DEMASIADAS_COLUMNAS.format(fila=numero))
        largo = sum(map(len, cells))
        if largo > CELDA_MAX and len(max(cells, key=len)) > CELDA_MAX:
            raise UnreadableFileError(CELDA_ENORME.format(fila=numero))
        letras += largo
        if letras > TEXTO_MAX:
            raise UnreadableFileError(XLSX_BOMBA)
        found += 1
        if found > FILAS_MAX + 1:  # the titles
            raise UnreadableFileError(DEMASIADAS_FILAS)
        yield numero, _rearmadas(cells)


def _leer_csv(file: BinaryIO, formato: Formato) -> Iterator[Fila]:
    lines = islice(codificacion.lineas(file, formato.codificacion), formato.salta, None)
    rows = comillas.filas(lines, formato.delimitador, formato.anchos, formato.salta + 1)
    return _sin_comillas(rows, formato.comillas) if formato.comillas else rows


def _sin_comillas(rows: Iterator[Fila], pair: str) -> Iterator[Fila]:
    """Take off the signs in which this file has its cells."""
    for numero, cells in rows:
        for place, cell in enumerate(cells):
            plain = cell.strip()
            if len(plain) > 1 and plain[0] + plain[-1] == pair:
                cells[place] = plain[1:-1]
        yield numero, cells


def datos(
    file: BinaryIO, formato: Formato, *, con_titulos: bool, heartbeat: Callable[[], None] = _nada
) -> Iterator[Fila]:
    """The rows after the titles.

    Args:
        heartbeat: called at every row.

    Raises:
        UnreadableFileError: as `leer`; also when there is no row of data.
    """
    rows = leer(file, formato, heartbeat=heartbeat)
    if con_titulos:
        next(rows, None)
    found = False
    for fila in rows:
        found = True
        yield fila
    if not found:
        raise UnreadableFileError(SIN_FILAS)


def en_bloques(filas: Iterator[Fila], size: int = BLOQUE_FILAS) -> Iterator[list[Fila]]:
    """Yield lists of `size` rows, shorter ones where their text has BLOQUE_TEXTO characters."""
    block: list[Fila] = []
    letras = 0
    for fila in filas:
        block.append(fila)
        letras += sum(map(len, fila[1]))
        if len(block) == size or letras >= BLOQUE_TEXTO:
            yield block
            block, letras = [], 0
    if block:
        yield block
