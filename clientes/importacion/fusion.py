"""Helpers of both merges: running SQL with the import's parameters, and comparing documents and phones."""

from typing import Any, Final

from django.db import connection, models

from clientes.models import Importacion
from clientes.models.importacion import MOTIVO_MAX


def ejecutar(sql: str, importacion: Importacion, **params: Any) -> list[tuple[Any, ...]]:
    """Run one statement; its rows, if it gives any.

    `%(id)s` is the import, `%(tienda)s` the shop, `%(motivo_max)s` the length of a row's reasons.
    """
    known = {"id": importacion.pk, "tienda": importacion.usuario_id, "motivo_max": MOTIVO_MAX}
    with connection.cursor() as cursor:
        cursor.execute(sql, {**known, **params})
        return list(cursor.fetchall()) if cursor.description else []


MUCHAS: Final = 1_000


def candado(tienda_id: int, *, espera: bool = True) -> bool:
    """Let whoever else merges rows into this shop's clients finish first. Held until the transaction's end.

    Args:
        espera: whether to wait for them; a request does not, for an import may take a quarter of an hour.

    Returns:
        False when somebody is at it.
    """
    lock = "pg_advisory_xact_lock" if espera else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtextextended(%s, 0))", [f"importacion:{tienda_id}"])
        return bool(espera or cursor.fetchone()[0])


def sin_bucles(filas: int) -> None:
    """Keep loops out of the transaction's plans: a table that just grew has no statistics, and a loop that looked short
    takes minutes.

    Args:
        filas: how many rows are merged; a few may be looped over.
    """
    if filas > MUCHAS:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")


def insertar(model: type[models.Model], given: dict[str, str], source: str) -> tuple[str, dict[str, Any]]:
    """Build an INSERT … SELECT that also fills the columns it is not told about with the model's defaults.

    Args:
        given: column: SQL expression.
        source: what comes after SELECT's list.
    """
    columns = dict(given)
    params: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column not in columns:
            value = field.pre_save(model(), add=True)
            params[f"d_{column}"] = field.get_db_prep_save(value, connection)
            columns[column] = f"%(d_{column})s"
    names = ", ".join(f'"{name}"' for name in columns)
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({names}) SELECT {", ".join(columns.values())} {source}', params


# The beginning of what is said of a row whose phone another row or client has.
MISMO_TELEFONO: Final = "Mismo teléfono que"

# The problems that only the whole file and the shop's rows show go to the rows of the import; those of an earlier
# merge of the same import, which the person then allowed to take the good rows only, are forgotten first.
OLVIDAR_SQL = """
DROP TABLE IF EXISTS pg_temp.carga, pg_temp.conocidos, pg_temp.puestas;
UPDATE clientes_importacionfila SET resultado = '', motivo = '', aviso = ''
WHERE importacion_id = %(id)s AND datos IS NOT NULL AND (resultado <> '' OR aviso <> '')
"""
ANOTAR_SQL = """
UPDATE clientes_importacionfila f SET resultado = c.resultado, motivo = left(c.motivo, %(motivo_max)s),
    aviso = left(c.aviso, %(motivo_max)s)
FROM carga c WHERE f.importacion_id = %(id)s AND f.numero = c.numero AND (c.resultado <> '' OR c.aviso <> '')
"""
