"""The cells of one row, with what the reader of the file has to say about them."""

from collections.abc import Iterable
from typing import Final

COMILLAS_ABIERTAS: Final = "Abre unas comillas que no se cierran en la fila: no se sabe dónde termina la celda."
COMILLAS_RARAS: Final = "Tiene unas comillas mal puestas: no se sabe dónde termina una celda."
ENTRE_COMILLAS: Final = "Unas comillas abiertas en la fila {fila} encierran {lineas} líneas, y esta es una de ellas."
VARIAS_LINEAS: Final = "Unas comillas abiertas encierran {lineas} líneas del archivo en esta fila."
FORMULA: Final = (
    "La columna {columna} tiene una fórmula que nunca se calculó: abra el libro en Excel, guárdelo y súbalo otra vez."
)


class Celdas(list[str]):
    """The cells of a row, as text.

    Most rows have nothing to be said about them, and there are many: what is said stands in the class until it differs.

    Args:
        motivo: why the row cannot be taken, "" when the reader sees no reason.
        lineas: how many lines of the file the row takes.
        oculta: hidden by a filter or by hand.
        sin_calcular: positions of formulas without a value; their cell has the formula.
    """

    motivo: str = ""
    lineas: int = 1
    oculta: bool = False
    sin_calcular: frozenset[int] = frozenset()


def rechazada(cells: Iterable[str], motivo: str) -> Celdas:
    """Return a row that cannot be taken, with the reason."""
    found = Celdas(cells)
    found.motivo = motivo
    return found


Fila = tuple[int, Celdas]  # the number of the row, as a spreadsheet counts, and its cells


def letra(place: int) -> str:
    """The name of a column as spreadsheets count: A … Z, AA …"""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name
