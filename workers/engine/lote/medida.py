"""The segments and the cost of a Lote's rows, when they are written.

The count depends on a plain name's length alone (see `campaigns.vista_previa.costo`), so it is looked up in a table
made once for each text; the few odd names are counted one by one.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from django.db import connection

from campaigns.mensaje import texto
from campaigns.mensaje.partes import contar
from campaigns.values.estados import SMS
from campaigns.vista_previa.costo import CLASE, SAMPLE
from clientes.models import NOMBRE_MAX

PRECIO: Final = "coalesce((%(precios)s::jsonb ->> {pais})::numeric, %(precio)s::numeric)"

# Needs `finales (…, nombre, pais, codigo)`; gives `medidos`, with `segmentos` (0: to be counted) and `costo`.
MEDIDOS: Final = f"""
contados AS (
    SELECT *, CASE WHEN codigo <> '' THEN 0
        ELSE coalesce((CASE {CLASE} WHEN 'gsm7' THEN %(de_gsm7)s::int[] WHEN 'ucs2' THEN %(de_ucs2)s::int[] END)
            [char_length(nombre) + 1], 0) END AS segmentos
    FROM finales
), medidos AS (
    SELECT *, CASE WHEN codigo = '' THEN segmentos * {PRECIO.format(pais="pais")} END AS costo FROM contados
)
"""  # noqa: S608 - constants

ODD_SQL: Final = f"""
SELECT id, mensaje FROM campaigns_smslog WHERE lote_id = %s AND estado = {SMS.PENDIENTE} AND segmentos = 0
"""  # noqa: S608 - constants

COUNT_SQL: Final = f"""
UPDATE campaigns_smslog s SET segmentos = n.segmentos, costo = n.segmentos * {PRECIO.format(pais="c.pais")}
FROM unnest(%(ids)s::bigint[], %(segmentos)s::int[]) AS n(id, segmentos), clientes_cliente c
WHERE s.id = n.id AND c.id = s.cliente_id
"""  # noqa: S608 - constants


# Rows that were written before the shop had a price.
UNPRICED_SQL: Final = f"""
SELECT id, mensaje FROM campaigns_smslog
WHERE lote_id = %s AND estado IN {SMS.VIVOS} AND costo IS NULL
"""  # noqa: S608 - constants


def params(mensaje: str) -> dict[str, Any]:
    """The parameters of `MEDIDOS` that depend on the text."""
    de_gsm7, de_ucs2 = _table(mensaje)
    return {"de_gsm7": de_gsm7, "de_ucs2": de_ucs2}


# Where no table tells: each row is counted by itself.
SIN_TABLA: Final[Mapping[str, Any]] = {"de_gsm7": [], "de_ucs2": []}


@lru_cache(maxsize=64)
def _table(mensaje: str) -> tuple[list[int], list[int]]:
    """Segments with a name of 0, 1, … letters, of GSM-7 and of UCS-2."""
    mensaje = texto.con_enlace(mensaje)  # every link counts alike
    return (
        [contar(texto.render(mensaje, SAMPLE["gsm7"] * n)).segmentos for n in range(NOMBRE_MAX + 1)],
        [contar(texto.render(mensaje, SAMPLE["ucs2"] * n)).segmentos for n in range(NOMBRE_MAX + 1)],
    )


def count_odd(lote_id: int, judged: Mapping[str, Any]) -> None:
    """Count the rows that the table did not."""
    _count(ODD_SQL, lote_id, judged)


def price(lote_id: int, judged: Mapping[str, Any]) -> None:
    """Give a price to the rows that have none yet, if there is one now."""
    if judged["precio"] is not None or judged["precios"] != "{}":
        _count(UNPRICED_SQL, lote_id, judged)


def _count(sql: str, lote_id: int, judged: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [lote_id])
        rows = cursor.fetchall()
        if rows:
            counted = [contar(mensaje).segmentos for _, mensaje in rows]
            cursor.execute(COUNT_SQL, {**judged, "ids": [log_id for log_id, _ in rows], "segmentos": counted})
