"""Who of an audience can be sent to, and why the others cannot: one judgement for the preview and the engine."""

from typing import Final

from django.db.models import QuerySet

from campaigns.audiencia import Audiencia, clientes_de
from clientes.bajas.sql import LISTA_SQL, en_lista_sql, fuera_sql, sin_baja
from clientes.models import Cliente


def _juzgados(fuera: str) -> str:
    return f"""
candidatos AS (
    SELECT e.n, c.id AS cliente_id, coalesce(c.nombre, '') AS nombre, coalesce(c.telefono_e164, '') AS telefono,
        CASE
            WHEN c.id IS NULL THEN 'cliente_eliminado'
            WHEN NOT c.activo THEN 'cliente_inactivo'
            WHEN c.telefono = '' THEN 'sin_telefono'
            WHEN c.telefono_e164 = '' THEN 'telefono_invalido'
            WHEN {fuera} THEN 'baja'
            ELSE ''
        END AS codigo
    FROM elegidos e LEFT JOIN clientes_cliente c ON c.id = e.id AND c.usuario_id = %(tenant)s
), juzgados AS (
    SELECT n, cliente_id, nombre, telefono,
        CASE WHEN codigo = '' AND row_number() OVER (PARTITION BY codigo, telefono ORDER BY n) > 1
            THEN 'telefono_duplicado' ELSE codigo END AS codigo
    FROM candidatos
)
"""  # noqa: S608 - constants


# Needs `elegidos (id, n)` before it and the parameters `tenant` and `remitente`; gives `juzgados (n, cliente_id,
# nombre, telefono, codigo)` with codigo '' for those who can be sent to. Of two clients with one phone, the first.
JUZGADOS: Final = _juzgados(fuera_sql(telefono="c.telefono_e164", tienda="%(tenant)s", remitente="%(remitente)s"))
# The same for a whole audience instead of one Lote.
JUZGADOS_TODOS: Final = f"{LISTA_SQL},{_juzgados(en_lista_sql(telefono='c.telefono_e164'))}"


def enviables_de(audiencia: Audiencia, *, tenant_id: int, remitente: str) -> QuerySet[Cliente]:
    """Of the audience, those who can be sent to from a sender; of two clients with one phone, both."""
    usable = clientes_de(audiencia, tenant_id=tenant_id).filter(activo=True).exclude(telefono_e164="")
    return sin_baja(usable, tienda_id=tenant_id, remitente=remitente)
