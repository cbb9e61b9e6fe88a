"""Who of an audience can be sent to, and why the others cannot: one judgement for the preview and the engine."""

from typing import Final

# Needs `elegidos (id, n)` before it and the parameter `tenant`; gives `juzgados (n, cliente_id, nombre, telefono,
# codigo)` with codigo '' for those who can be sent to. The first of two clients with one phone receives the message.
JUZGADOS: Final = """
candidatos AS (
    SELECT e.n, c.id AS cliente_id, coalesce(c.nombre, '') AS nombre, coalesce(c.telefono_e164, '') AS telefono,
        CASE
            WHEN c.id IS NULL THEN 'cliente_eliminado'
            WHEN NOT c.activo THEN 'cliente_inactivo'
            WHEN c.telefono = '' THEN 'sin_telefono'
            WHEN c.telefono_e164 = '' THEN 'telefono_invalido'
            ELSE ''
        END AS codigo
    FROM elegidos e LEFT JOIN clientes_cliente c ON c.id = e.id AND c.usuario_id = %(tenant)s
), juzgados AS (
    SELECT n, cliente_id, nombre, telefono,
        CASE WHEN codigo = '' AND row_number() OVER (PARTITION BY codigo, telefono ORDER BY n) > 1
            THEN 'telefono_duplicado' ELSE codigo END AS codigo
    FROM candidatos
)
"""
