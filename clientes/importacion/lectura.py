"""The rows of the file, whatever its kind: (number of the row as a spreadsheet counts, its cells as text)."""

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

from clientes.importacion import xlsx
from clientes.importacion.formato import Formato, de_csv, es_xlsx, texto
from clientes.importacion.limites import (
    BLOQUE_FILAS,
    BLOQUE_TEXTO,
    CELDA_ENORME,
    CELDA_MAX,
    COLUMNAS_MAX,
    DEMASIADAS_COLUMNAS,
    DEMASIADAS_FILAS,
    FILAS_MAX,
    MUESTRA,
    MUESTRA_CELDA,
    NO_ES_PLANILLA,
    SIN_FILAS,
    TEXTO_MAX,
    VACIO,
    XLSX_BOMBA,
    UnreadableFileError,
)

Fila = tuple[int, list[str]]


def _nada() -> None:
    pass


def examinar(file: BinaryIO) -> tuple[Formato, list[list[str]], int]:
    """Look at an uploaded file.

    Returns:
        How to read it, its first rows, and about how many it has, titles and empty ones included.

    Raises:
        UnreadableFileError: with the reason.
    """
    if es_xlsx(file):
        formato, muestra, filas = xlsx.examinar(file)
    else:
        formato = de_csv(file)
        rows = leer(file, formato)
        muestra = [cells for _, cells in islice(rows, MUESTRA)]
        filas = len(muestra) + sum(1 for _ in rows)
    if not muestra:
        raise UnreadableFileError(VACIO)
    width = max(max(n for n, cell in enumerate(cells, 1) if cell.strip()) for cells in muestra)
    if width > COLUMNAS_MAX:
        raise UnreadableFileError(DEMASIADAS_COLUMNAS.format(fila=1))
    padded = [(cells + [""] * width)[:width] for cells in muestra]
    return (
        formato,
        [[cell[:MUESTRA_CELDA].replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in row] for row in padded],
        filas,
    )


def leer(file: BinaryIO, formato: Formato, *, heartbeat: Callable[[], None] = _nada) -> Iterator[Fila]:
    """Every row that is not empty, without the empty cells at its end.

    Args:
        heartbeat: called at every row, empty ones too.

    Raises:
        UnreadableFileError: at the row where it cannot go on.
    """
    rows = xlsx.leer(file, formato) if formato.tipo == "xlsx" else _leer_csv(file, formato)
    found = letras = 0
    for numero, cells in rows:
        heartbeat()
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if len(cells) > COLUMNAS_MAX:
            raise UnreadableFileError(DEMASIADAS_COLUMNAS.format(fila=numero))
        if len(max(cells, key=len)) > CELDA_MAX:
            raise UnreadableFileError(CELDA_ENORME.format(fila=numero))
        letras += sum(map(len, cells))
        if letras > TEXTO_MAX:
            raise UnreadableFileError(XLSX_BOMBA)
        found += 1
        if found > FILAS_MAX + 1:  # the titles
            raise UnreadableFileError(DEMASIADAS_FILAS)
        yield numero, cells


def _leer_csv(file: BinaryIO, formato: Formato) -> Iterator[Fila]:
    text = texto(file, formato.codificacion)
    for _ in range(formato.salta):
        text.readline(1000)
    numero = formato.salta
    # The module's own bound on a cell (131,072) stops a quote that is never closed from eating the file.
    rows = csv.reader(text, delimiter=formato.delimitador)
    while True:
        numero += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(CELDA_ENORME.format(fila=numero)) from error
        except UnicodeError as error:
            raise UnreadableFileError(NO_ES_PLANILLA) from error
        yield numero, cells


def datos(
    file: BinaryIO, formato: Formato, *, con_titulos: bool, desde: int = 0, heartbeat: Callable[[], None] = _nada
) -> Iterator[Fila]:
    """The rows after the titles, and after the row number `desde`.

    Args:
        heartbeat: called at every row, those before `desde` too.

    Raises:
        UnreadableFileError: as `leer`; also when there is no row of data.
    """
    rows = leer(file, formato, heartbeat=heartbeat)
    if con_titulos:
        next(rows, None)
    found = False
    for numero, cells in rows:
        found = True
        if numero > desde:
            yield numero, cells
    if not found:
        raise UnreadableFileError(SIN_FILAS)


def en_bloques(filas: Iterator[Fila], size: int = BLOQUE_FILAS) -> Iterator[list[Fila]]:
    """Lists of `size` rows; shorter ones where they have BLOQUE_TEXTO characters."""
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
