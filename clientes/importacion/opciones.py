"""The choices of a person for an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clientes.importacion.filas import Plan
from clientes.models import Importacion


@dataclass(frozen=True, slots=True)
class Opciones:
    """The choices of one import.

    Args:
        columnas: field: position of its column, from 0.
        sin_ocultas: leave out the rows that a filter hides.
        etiqueta: a tag for every client of the file, beside those of their rows; "" for none.
    """

    columnas: Mapping[str, int] = field(default_factory=dict)
    con_titulos: bool = True
    clave: str = Importacion.Clave.DOCUMENTO
    modo: str = Importacion.Modo.BUENAS
    telefono_invalido: bool = False
    sin_ocultas: bool = False
    etiqueta: str = ""


def opciones_guardadas(importacion: Importacion) -> Opciones:
    return Opciones(
        importacion.columnas,
        importacion.con_titulos,
        importacion.clave,
        importacion.modo,
        importacion.telefono_invalido,
        importacion.sin_ocultas,
        importacion.etiqueta,
    )


def plan_de(importacion: Importacion, opciones: Opciones) -> Plan:
    """Return how the import's rows are read. A cell beyond the last title, or the last column that was chosen, is one
    too many."""
    ancho = 0
    if opciones.con_titulos:
        titled = [n for n, titulo in enumerate(importacion.muestra[0], 1) if titulo.strip()]
        ancho = max([0, *titled, *(place + 1 for place in opciones.columnas.values())])
    return Plan(
        importacion.tipo, opciones.columnas, opciones.clave, ancho, opciones.telefono_invalido, opciones.etiqueta
    )
