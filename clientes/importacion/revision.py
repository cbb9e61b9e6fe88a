"""A row as the reader of the file gives it: what it means, or why it cannot be taken."""

from typing import Any

from clientes.importacion.celdas import FORMULA, VARIAS_LINEAS, Celdas, letra
from clientes.importacion.filas import Plan, interpretar
from clientes.importacion.valores import InvalidCellError
from clientes.models.importacion import MOTIVO_MAX


def revisar(cells: Celdas, plan: Plan) -> dict[str, Any]:
    """Read the fields of the row that are not empty, ready for JSON.

    Raises:
        InvalidCellError: the reader could not tell its cells, a formula that is imported has no value, or as
            `interpretar`.
    """
    if cells.motivo:
        raise InvalidCellError(cells.motivo)
    if empty := sorted(cells.sin_calcular & set(plan.columnas.values())):
        raise InvalidCellError(FORMULA.format(columna=letra(empty[0])))
    try:
        return interpretar(cells, plan)
    except InvalidCellError as error:
        if cells.lineas == 1:
            raise
        held = VARIAS_LINEAS.format(lineas=cells.lineas)
        raise InvalidCellError(f"{error.motivo[: MOTIVO_MAX - len(held) - 1]} {held}") from error
