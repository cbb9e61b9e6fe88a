"""The counts of a shop's clients: what the preview of a campaign over a million adds up instead of reading them all.

Triggers of the database write what each statement made more or less (migration 0017). Here that is summed, phones that
several clients share are found, and shops that were there before are counted once. A sum and the rows that it stands
for change places in one transaction, so who reads in one statement finds each client counted exactly once at any time.
"""

from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

# For reading a whole shop: minutes are too many for a request, and memory spares files.
ANCHO_SQL: Final = "SET LOCAL statement_timeout = '15min'; SET LOCAL work_mem = '64MB'"
# Who counts a shop holds this lock, and nobody waits for it; who reads or writes clients does not ask for it.
CANDADO_SQL: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('conteo:' || %(tienda)s, 0))"
# A shop is looked at when it has so many rows to sum, or so many ids whose phones nobody has compared.
FILAS: Final = 500
IDS: Final = 1_000

KINDS: Final = "usuario_id, etiqueta_id, activo, telefono, movil, pais, consentido, clase, largo"
# The kind of a row `c` of clientes_cliente, in that order from `activo` on; the triggers say the same.
DE_CLIENTE: Final = (
    "c.activo, clientes_telefono(c.telefono, c.telefono_e164) AS telefono, c.movil, c.pais,"
    " c.consentimiento_en IS NOT NULL AS consentido, clientes_clase(c.nombre) AS clase,"
    " char_length(c.nombre)::smallint AS largo"
)

SUMAR_SQL: Final = f"""
WITH fuera AS (DELETE FROM clientes_conteo WHERE usuario_id = %(tienda)s RETURNING {KINDS}, n)
INSERT INTO clientes_conteo ({KINDS}, n, sumado)
SELECT {KINDS}, sum(n), true FROM fuera GROUP BY {KINDS} HAVING sum(n) <> 0
"""  # noqa: S608 - constants

# Both who is new and who had the phone already. Who shares with one who is not committed yet is found with that one.
COMPARAR_SQL: Final = """
WITH nuevas AS (DELETE FROM clientes_novedad WHERE usuario_id = %(tienda)s RETURNING desde, hasta), nuevos AS (
    SELECT DISTINCT c.telefono_e164 FROM nuevas v JOIN clientes_cliente c
        ON c.id BETWEEN v.desde AND v.hasta AND c.usuario_id = %(tienda)s AND c.telefono_e164 <> ''
), juntos AS (
    SELECT c.telefono_e164 FROM nuevos JOIN clientes_cliente c USING (telefono_e164)
    WHERE c.usuario_id = %(tienda)s AND c.telefono_e164 <> '' GROUP BY 1 HAVING count(*) > 1
)
INSERT INTO clientes_compartido (usuario_id, cliente_id)
SELECT c.usuario_id, c.id FROM juntos JOIN clientes_cliente c USING (telefono_e164)
WHERE c.usuario_id = %(tienda)s AND c.telefono_e164 <> '' ON CONFLICT DO NOTHING
"""

# All in one statement, which sees one moment: what another transaction is writing is in none of it, and comes later.
CONTAR_SQL: Final = f"""
WITH viejas AS (DELETE FROM clientes_conteo WHERE usuario_id = %(tienda)s),
    nuevas AS (DELETE FROM clientes_novedad WHERE usuario_id = %(tienda)s),
    todos AS MATERIALIZED (
        SELECT c.id, c.usuario_id, c.telefono_e164, {DE_CLIENTE} FROM clientes_cliente c WHERE c.usuario_id = %(tienda)s
    ), juntos AS (
        INSERT INTO clientes_compartido (usuario_id, cliente_id)
        SELECT usuario_id, id FROM (
            SELECT usuario_id, id, count(*) OVER (PARTITION BY telefono_e164) AS n
            FROM todos WHERE telefono_e164 <> '') t
        WHERE n > 1
    ), filas AS (
        SELECT 0::bigint AS etiqueta_id, t.* FROM todos t
        UNION ALL
        SELECT m.etiqueta_id, t.* FROM todos t JOIN clientes_cliente_etiquetas m ON m.cliente_id = t.id
    ), contada AS (
        INSERT INTO clientes_contada (usuario_id, en) VALUES (%(tienda)s, now())
        ON CONFLICT (usuario_id) DO UPDATE SET en = excluded.en
    )
INSERT INTO clientes_conteo ({KINDS}, n, sumado) SELECT {KINDS}, count(*), true FROM filas GROUP BY {KINDS}
"""  # noqa: S608 - constants

