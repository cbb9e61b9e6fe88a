"""The forms of an import: the file, and how to read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from clientes.importacion import columnas
from clientes.importacion.filas import interpretar
from clientes.importacion.opciones import Opciones, plan_de
from clientes.importacion.valores import InvalidCellError
from clientes.models import Importacion
from core.text import formato

AYUDAS = {
    "documento": "Cédula, NIT u otro; los puntos y espacios no cuentan al comparar.",
    "otro_telefono": "Se toma cuando el primero falta o no es de un celular.",
    "apellidos": "Si el archivo los tiene aparte: se juntan al nombre.",
    "etiquetas": "Varias en una celda, separadas por coma. Se agregan a las que el cliente ya tenga.",
    "activo": "Sí o no.",
    "fecha": "2026-03-15 o 15/03/2026. Sin fecha, la venta queda con la de hoy.",
    "total": "85000, 85.000 o 85.000,50.",
    "referencia": "El número de la factura. Es lo que evita que una venta entre dos veces.",
}


def opciones_de(importacion: Importacion, datos: QueryDict) -> Opciones:
    """Read the choices from the form; a column that does not exist counts as none."""
    width, chosen = len(importacion.muestra[0]), {}
    for campo in columnas.CAMPOS[Importacion.Tipo(importacion.tipo)]:
        raw = datos.get(f"columna_{campo.nombre}", "")
        if raw.isascii() and raw.isdigit() and len(raw) < 4 and int(raw) < width:
            chosen[campo.nombre] = int(raw)
    modo = datos.get("modo", "")
    return Opciones(
        columnas=chosen,
        con_titulos="con_titulos" in datos,
        clave=datos.get("clave", importacion.clave),
        modo=modo if modo in Importacion.Modo.values else Importacion.Modo.BUENAS,
        telefono_invalido="telefono_invalido" in datos,
    )


def selectores(importacion: Importacion, opciones: Opciones) -> list[dict[str, Any]]:
    """One choice of column per field."""
    first = importacion.muestra[0]
    names = [f"{letra(n)} · {celda[:40]}" if celda.strip() else letra(n) for n, celda in enumerate(first)]
    return [
        {
            "campo": campo,
            "elegida": opciones.columnas.get(campo.nombre),
            "columnas": list(enumerate(names)),
            "ayuda": AYUDAS.get(campo.nombre, ""),
        }
        for campo in columnas.CAMPOS[Importacion.Tipo(importacion.tipo)]
    ]


def letra(place: int) -> str:
    """The name of a column as spreadsheets count: A … Z, AA …"""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class Muestra:
    """The first rows as they will be read.

    Args:
        filas: number of the row in the file, its cells, and why it would be rejected ("" when it would not).
    """

    titulos: list[str]
    filas: list[tuple[int, list[str], str]]


def muestra(importacion: Importacion, opciones: Opciones) -> Muestra:
    plan = plan_de(importacion, opciones)
    chosen = [c for c in columnas.CAMPOS[Importacion.Tipo(importacion.tipo)] if c.nombre in opciones.columnas]
    # The surnames are seen at the end of the name, and the other phone where it is taken.
    for whole, part in ((columnas.NOMBRE, columnas.APELLIDOS), (columnas.TELEFONO, columnas.OTRO_TELEFONO)):
        if whole in chosen:
            chosen = [c for c in chosen if c is not part]
    first = 1 + opciones.con_titulos
    filas = []
    for numero, cells in enumerate(importacion.muestra[opciones.con_titulos :], first):
        try:
            datos = interpretar(_sin_relleno(cells), plan)
            filas.append((numero, [_dicho(datos, c.nombre) for c in chosen], ""))
        except InvalidCellError as error:
            filas.append((numero, [cells[opciones.columnas[c.nombre]][:60] for c in chosen], error.motivo))
    return Muestra([campo.etiqueta for campo in chosen], filas)


def _sin_relleno(cells: list[str]) -> list[str]:
    """A row of the sample as the file has it: the sample gives all of them the width of its widest."""
    width = max((n for n, cell in enumerate(cells, 1) if cell.strip()), default=0)
    return cells[:width]


def _dicho(datos: dict[str, Any], campo: str) -> str:
    """A field as the page says it."""
    if campo == "telefono" and datos.get("e164"):
        return formato.telefono(datos["e164"])
    value = datos.get(campo, "")
    if campo == "fecha" and value:
        return f"{timezone.localtime(datetime.fromisoformat(value)):%d/%m/%Y %H:%M}".removesuffix(" 00:00")
    if campo == "total":
        return formato.numero(float(value), 2)
    if isinstance(value, bool):
        return "Sí" if value else "No"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(value)
    return str(value)[:60]
