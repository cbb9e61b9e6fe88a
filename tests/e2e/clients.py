"""Many clients of a shop, written at once: through the API each would be a request."""

from tests.e2e.system import Shop, System


def clients(system: System, shop: Shop, count: int, prefix: str) -> list[int]:
    """Clients with phones +57300{prefix}nnnnn; their ids, in that order.

    Args:
        prefix: two digits that no other test has.
    """
    rows = system.sql(
        "INSERT INTO clientes_cliente (nombre, telefono, telefono_e164, movil, documento, activo, creado, usuario_id)"
        " SELECT 'Cliente ' || n, p, p, true, '', true, now(), u.id FROM core_usuario u, generate_series(1, %s) n,"
        " LATERAL (SELECT '+57300' || %s || lpad(n::text, 5, '0') AS p) t WHERE u.username = %s RETURNING id",
        count,
        prefix,
        shop.username,
    )
    return [row[0] for row in rows]
