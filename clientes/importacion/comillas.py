"""The rows of a CSV file. No quote makes a row vanish.

A cell in quotes may hold line breaks, and a quote that somebody left open looks the same until the next quote. RFC 4180
cannot tell them apart; the lines between can. They are rows of their own where they have as many cells as the file's
rows: then the row that opened the quote is rejected, and the others are read as they stand. Where neither is certain,
every line is rejected with its number. So each line that is not empty is a row, a part of a row that was taken, or a
row that was rejected.

Quotes within quotes are doubled (RFC 4180), escaped by a backslash (MySQL's SELECT … INTO OUTFILE) or bare, as programs
write that do not know better.
"""

import csv
import re
from collections import deque
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Final

from clientes.importacion.celdas import COMILLAS_ABIERTAS, COMILLAS_RARAS, ENTRE_COMILLAS, Celdas, Fila, rechazada
from clientes.importacion.limites import (
    CELDA_ENORME,
    CELDA_MAX,
    MUCHAS_COMILLAS,
    REPASO_MAX,
    UnreadableFileError,
)

# What a telephone looks like, to see that a line in quotes is a row: ten digits or more, and what is put between them.
NUMERO: Final = re.compile(r"[+(]?\d(?:[ .()-]{0,2}\d){9,14}")
DOS: Final = 2  # columns
FIN: Final = "\r\n\x1a"  # of a line; programs of MS-DOS end the file by a Control-Z
BASTAN: Final = 3  # rows that an open quote holds, after which nothing closes it well


def filas(lineas: Iterator[str], delimitador: str, anchos: Collection[int], numero: int = 1) -> Iterator[Fila]:
    """Yield every row of the file with its number, empty ones too.

    Args:
        lineas: with what ends them.
        delimitador: one character.
        anchos: cells that the file's rows have: the titles, and most of the others.
        numero: of the first row.

    Raises:
        UnreadableFileError: a quote holds more than a cell may have, or too many of them are open.
    """
    yield from _Lector(lineas, delimitador, anchos).filas(numero)