PENDIENTES_SQL: Final = """
SELECT usuario_id FROM clientes_conteo WHERE NOT sumado GROUP BY 1 HAVING count(*) >= %(filas)s
UNION SELECT usuario_id FROM clientes_novedad GROUP BY 1 HAVING sum(hasta - desde + 1) >= %(ids)s
"""

# With the whole shop as tag 0, of which there is nothing unless it is counted.
POR_ETIQUETA_SQL: Final = """
SELECT etiqueta_id, sum(n) FROM clientes_conteo
WHERE usuario_id = %(tienda)s AND activo AND EXISTS (SELECT FROM clientes_contada WHERE usuario_id = %(tienda)s)
GROUP BY 1
"""
SIN_CONTAR_SQL: Final = """
SELECT u.id FROM core_usuario u WHERE u.creado_por_id IS NULL
    AND NOT EXISTS (SELECT FROM clientes_contada k WHERE k.usuario_id = u.id)
    AND EXISTS (SELECT FROM clientes_cliente c WHERE c.usuario_id = u.id)
"""


def contar(tienda_id: int) -> None:
    """Count a shop's clients anew, unless somebody is at it: every one of them is read, while all others go on."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _mio(cursor, tienda_id):
            return
        # Apart, for no statement deletes a row of a unique index and writes it again.
        cursor.execute("DELETE FROM clientes_compartido WHERE usuario_id = %(tienda)s", {"tienda": tienda_id})
        cursor.execute(CONTAR_SQL, {"tienda": tienda_id})


def sumar(tienda_id: int) -> None:
    """Sum what was written about a shop's clients since the last time, and compare the phones that are new; unless
    somebody is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _mio(cursor, tienda_id):
            return
        cursor.execute(SUMAR_SQL, {"tienda": tienda_id})
        cursor.execute(COMPARAR_SQL, {"tienda": tienda_id})


def _mio(cursor: CursorWrapper, tienda_id: int) -> bool:
    """Take the shop's lock until the transaction's end; False when somebody else has it."""
    cursor.execute(ANCHO_SQL)
    cursor.execute(CANDADO_SQL, {"tienda": tienda_id})
    return bool(cursor.fetchone()[0])


def activos_por_etiqueta(tienda_id: int) -> dict[int, int] | None:
    """Return how many active clients each tag of a shop has, if it has any; None while the shop is not counted."""
    with connection.cursor() as cursor:
        cursor.execute(POR_ETIQUETA_SQL, {"tienda": tienda_id})
        rows = cursor.fetchall()
    counted = {int(etiqueta_id): int(n) for etiqueta_id, n in rows}
    return counted if counted.pop(0, 0) else None


def atender() -> int:
    """Sum where much was written, and count the shops that nobody has counted; return how many shops that were."""
    with connection.cursor() as cursor:
        cursor.execute(PENDIENTES_SQL, {"filas": FILAS, "ids": IDS})
        pending = [row[0] for row in cursor.fetchall()]
        cursor.execute(SIN_CONTAR_SQL)
        uncounted = [row[0] for row in cursor.fetchall()]
    for tienda_id in uncounted:
        contar(tienda_id)
    for tienda_id in set(pending) - set(uncounted):
        sumar(tienda_id)
    return len({*pending, *uncounted})
