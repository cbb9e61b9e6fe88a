"""The judgement of a large audience by counts instead of client by client.

Of most clients their own row says all there is to say, and the counts of `clientes.conteos` know how many there are of
each kind: one judgement a kind. The others are judged one by one, with `JUZGADOS_TODOS`, and taken out of the counts:
those of a phone about which something is known (`Exclusion.hechos`), who share their phone or may do so, and whose name
is counted letter by letter. All of it is one statement, which sees one moment.
"""

from typing import Any, Final

from django.db import connection

from campaigns.audiencia.juicio import CODIGO_DE_CLIENTE, EXCLUSIONES, JUZGADOS_EN_LISTA, Hechos
from campaigns.audiencia.medida import CUANTOS_SQL, DESDE, sumas_de
from campaigns.audiencia.seleccion import Audiencia
from campaigns.values.twilio import TEST_NUMBERS
from clientes.bajas.sql import LISTA_SQL
from clientes.conteos import DE_CLIENTE

# Of more than this share, one by one costs as much as reading all.
PARTE: Final = 4

IDS_NUEVOS_SQL: Final = "SELECT sum(hasta - desde + 1) FROM clientes_novedad WHERE usuario_id = %(tenant)s"
COMPARTIDOS_SQL: Final = "SELECT cliente_id AS id FROM clientes_compartido WHERE usuario_id = %(tenant)s"
# Each OFFSET 0, here and below, keeps the planner from reading the whole shop: it expects far more of them.
NUEVOS_SQL: Final = """
SELECT o.id FROM clientes_novedad v, LATERAL (
    SELECT c.telefono_e164 FROM clientes_cliente c
    WHERE c.id BETWEEN v.desde AND v.hasta AND c.usuario_id = %(tenant)s AND c.telefono_e164 <> '' OFFSET 0) c,
LATERAL (
    SELECT o.id FROM clientes_cliente o
    WHERE o.telefono_e164 = c.telefono_e164 AND o.telefono_e164 <> '' AND o.usuario_id = %(tenant)s OFFSET 0) o
WHERE v.usuario_id = %(tenant)s
"""
RAROS_SQL: Final = (
    "SELECT c.id FROM clientes_cliente c WHERE c.usuario_id = %(tenant)s AND clientes_clase(c.nombre) = 'raro'"
)

# Whether there are enough clients, and few enough of them to be judged one by one.
AL_MENOS_SQL: Final = "(SELECT count(*) FROM ({} LIMIT (SELECT total / %(parte)s FROM cuantos)) q)"
POCOS_SQL: Final = f"""
WITH {LISTA_SQL},{CUANTOS_SQL}
SELECT CASE WHEN total >= %(desde)s THEN raros + coalesce(({IDS_NUEVOS_SQL}), 0) + {{}} < total / %(parte)s END
FROM cuantos
"""  # noqa: S608 - constants

# `kinds` is as `clientes_conteo` has them; a phone that stands for all of a kind is nobody's.
FILAS_SQL: Final = f"""
kinds AS (
    SELECT activo, telefono, movil, pais, consentido, clase, largo, sum(n) AS n FROM (
        SELECT activo, telefono, movil, pais, consentido, clase, largo, n * signo AS n
        FROM clientes_conteo JOIN unnest(%(marcas)s::bigint[], %(signos)s::int[]) AS m(etiqueta_id, signo)
            USING (etiqueta_id)
        WHERE usuario_id = %(tenant)s AND activo
        UNION ALL
        SELECT activo, telefono, movil, pais, consentido, clase, largo, -1 FROM apartados) k
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0
), por_clase AS (
    SELECT k.*, {CODIGO_DE_CLIENTE} AS codigo FROM kinds k, LATERAL (
        SELECT 1 AS id, k.activo, k.pais, CASE k.telefono WHEN 0 THEN '' ELSE '+' END AS telefono,
            CASE k.telefono WHEN 2 THEN '+' WHEN 3 THEN '{TEST_NUMBERS}' ELSE '' END AS telefono_e164,
            CASE WHEN k.consentido THEN date '-infinity' END AS consentimiento_en) c
), filas AS (
    SELECT codigo, clase, largo, NULL AS nombre, pais, consentido, movil, n FROM por_clase
    UNION ALL
    SELECT j.codigo, a.clase, a.largo, j.nombre, j.pais, j.consentido, j.movil, 1
    FROM juzgados j JOIN apartados a ON a.id = j.cliente_id
)
"""  # noqa: S608 - constants


def juzgar_por_conteo(audiencia: Audiencia, params: dict[str, Any], select: str) -> list[tuple[Any, ...]] | None:
    """Judge the audience by the counts, and select from `filas (codigo, clase, largo, nombre, pais, consentido, movil,
    n)`, whose rows stand for `n` clients each; `nombre` is only known of odd names. None when it must be read.

    Args:
        params: those of `parametros`.
    """
    if (sumas := sumas_de(audiencia)) is None:
        return None
    params = {**params, **sumas.params, "desde": DESDE, "parte": PARTE}
    known = _hechos(params)
    with connection.cursor() as cursor:
        facts = (COMPARTIDOS_SQL, *(hechos.sql for hechos in known))
        cursor.execute(POCOS_SQL.format(" + ".join(map(AL_MENOS_SQL.format, facts))), params)
        if not cursor.fetchone()[0]:
            return None
        apart = [COMPARTIDOS_SQL, NUEVOS_SQL, RAROS_SQL, *(de_hechos(hechos) for hechos in known)]
        cursor.execute(
            f"""WITH {LISTA_SQL}, apartados AS MATERIALIZED (
                SELECT c.* FROM unnest(ARRAY({" UNION ".join(apart)})) AS a(id), LATERAL (
                    SELECT c.id, {DE_CLIENTE} FROM clientes_cliente c
                    WHERE c.id = a.id AND c.usuario_id = %(tenant)s AND {sumas.en} OFFSET 0) c
            ), elegidos AS (SELECT id, id AS n FROM apartados),{JUZGADOS_EN_LISTA},{FILAS_SQL}{select}""",  # noqa: S608
            params,
        )
        return list(cursor.fetchall())


def _hechos(params: dict[str, Any]) -> list[Hechos]:
    """Return what must be known of phones under the shop's settings."""
    return [one.hechos for one in EXCLUSIONES if one.hechos and params.get(one.code, 1)]


def de_hechos(hechos: Hechos) -> str:
    """Return a SELECT of the ids of the clients whom it is about. Needs LISTA_SQL before it."""
    key = "clientes_huella(c.telefono_e164)" if hechos.huella else "c.telefono_e164"
    return (
        f"SELECT c.id FROM ({hechos.sql}) AS h(clave), LATERAL (SELECT c.id FROM clientes_cliente c"  # noqa: S608 - constants
        f" WHERE {key} = h.clave AND c.telefono_e164 <> '' AND c.usuario_id = %(tenant)s OFFSET 0) c"
    )
