"""The numbers of a file that the register gave: CSV, XLSX, or one number in each line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from django.conf import settings

from clientes import phones
from clientes.importacion import lectura
from clientes.importacion.formato import Formato
from clientes.importacion.limites import UnreadableFileError

SIN_NUMEROS = "No se encontró una columna con números de teléfono."
# A Colombian mobile as the register writes it; reading each through phonenumbers would take a minute for a million.
COLOMBIANO: Final = re.compile(r"(?:\+?57)?(3\d{9})")
# Not a point: what stands behind it may be a program's decimals, and 300123456.0 is nobody's 3001234560.
RELLENO: Final = re.compile(r"[\s()\-']+")


@dataclass(slots=True)
class Numeros:
    """The numbers of a file.

    Args:
        telefonos: in E.164, each once, in the order of the file.
        ilegibles: cells that are no number.
    """

    telefonos: dict[str, None] = field(default_factory=dict)
    ilegibles: int = 0
    _leidas: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, celda: str) -> None:
        found: tuple[str, ...] = ()
        if len(celda) <= phones.ESCRITO_MAX:
            # A workbook names one text in as many cells as it likes: each is read once.
            if celda not in self._leidas:
                self._leidas[celda] = _leer_todos(celda)
            found = self._leidas[celda]
        self.telefonos.update(dict.fromkeys(found))
        self.ilegibles += not found


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


def de_archivo(file: BinaryIO) -> Numeros:
    """The numbers of the column that has most of them.

    Raises:
        UnreadableFileError: it cannot be read, or no column has numbers.
    """
    formato, muestra, _ = lectura.examinar(file)
    columna = _columna(muestra)
    found = Numeros()
    for index, celda in enumerate(_celdas(file, formato, columna)):
        # The first may be the column's title.
        if celda and (index or leer_numero(celda)):
            found.add(celda)
    return found


def de_lista(celdas: Sequence[str]) -> Numeros:
    found = Numeros()
    for celda in celdas:
        found.add(celda)
    return found


def _columna(muestra: Sequence[Sequence[str]]) -> int:
    counts = [sum(bool(leer_numero(row[n])) for row in muestra) for n in range(len(muestra[0]))]
    best = max(range(len(counts)), key=lambda n: counts[n])
    if not counts[best]:
        raise UnreadableFileError(SIN_NUMEROS)
    return best


def _celdas(file: BinaryIO, formato: Formato, columna: int) -> Iterator[str]:
    for _, cells in lectura.leer(file, formato):
        yield cells[columna].strip() if columna < len(cells) else ""
