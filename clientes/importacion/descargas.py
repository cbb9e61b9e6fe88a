"""The files that an import gives back: the rows that did not enter, to correct and import as they are, and the rows
whose phone somebody else has."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from clientes.importacion import columnas
from clientes.importacion.filas import SIN_DOCUMENTO
from clientes.importacion.fusion import MISMO_TELEFONO
from clientes.importacion.fusion_clientes import VIEJO
from clientes.models import Importacion, ImportacionFila
from core.text.planilla import por_partes


def titulos(importacion: Importacion) -> list[str]:
    """Return the file's own titles; where it has none, names that the next import will understand."""
    if importacion.con_titulos:
        return list(importacion.muestra[0])
    names = {c.nombre: c.etiqueta for c in columnas.CAMPOS[Importacion.Tipo(importacion.tipo)]}
    chosen = {place: names[campo] for campo, place in importacion.columnas.items()}
    return [chosen.get(n, f"Columna {n + 1}") for n in range(len(importacion.muestra[0]))]


def malas(importacion: Importacion) -> QuerySet[ImportacionFila]:
    return importacion.detalle.exclude(resultado="").order_by("numero")


def con_telefono_repetido(importacion: Importacion) -> QuerySet[ImportacionFila]:
    return importacion.detalle.filter(aviso__contains=MISMO_TELEFONO).order_by("numero")


def con_varios_telefonos(importacion: Importacion) -> QuerySet[ImportacionFila]:
    """Find the rows that entered with one of the numbers of their cell."""
    return importacion.detalle.filter(resultado="", datos__has_key="dicho").order_by("numero")


def con_algo_menos(importacion: Importacion) -> QuerySet[ImportacionFila]:
    """Find the rows that entered without something of theirs: a document that is nobody's, an older consent."""
    without = Q(datos__has_key=SIN_DOCUMENTO) | Q(aviso__contains=VIEJO)
    return importacion.detalle.filter(without, resultado="").order_by("numero")


def archivo_de_errores(importacion: Importacion) -> tuple[list[str], Iterator[list[str]]]:
    """Yield titles and rows: those of the file, with the reason why each row did not enter."""
    own = titulos(importacion)
    # A corrected file that is imported again brings our columns of the first time.
    keep = [n for n, titulo in enumerate(own) if titulo.strip().lower() not in columnas.NUESTRAS]
    rows = (
        # Cells that no title covers come last: lost they could not be corrected.
        [*_celdas(fila, keep), str(fila.numero), fila.motivo, *fila.celdas[len(own) :]]
        for fila in por_partes(malas(importacion), "numero")
    )
    return [*(own[n] for n in keep), columnas.FILA, columnas.MOTIVO], rows


def archivo_de_repetidos(importacion: Importacion) -> tuple[list[str], Iterator[list[str]]]:
    """Yield titles and rows: those of the file, with whether each row entered and who has the same phone."""
    own = titulos(importacion)
    keep = list(range(len(own)))
    # Only a finished import put its good rows into the shop.
    entro = "sí" if importacion.estado == Importacion.Estado.COMPLETADA else "no"
    rows = (
        [*_celdas(fila, keep), str(fila.numero), "no" if fila.resultado else entro, fila.aviso]
        for fila in por_partes(con_telefono_repetido(importacion), "numero")
    )
    return [*own, columnas.FILA, "se importó", "teléfono repetido"], rows


def _celdas(fila: ImportacionFila, keep: list[int]) -> list[str]:
    return [fila.celdas[n] if n < len(fila.celdas) else "" for n in keep]
