"""The forms of an import: the file, and how to read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from clientes.importacion import columnas
from clientes.importacion.celdas import letra
from clientes.importacion.codificacion import NOMBRES
from clientes.importacion.lectura import Eleccion, Marca
from clientes.importacion.opciones import Opciones, plan_de
from clientes.importacion.revision import revisar
from clientes.importacion.valores import InvalidCellError
from clientes.models import Importacion
from core.text import formato

LARGO_MAX = 8  # digits of a row's number
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
        sin_ocultas="sin_ocultas" in datos,
        # PostgreSQL holds no NUL.
        etiqueta=" ".join(datos.get("etiqueta", "").replace("\0", "").split()),
    )


def eleccion_de(importacion: Importacion, datos: QueryDict) -> Eleccion:
    """Read how the file is to be read from the form; what makes no sense is guessed.

    So is the row of the titles where another sheet was chosen, or another charset and not another row.
    """
    formato = importacion.formato
    hoja, letras, fila = (datos.get(campo, "") for campo in ("hoja", "codificacion", "desde"))
    letras = letras if letras in NOMBRES else ""
    desde = int(fila) if fila.isascii() and fila.isdigit() and len(fila) < LARGO_MAX else 0
    otras = letras not in ("", formato["codificacion"].removesuffix("-sig")) and desde == formato.get("desde")
    return Eleccion(hoja, letras, 0 if hoja != formato["hoja"] or otras else desde)


def lecturas(importacion: Importacion) -> dict[str, Any]:
    """The choices of how to read the file, and what was seen in it."""
    formato, examen = importacion.formato, importacion.examen
    actual = formato["codificacion"].removesuffix("-sig")
    letras = examen.get("letras", {})
    nombres = [(actual, NOMBRES.get(actual, actual)), *((c, n) for c, n in NOMBRES.items() if c != actual)]
    comienzos, desde = examen.get("comienzos", []), formato.get("desde", 1)
    return {
        "hojas": examen.get("hojas", []),
        "codificaciones": [(c, f"{n}: {letras[c]}" if c in letras else n) for c, n in nombres] if actual else [],
        "codificacion": actual,
        "comienzos": comienzos,
        "desde": desde,
        "encima": [dicho for numero, dicho in comienzos if numero < desde],
        "ocultas": examen.get("ocultas", 0),
        "formulas": examen.get("formulas", 0),
        "letras_malas": examen.get("letras_malas", 0) if actual == "utf-8" else 0,
    }


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


def dudas(importacion: Importacion, opciones: Opciones) -> list[dict[str, Any]]:
    """Say which columns are left out though their titles say what a chosen one says."""
    titulos = importacion.muestra[0] if opciones.con_titulos else []

    def nombre(place: int) -> str:
        return f"{letra(place)} «{titulos[place].strip()[:40]}»"

    return [
        {"campo": d.campo, "tomada": nombre(d.tomada), "otras": [nombre(n) for n in d.otras]}
        for d in columnas.dudosas(titulos, opciones.columnas, importacion.tipo)
    ]


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
    marcas = [Marca(**marca) for marca in importacion.examen.get("marcas", [])]
    marcas = marcas or [Marca(numero) for numero, _ in enumerate(importacion.muestra, 1)]
    filas = []
    for marca, cells in list(zip(marcas, importacion.muestra, strict=True))[opciones.con_titulos :]:
        if opciones.sin_ocultas and marca.oculta:
            continue
        try:
            datos = revisar(marca.celdas(cells), plan)
            filas.append((marca.numero, [_dicho(datos, c.nombre) for c in chosen], ""))
        except InvalidCellError as error:
            filas.append((marca.numero, [cells[opciones.columnas[c.nombre]][:60] for c in chosen], error.motivo))
    return Muestra([campo.etiqueta for campo in chosen], filas)


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
