"""The size of an audience: by the counts of `clientes.conteos` where they say it, else by reading its clients."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from campaigns.audiencia.seleccion import SIN_DESTINATARIOS, Audiencia, Medida, Seleccion, comprobar, leer_medida
from core.errors import InvalidInputError

# Fewer clients are read as fast as their counts are.
DESDE: Final = 5_000
# `cuantos (total, raros)`: of a shop that nobody has counted there are none.
CUANTOS_SQL: Final = """
cuantos AS MATERIALIZED (
    SELECT coalesce(sum(n) FILTER (WHERE signo > 0), 0) AS total,
        coalesce(sum(n) FILTER (WHERE clase = 'raro' AND signo > 0), 0) AS raros
    FROM clientes_conteo JOIN unnest(%(marcas)s::bigint[], %(signos)s::int[]) AS m(etiqueta_id, signo)
        USING (etiqueta_id)
    WHERE usuario_id = %(tenant)s AND activo AND EXISTS (SELECT FROM clientes_contada WHERE usuario_id = %(tenant)s)
)
"""
MUCHOS_SQL: Final = "(SELECT total >= %(desde)s FROM cuantos)"
# Only one of the two is done.
MEDIR_SQL: Final = f"""
WITH {CUANTOS_SQL}
SELECT sum(n), max(largo) FROM (
    SELECT largo, sum(n * signo) AS n
    FROM clientes_conteo JOIN unnest(%(marcas)s::bigint[], %(signos)s::int[]) AS m(etiqueta_id, signo)
        USING (etiqueta_id)
    WHERE {MUCHOS_SQL} AND usuario_id = %(tenant)s AND activo GROUP BY largo HAVING sum(n * signo) > 0) q
HAVING {MUCHOS_SQL}
UNION ALL
SELECT count(*), max(char_length(c.nombre)) FROM clientes_cliente c
WHERE NOT {MUCHOS_SQL} AND c.usuario_id = %(tenant)s AND {{en}} HAVING NOT {MUCHOS_SQL}
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Sumas:
    """An audience of active clients as sums of counts.

    Args:
        marcas: ids of tags, 0 for the whole shop.
        signos: 1 where these clients are in, -1 where they are left out of the whole shop.
    """

    marcas: tuple[int, ...]
    signos: tuple[int, ...]

    @property
    def params(self) -> dict[str, Any]:
        return {"marcas": list(self.marcas), "signos": list(self.signos)}

    @property
    def en(self) -> str:
        """Return an SQL condition that `c` of clientes_cliente is of the audience."""
        marked = "EXISTS (SELECT FROM clientes_cliente_etiquetas e WHERE e.cliente_id = c.id AND e.etiqueta_id = {0:d})"
        conditions = ["c.activo"]
        for marca, signo in zip(self.marcas, self.signos, strict=True):
            if marca:
                conditions.append(("" if signo > 0 else "NOT ") + marked.format(marca))
        return " AND ".join(conditions)


def sumas_de(audiencia: Audiencia) -> Sumas | None:
    """Return the audience as sums: the whole shop, without a tag or not, or one tag; None for any other, in which one
    client may be of two counts, and for one with people whom a call names."""
    if audiencia.llamados:
        return None
    incluir, excluir = audiencia.incluir, audiencia.excluir
    if incluir == Seleccion(todos=True):
        if not excluir:
            return Sumas((0,), (1,))
        if len(excluir.etiquetas) == 1 and excluir == Seleccion(etiquetas=excluir.etiquetas):
            return Sumas((0, excluir.etiquetas[0]), (1, -1))
    if not excluir and len(incluir.etiquetas) == 1 and incluir == Seleccion(etiquetas=incluir.etiquetas):
        return Sumas((incluir.etiquetas[0],), (1,))
    return None


def medir(audiencia: Audiencia, *, tenant_id: int) -> Medida:
    """Count the audience and check that all it names is this shop's.

    Raises:
        InvalidInputError: nobody is chosen, or an id is not the shop's. Another shop's id and an id that
            does not exist give the same text.
    """
    if (sumas := sumas_de(audiencia)) is None:
        return leer_medida(audiencia, tenant_id=tenant_id)
    comprobar(audiencia, tenant_id=tenant_id)
    with connection.cursor() as cursor:
        cursor.execute(MEDIR_SQL.format(en=sumas.en), {**sumas.params, "tenant": tenant_id, "desde": DESDE})
        total, longest = cursor.fetchone()
    if not total:
        raise InvalidInputError(SIN_DESTINATARIOS, field=audiencia.field, code="empty")
    return Medida(int(total), longest)
