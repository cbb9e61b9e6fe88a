"""The numbers of a file that the register gave: CSV, XLSX, or one number in each line."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from django.conf import settings

from clientes import phones
from clientes.importacion import lectura
from clientes.importacion.celdas import Fila
from clientes.importacion.formato import Formato
from clientes.importacion.limites import SIN_CALCULAR, UnreadableFileError

SIN_NUMEROS = "No se encontró una columna con números de teléfono."
# A Colombian mobile as the register writes it; reading each through phonenumbers would take a minute for a million.
COLOMBIANO: Final = re.compile(r"(?:\+?57)?(3\d{9})")
# Not a point: what stands behind it may be a program's decimals, and 300123456.0 is nobody's 3001234560.
RELLENO: Final = re.compile(r"[\s()\-']+")
DIGITO: Final = re.compile(r"\d")
DIGITOS: Final = 7  # fewer are no telephone
MOVIL_MAX: Final = 24  # characters of a Colombian mobile with its prefix and what is put between


@dataclass(slots=True)
class Numeros:
    """The numbers of a file.

    Args:
        telefonos: in E.164, each once, in the order of the file.
        leidas: rows that brought a number; `repetidas`, whose numbers stood above; `ilegibles`, cells that are none.
        titulos: rows above the first number that hold none.
    """

    telefonos: dict[str, None] = field(default_factory=dict)
    leidas: int = 0
    repetidas: int = 0
    ilegibles: int = 0
    titulos: int = 0
    _textos: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, celda: str, *otras: str) -> None:
        """Take the numbers of a row.

        Args:
            otras: its cells in other columns that hold numbers.
        """
        found = self._leer(celda)
        bad = not found and (not otras or _posible(celda))
        for otra in otras:
            more = self._leer(otra)
            bad |= not more and _posible(otra)
            found += more
        if bad or not found:
            self.ilegibles += 1
        elif any(telefono not in self.telefonos for telefono in found):
            self.leidas += 1
        else:
            self.repetidas += 1
        self.telefonos.update(dict.fromkeys(found))

    def _leer(self, celda: str) -> tuple[str, ...]:
        if len(celda) > phones.ESCRITO_MAX:
            return ()
        # A workbook names one text in as many cells as it likes: each is read once.
        if celda not in self._textos:
            self._textos[celda] = _leer_todos(celda)
        return self._textos[celda]

    @property
    def filas(self) -> int:
        """All rows, in which each has been counted once."""
        return self.titulos + self.leidas + self.repetidas + self.ilegibles


def _leer_todos(celda: str) -> tuple[str, ...]:
    """The numbers of a cell. Who wrote two of them into one wants both left alone."""
    telefono = leer_numero(celda)
    return (telefono,) if telefono else tuple(reading.e164 for _, reading in phones.several(celda))


def leer_numero(celda: str) -> str:
    """The number in E.164; "" when it is none."""
    if len(celda) > phones.ESCRITO_MAX:
        return ""
    plain = RELLENO.sub("", celda)
    if settings.PHONE_DEFAULT_REGION == "CO" and (found := COLOMBIANO.fullmatch(plain)):
        return f"+57{found[1]}"
    return phones.to_e164(celda)


def _nada(numeros: "Numeros", filas: int) -> None:
    pass


def de_archivo(file: BinaryIO, *, heartbeat: Callable[["Numeros", int], None] = _nada) -> Numeros:
    """The numbers of the sheet that has most of them, in whatever columns they stand. Hidden rows count.

    Args:
        heartbeat: called at every row with what was found, and about how many rows the file has.

    Raises:
        UnreadableFileError: it cannot be read, no column has numbers, or nobody knows what one of its rows holds: a
            quote is open, or a formula has no value.
    """
    formato, muestra, hechos = lectura.examinar(file, valor=_posibles)
    columna, otras = _columnas(muestra)
    found = Numeros()
    # What is above the table is read too: it costs nothing, and a number that is lost is one that the law forbids.
    for cells in _filas(file, replace(formato, desde=1), {columna, *otras}):
        celda = cells[columna].strip() if columna < len(cells) else ""
        more = [
            cell.strip() for n, cell in enumerate(cells) if n != columna and cell and (n in otras or _es_movil(cell))
        ]
        # Above the first number are titles and headings, unless they might be a number.
        if found.telefonos or leer_numero(celda) or _posible(celda) or any(map(leer_numero, more)):
            found.add(celda, *more)
        else:
            found.titulos += 1
        heartbeat(found, hechos.filas)
    if not found.telefonos:
        raise UnreadableFileError(SIN_NUMEROS)
    return found


def de_lista(celdas: Sequence[str]) -> Numeros:
    found = Numeros()
    for celda in celdas:
        found.add(celda)
    return found


def _posible(celda: str) -> bool:
    """Tell at little cost whether the cell may be meant as a number."""
    return len(celda) <= phones.ESCRITO_MAX and len(DIGITO.findall(celda)) >= DIGITOS


def _posibles(rows: Sequence[Fila]) -> int:
    """Tell what a sheet is worth: one number is enough to read it."""
    return 2 * sum(_posible(celda) for _, cells in rows for celda in cells)


def _columnas(rows: Sequence[Sequence[str]]) -> tuple[int, set[int]]:
    """Find the column with most numbers, and the others whose cells that may be numbers mostly are."""
    counts: Counter[int] = Counter()
    possible: Counter[int] = Counter()
    for row in rows:
        for n, celda in enumerate(row):
            if celda and _posible(celda):
                possible[n] += 1
                counts[n] += bool(_leer_todos(celda))
    best, _ = max(counts.items(), key=lambda found: (found[1], -found[0]), default=(0, 0))
    return best, {n for n, many in counts.items() if n != best and many and 2 * many >= possible[n]}


def _es_movil(celda: str) -> bool:
    """Tell at little cost whether a cell is a Colombian mobile: to leave one alone in vain harms nobody."""
    if settings.PHONE_DEFAULT_REGION != "CO" or not DIGITOS < len(celda) <= MOVIL_MAX:
        return False
    return bool(COLOMBIANO.fullmatch(RELLENO.sub("", celda)))


def _filas(file: BinaryIO, formato: Formato, columnas: Set[int]) -> Iterator[Sequence[str]]:
    for numero, cells in lectura.leer(file, formato):
        if cells.motivo:
            raise UnreadableFileError(f"Fila {numero}: {cells.motivo}")
        if columnas & cells.sin_calcular:
            raise UnreadableFileError(SIN_CALCULAR.format(fila=numero))
        yield cells
