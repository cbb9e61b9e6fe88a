"""The merge of an import's checked rows into the shop's sales. The key is the reference, so a second import of the same
file changes nothing."""

from clientes.importacion.fusion import ANOTAR_SQL, OLVIDAR_SQL, ejecutar, insertar
from clientes.models import Importacion, Venta
from clientes.texto import DOCUMENTO

CARGA_SQL = f"""
CREATE TEMP TABLE carga ON COMMIT DROP AS
SELECT f.numero, d.*, {DOCUMENTO.format("coalesce(documento, '')")} AS clave, NULL::bigint AS cliente_id,
    NULL::bigint AS venta_id, false AS cambia, ''::text AS resultado, ''::text AS motivo, ''::text AS aviso
FROM clientes_importacionfila f, jsonb_to_record(f.datos)
    AS d(documento text, e164 text, fecha timestamptz, total numeric, referencia text)
WHERE f.importacion_id = %(id)s AND f.datos IS NOT NULL
"""  # noqa: S608
# A sale's client is found by the document when the row has one; by the phone when it has none.
CLIENTES_SQL = f"""
WITH por_documento AS (
    SELECT clave, min(id) AS id, count(*) AS n FROM (
        SELECT id, {DOCUMENTO.format("documento")} AS clave FROM clientes_cliente WHERE usuario_id = %(tienda)s) c
    WHERE clave <> '' AND clave IN (SELECT clave FROM carga) GROUP BY clave
), por_telefono AS (
    SELECT telefono_e164 AS e164, min(id) AS id, count(*) AS n FROM clientes_cliente
    WHERE usuario_id = %(tienda)s AND telefono_e164 <> '' AND telefono_e164 IN (SELECT e164 FROM carga)
    GROUP BY telefono_e164
), hallados AS (
    SELECT c.numero, CASE WHEN c.clave <> '' THEN d.id ELSE t.id END AS id,
        coalesce(CASE WHEN c.clave <> '' THEN d.n ELSE t.n END, 0) AS n,
        CASE WHEN c.clave <> '' THEN 'documento' ELSE 'teléfono' END AS que
    FROM carga c LEFT JOIN por_documento d ON d.clave = c.clave LEFT JOIN por_telefono t ON t.e164 = c.e164
)
UPDATE carga SET cliente_id = CASE WHEN h.n = 1 THEN h.id END,
    resultado = CASE WHEN h.n = 1 THEN '' ELSE 'rechazada' END,
    motivo = CASE h.n WHEN 1 THEN '' WHEN 0 THEN format('No hay ningún cliente con este %%s.', h.que)
        ELSE format('Hay %%s clientes con este %%s: no se sabe de cuál es.', h.n, h.que) END
FROM hallados h WHERE h.numero = carga.numero
"""  # noqa: S608
# So that nobody deletes a client between here and the sale; what was deleted just before is missed by the lock.
RETENER_SQL = """
WITH vistos AS (SELECT id FROM clientes_cliente WHERE id IN (SELECT cliente_id FROM carga) ORDER BY id FOR KEY SHARE)
UPDATE carga SET cliente_id = NULL, resultado = 'rechazada', motivo = 'El cliente se eliminó hace un momento.'
WHERE cliente_id IS NOT NULL AND cliente_id NOT IN (SELECT id FROM vistos)
"""
REPETIDAS_SQL = """
UPDATE carga SET resultado = 'repetida', motivo = format('Repite la referencia de la fila %%s.', r.primera)
FROM (SELECT numero, first_value(numero) OVER w AS primera, row_number() OVER w AS n
      FROM carga WHERE resultado = '' WINDOW w AS (PARTITION BY referencia ORDER BY numero)) r
WHERE r.numero = carga.numero AND r.n > 1
"""


def preparar(importacion: Importacion) -> None:
    """Find each row's client and each row's problem."""
    ejecutar(OLVIDAR_SQL, importacion)
    ejecutar(CARGA_SQL, importacion)
    ejecutar("CREATE INDEX ON carga (numero)", importacion)
    ejecutar("ANALYZE carga", importacion)
    for sql in (CLIENTES_SQL, RETENER_SQL, REPETIDAS_SQL, ANOTAR_SQL):
        ejecutar(sql, importacion)


EXISTENTES_SQL = """
UPDATE carga c SET venta_id = v.id, cambia = v.cliente_id <> c.cliente_id OR v.total <> c.total
    OR (c.fecha IS NOT NULL AND v.fecha <> c.fecha)
FROM (SELECT * FROM clientes_venta WHERE usuario_id = %(tienda)s AND referencia <> '' ORDER BY id FOR NO KEY UPDATE) v
WHERE v.referencia = c.referencia AND c.resultado = ''
"""
ACTUALIZAR_SQL = """
UPDATE clientes_venta v SET cliente_id = c.cliente_id, total = c.total, fecha = coalesce(c.fecha, v.fecha)
FROM carga c WHERE c.cambia AND v.id = c.venta_id AND v.usuario_id = %(tienda)s
"""
CUENTA_SQL = """
SELECT count(*) FILTER (WHERE venta_id IS NULL), count(*) FILTER (WHERE cambia),
    count(*) FILTER (WHERE venta_id IS NOT NULL AND NOT cambia)
FROM carga WHERE resultado = ''
"""


def aplicar(importacion: Importacion) -> dict[str, int]:
    """Write the good rows; return how many sales were created, changed, and left as they were."""
    ejecutar(EXISTENTES_SQL, importacion)
    ejecutar(ACTUALIZAR_SQL, importacion)
    given = {
        "id": "nextval(pg_get_serial_sequence('clientes_venta', 'id'))",
        "cliente_id": "cliente_id",
        "fecha": "coalesce(fecha, now())",
        "total": "total",
        "referencia": "referencia",
        "usuario_id": "%(tienda)s",
    }
    source = "FROM carga WHERE venta_id IS NULL AND resultado = '' ORDER BY numero"
    sql, params = insertar(Venta, given, source)
    ejecutar(sql, importacion, **params)
    row = ejecutar(CUENTA_SQL, importacion)[0]
    return dict(zip(("creadas", "actualizadas", "sin_cambios"), row, strict=True))