class _Lector:
    def __init__(self, lineas: Iterator[str], delimitador: str, anchos: Collection[int]) -> None:
        self._file = lineas
        self._ahead: deque[str] = deque()  # lines that an open quote held and that are rows of their own
        self._repasadas = 0
        self._delimitador = delimitador
        self._anchos = anchos
        self._mayor = max(anchos, default=1)

    def _next(self) -> str | None:
        return self._ahead.popleft() if self._ahead else next(self._file, None)

    def filas(self, numero: int) -> Iterator[Fila]:
        while (line := self._next()) is not None:
            body = line.rstrip(FIN)
            if '"' not in body:
                yield numero, Celdas(body.split(self._delimitador) if body else ())
            elif (cells := self._sola(body)) is not None:
                yield numero, cells
            else:
                for cells in self._abierta(line, numero):
                    yield numero, cells
                    numero += 1
                continue
            numero += 1

    def _sola(self, body: str) -> Celdas | None:
        """Read a line that is a whole row; None when a quote is open at its end."""
        strict = self._estricta(body)
        if strict is not None and "\\" not in body:
            return Celdas(strict)
        if '\\"' in body and (strict is None or len(strict) not in self._anchos):
            escaped = self._estricta(body, escapechar="\\", doublequote=False)
            if escaped is not None and (strict is None or len(escaped) in self._anchos):
                return Celdas(escaped)
        if strict is not None:
            return Celdas(strict)
        return None if self._sigue(body, dentro=False) else self._desnudas(body)

    def _estricta(self, body: str, *, escapechar: str | None = None, doublequote: bool = True) -> list[str] | None:
        """Read a line by the rules; None when it breaks them."""
        rows = csv.reader(
            (body,), delimiter=self._delimitador, strict=True, escapechar=escapechar, doublequote=doublequote
        )
        try:
            return next(rows, [])
        except csv.Error:
            return None

    def _desnudas(self, body: str) -> Celdas:
        """Read a line whose quotes within quotes are bare: `"Zapatos "Luna" SAS";300`, `"Mona" Paz;300`."""
        cells = body.split(self._delimitador)
        found, motivo = [], COMILLAS_RARAS if len(cells) > self._mayor else ""
        for cell in cells:
            plain = cell.strip(" ")
            if len(plain) > 1 and plain[0] == plain[-1] == '"':
                found.append(plain[1:-1].replace('""', '"'))
            elif plain.startswith('"') and plain.count('"') % 2:
                motivo = COMILLAS_RARAS
                break
            else:
                found.append(cell)
        return rechazada(cells, motivo) if motivo else Celdas(found)

    def _sigue(self, body: str, *, dentro: bool) -> bool | None:
        """Tell whether a quote is open at the end of the line; None when text follows one that closes.

        Args:
            dentro: a quote is open at the line's beginning.
        """
        at = 0
        while True:
            if dentro:
                at = body.find('"', at)
                if at < 0:
                    return True
                if body[at + 1 : at + 2] == '"':
                    at += 2
                    continue
                at += 1
                while body[at : at + 1] == " ":
                    at += 1
                if at < len(body) and body[at] != self._delimitador:
                    return None
                dentro = False
            elif body[at : at + 1] == '"':
                dentro = True
                at += 1
                continue
            at = body.find(self._delimitador, at) + 1
            if not at:
                return False

    def _abierta(self, line: str, numero: int) -> Iterator[Celdas]:
        """Yield the row, or the rows, that begin with a line at whose end a quote is open."""
        lines, letras, parecen = [line], 0, 0
        sigue: bool | None = True
        while sigue and parecen < BASTAN:
            another = self._next()
            if another is None:
                sigue = None
                break
            lines.append(another)
            body = another.rstrip("\r\n")
            letras = len(body) if '"' in body else letras + len(another)
            sigue = self._sigue(body, dentro=True)
            # A line in which one cell ends and another begins has any number of separators.
            parecen += bool(sigue) and '"' not in body.replace('""', "") and self._parece_fila(body)
            if letras > CELDA_MAX and not parecen:
                raise UnreadableFileError(CELDA_ENORME.format(fila=numero))
        if sigue is False and not parecen:
            if (cells := self._varias(lines)) is not None:
                yield cells
                return
            if not (self._parece_fila(lines[0]) and self._parece_fila(lines[-1])):
                motivo = ENTRE_COMILLAS.format(fila=numero, lineas=len(lines))
                for held in lines:
                    yield rechazada(self._partida(held), motivo)
                return
        self._repasadas += len(lines)
        if self._repasadas > REPASO_MAX:
            raise UnreadableFileError(MUCHAS_COMILLAS.format(fila=numero))
        self._ahead.extendleft(reversed(lines[1:]))
        yield rechazada(self._partida(line), COMILLAS_ABIERTAS)

    def _varias(self, lines: list[str]) -> Celdas | None:
        """Read one row of several lines; None when they may be several rows."""
        try:
            cells = Celdas(next(csv.reader(lines, delimiter=self._delimitador)))
        except csv.Error:
            return None
        cells.lineas = len(lines)
        if len(cells) > self._mayor:
            return None
        # Excel breaks a line within a cell by a line feed alone, and ends a row by both.
        ends = {line[len(line.rstrip("\r\n")) :] for line in lines[:-1]}
        if ends == {"\n"} and lines[-1].endswith("\r\n"):
            return cells
        held = [part for cell in cells if len(parts := cell.splitlines()) > 1 for part in parts]
        if self._mayor < DOS or any(self._tiene_celdas(part) for part in held):
            return None
        return cells

    def _tiene_celdas(self, part: str) -> bool:
        """Tell whether a separator in the text parts cells: text has a space behind it, or digits about it."""
        cells = part.split(self._delimitador)
        return any(
            bool(after) and after[0] != " " and not (before[-1:].isdigit() and after[0].isdigit())
            for before, after in pairwise(cells)
        ) or (len(cells) > 1 and any(NUMERO.fullmatch(cell.strip(' "')) for cell in cells))

    def _parece_fila(self, line: str) -> bool:
        """Tell whether a line has the cells of a row: as many as the others, or a telephone where that says little."""
        cells = line.rstrip("\r\n").split(self._delimitador)
        if self._mayor >= DOS and len(cells) not in self._anchos:
            return False
        return len(cells) > DOS or any(NUMERO.fullmatch(cell.strip(' "')) for cell in cells)

    def _partida(self, line: str) -> list[str]:
        return line.rstrip("\r\n").split(self._delimitador)
