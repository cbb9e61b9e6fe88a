"""The merge of an import's checked rows into the shop's clients, set by set, in the caller's transaction."""

from typing import Final

from django.conf import settings

from clientes.importacion.fusion import ANOTAR_SQL, MISMO_TELEFONO, OLVIDAR_SQL, ejecutar, insertar
from clientes.models import Cliente, Importacion, RegistroConsentimiento
from clientes.services import avisar_exclusion
from clientes.texto import DOCUMENTO

CLAVES: Final = {
    Importacion.Clave.DOCUMENTO: (
        "documento",
        DOCUMENTO.format("documento"),
        DOCUMENTO.format("coalesce(documento, '')"),
    ),
    Importacion.Clave.TELEFONO: ("teléfono", "telefono_e164", "coalesce(e164, '')"),
    Importacion.Clave.NINGUNA: ("", "''", "''"),
}

CARGA_SQL = """
CREATE TEMP TABLE carga ON COMMIT DROP AS
SELECT f.numero, d.*, {clave} AS clave, NULL::bigint AS cliente_id, false AS nueva, false AS cambia,
    false AS consiente,
    ''::text AS resultado, ''::text AS motivo, concat_ws(' ', f.datos ->> 'dicho', f.datos ->> 'sin_documento') AS aviso
FROM {filas} f, jsonb_to_record(f.datos)
    AS d(nombre text, telefono text, e164 text, movil boolean, pais text, documento text, activo boolean,
        etiquetas text[], consentimiento_en date, consentimiento_fuente text, consentimiento_hora time,
        consentimiento_medio text, consentimiento_texto text, consentimiento_lugar text)
"""
DEL_ARCHIVO = "(SELECT numero, datos FROM clientes_importacionfila WHERE importacion_id = %(id)s AND datos IS NOT NULL)"
DE_LA_LLAMADA = "(SELECT * FROM jsonb_to_recordset(%(filas)s::jsonb) AS r(numero int, datos jsonb))"
CONOCIDOS_SQL = """
CREATE TEMP TABLE conocidos ON COMMIT DROP AS
SELECT clave, min(id) AS id, count(*) AS n FROM (
    SELECT id, {clave} AS clave FROM clientes_cliente WHERE usuario_id = %(tienda)s) c
WHERE clave <> '' AND clave IN (SELECT clave FROM carga) GROUP BY clave
"""
# The same by the index, key by key: a call has some thousands of rows, and a shop may have a million clients.
CONOCIDOS_POR_CLAVE_SQL = """
CREATE TEMP TABLE conocidos ON COMMIT DROP AS
SELECT r.clave, min(c.id) AS id, count(*) AS n
FROM (SELECT DISTINCT clave FROM carga WHERE clave <> '') r, LATERAL (
    SELECT id FROM clientes_cliente WHERE usuario_id = %(tienda)s AND {columna} <> '' AND {clave} = r.clave OFFSET 0) c
GROUP BY r.clave
"""
COLUMNAS: Final = {Importacion.Clave.DOCUMENTO: "documento", Importacion.Clave.TELEFONO: "telefono_e164"}
AMBIGUAS_SQL = """
UPDATE carga SET resultado = 'rechazada',
    motivo = format('Hay %%s clientes con este %%s: no se sabe cuál es.', k.n, %(que)s)
FROM conocidos k WHERE k.clave = carga.clave AND k.n > 1
"""
# The lock lets who edits or deletes one of these clients finish first; then what is left is seen as it is.
ENCONTRADOS_SQL = """
WITH vistos AS (
    SELECT c.id FROM clientes_cliente c JOIN conocidos k ON k.id = c.id AND k.n = 1
    ORDER BY c.id FOR NO KEY UPDATE OF c)
UPDATE carga SET cliente_id = k.id FROM conocidos k JOIN vistos v ON v.id = k.id
WHERE k.clave = carga.clave AND carga.resultado = ''
"""
FALTA_NOMBRE = "Falta el nombre del cliente, que es nuevo."
SIN_NOMBRE_SQL = """
UPDATE carga SET resultado = 'rechazada', motivo = %(falta_nombre)s
WHERE cliente_id IS NULL AND resultado = '' AND coalesce(nombre, '') = ''
"""
REPETIDAS_SQL = """
UPDATE carga SET resultado = 'repetida', motivo = format('Repite el %%s de la fila %%s.', %(que)s, r.primera)
FROM (SELECT numero, first_value(numero) OVER w AS primera, row_number() OVER w AS n
      FROM carga WHERE clave <> '' AND resultado = '' WINDOW w AS (PARTITION BY clave ORDER BY numero)) r
WHERE r.numero = carga.numero AND r.n > 1
"""
# The phone is one client's and the document another's: whoever the row describes, somebody would get a stranger's data.
AJENAS_SQL = f"""
UPDATE carga SET resultado = 'rechazada', motivo = format(
    'El teléfono es de «%%s» y el documento es de «%%s»: no se sabe de quién es la fila.',
    left(k.nombre, 60), left(o.nombre, 60))
FROM clientes_cliente k, (
    SELECT DISTINCT ON (clave) clave, id, nombre FROM (
        SELECT {DOCUMENTO.format("documento")} AS clave, id, nombre FROM clientes_cliente
        WHERE usuario_id = %(tienda)s AND documento <> '') c
    WHERE clave IN (SELECT {DOCUMENTO.format("coalesce(documento, '')")} FROM carga)
    ORDER BY clave, id) o
WHERE carga.resultado = '' AND coalesce(carga.documento, '') <> '' AND k.id = carga.cliente_id
    AND o.clave = {DOCUMENTO.format("carga.documento")} AND {DOCUMENTO.format("k.documento")} <> o.clave
"""  # noqa: S608
# Two clients may share a phone, as a family does: both are taken, and it is said. A campaign writes to it once.
AVISOS_SQL = f"""
WITH otros AS (
    SELECT telefono_e164 AS e164, (array_agg(id ORDER BY id))[1:2] AS ids,
        (array_agg(nombre ORDER BY id))[1:2] AS nombres
    FROM clientes_cliente
    WHERE usuario_id = %(tienda)s AND telefono_e164 <> '' AND telefono_e164 IN (SELECT e164 FROM carga)
    GROUP BY telefono_e164
), filas AS (
    SELECT numero, e164, cliente_id, lag(numero) OVER w AS anterior, lead(numero) OVER w AS siguiente
    FROM carga WHERE coalesce(e164, '') <> '' WINDOW w AS (PARTITION BY e164 ORDER BY numero)
), avisos AS (
    SELECT f.numero, coalesce(f.anterior, f.siguiente) AS fila,
        CASE WHEN o.ids[1] IS DISTINCT FROM f.cliente_id THEN o.nombres[1] ELSE o.nombres[2] END AS otro
    FROM filas f LEFT JOIN otros o ON o.e164 = f.e164
)
UPDATE carga SET aviso = concat_ws(' ', nullif(carga.aviso, ''), '{MISMO_TELEFONO} la fila ' || a.fila || '.',
    '{MISMO_TELEFONO} el cliente «' || left(a.otro, 60) || '».')
FROM avisos a WHERE a.numero = carga.numero AND (a.fila IS NOT NULL OR a.otro IS NOT NULL)
"""  # noqa: S608

VIEJO = "El consentimiento que trae es anterior al que ya hay, o a su retiro: no se tomó."
# Who withdrew a consent does not give it again because a file, or a nightly call, still has it.
VIEJOS_SQL = """
UPDATE carga c SET consentimiento_en = NULL, consentimiento_fuente = NULL, consentimiento_hora = NULL,
    consentimiento_medio = NULL, consentimiento_texto = NULL, consentimiento_lugar = NULL,
    aviso = concat_ws(' ', nullif(c.aviso, ''), %(viejo)s)
FROM clientes_cliente k WHERE k.id = c.cliente_id AND c.resultado = '' AND c.consentimiento_en IS NOT NULL
    AND (c.consentimiento_en < k.consentimiento_en OR EXISTS (
        SELECT FROM clientes_registroconsentimiento r WHERE r.cliente_id = k.id AND r.en IS NULL
            AND c.consentimiento_en <= (r.creado AT TIME ZONE %(zona)s)::date))
"""


def preparar(importacion: Importacion, filas: str | None = None) -> None:
    """Find each row's client and each row's problem.

    Args:
        filas: the rows themselves, as the JSON of a list of `numero` and `datos`, where they are no file's.
    """
    que, de_cliente, de_fila = CLAVES[Importacion.Clave(importacion.clave)]
    ejecutar(OLVIDAR_SQL, importacion)
    source = DEL_ARCHIVO if filas is None else DE_LA_LLAMADA
    ejecutar(CARGA_SQL.format(clave=de_fila, filas=source), importacion, filas=filas)
    ejecutar("CREATE INDEX ON carga (numero)", importacion)
    ejecutar("CREATE INDEX ON carga (clave)", importacion)
    ejecutar("ANALYZE carga", importacion)
    if que:
        conocidos = CONOCIDOS_SQL if filas is None else CONOCIDOS_POR_CLAVE_SQL
        columna = COLUMNAS[Importacion.Clave(importacion.clave)]
        ejecutar(conocidos.format(clave=de_cliente, columna=columna), importacion)
        ejecutar("ANALYZE conocidos", importacion)
        ejecutar(AMBIGUAS_SQL, importacion, que=que)
        ejecutar(ENCONTRADOS_SQL, importacion)
    if importacion.clave == Importacion.Clave.TELEFONO:
        ejecutar(AJENAS_SQL, importacion)
    ejecutar(SIN_NOMBRE_SQL, importacion, falta_nombre=FALTA_NOMBRE)
    if que:
        ejecutar(REPETIDAS_SQL, importacion, que=que)
    ejecutar(VIEJOS_SQL, importacion, viejo=VIEJO, zona=settings.TIME_ZONE)
    ejecutar(AVISOS_SQL, importacion)
    ejecutar(ANOTAR_SQL, importacion)


ETIQUETAS_SQL = """
INSERT INTO clientes_etiqueta (nombre, usuario_id)
SELECT DISTINCT ON (lower(t)) t, %(tienda)s FROM carga, unnest(etiquetas) t WHERE resultado = '' ORDER BY lower(t), t
ON CONFLICT DO NOTHING
"""
PUESTAS_SQL = """
CREATE TEMP TABLE puestas ON COMMIT DROP AS
SELECT DISTINCT c.numero, e.id AS etiqueta_id FROM carga c, unnest(c.etiquetas) t
JOIN clientes_etiqueta e ON e.usuario_id = %(tienda)s AND lower(e.nombre) = lower(t) WHERE c.resultado = ''
"""
# The same number written in another way is no change; the same text that is read otherwise than once is one.
NUEVO_TELEFONO = """(c.telefono IS NOT NULL
    AND CASE WHEN c.e164 <> '' THEN c.e164 <> k.telefono_e164
        ELSE c.telefono <> k.telefono OR k.telefono_e164 <> '' END)"""
# The proof that the file does not bring stays with a consent of that day; another one has not the earlier one's.
PRUEBA_SQL = """
UPDATE carga c SET
    consentimiento_hora = coalesce(c.consentimiento_hora, CASE WHEN same THEN k.consentimiento_hora END),
    consentimiento_medio = coalesce(c.consentimiento_medio, CASE WHEN same THEN k.consentimiento_medio END, ''),
    consentimiento_texto = coalesce(c.consentimiento_texto, CASE WHEN same THEN k.consentimiento_texto END, ''),
    consentimiento_lugar = coalesce(c.consentimiento_lugar, CASE WHEN same THEN k.consentimiento_lugar END, '')
FROM (SELECT r.numero, k.consentimiento_hora, k.consentimiento_medio, k.consentimiento_texto, k.consentimiento_lugar,
        k.consentimiento_en IS NOT DISTINCT FROM r.consentimiento_en AS same
    FROM carga r LEFT JOIN clientes_cliente k ON k.id = r.cliente_id WHERE r.consentimiento_en IS NOT NULL) k
WHERE k.numero = c.numero
"""
CONSIENTEN_SQL = """
UPDATE carga c SET consiente = true FROM clientes_cliente k
WHERE k.id = c.cliente_id AND c.resultado = '' AND c.consentimiento_en IS NOT NULL
    AND (c.consentimiento_en, c.consentimiento_fuente, c.consentimiento_hora, c.consentimiento_medio,
        c.consentimiento_texto, c.consentimiento_lugar)
    IS DISTINCT FROM (k.consentimiento_en, k.consentimiento_fuente::text, k.consentimiento_hora,
        k.consentimiento_medio::text, k.consentimiento_texto::text, k.consentimiento_lugar::text)
"""
CAMBIAN_SQL = f"""
UPDATE carga c SET cambia = true FROM clientes_cliente k WHERE k.id = c.cliente_id AND c.resultado = '' AND (
    c.consiente OR
    (c.nombre IS NOT NULL AND c.nombre <> k.nombre) OR (c.documento IS NOT NULL AND c.documento <> k.documento)
    OR (c.activo IS NOT NULL AND c.activo <> k.activo) OR ({NUEVO_TELEFONO}))
"""  # noqa: S608
ETIQUETAN_SQL = """
UPDATE carga c SET cambia = true FROM puestas p
WHERE p.numero = c.numero AND c.cliente_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM clientes_cliente_etiquetas m WHERE m.cliente_id = c.cliente_id AND m.etiqueta_id = p.etiqueta_id)
"""
ACTUALIZAR_SQL = f"""
UPDATE clientes_cliente k SET nombre = coalesce(c.nombre, k.nombre), documento = coalesce(c.documento, k.documento),
    activo = coalesce(c.activo, k.activo),
    consentimiento_en = CASE WHEN c.consiente THEN c.consentimiento_en ELSE k.consentimiento_en END,
    consentimiento_fuente = CASE WHEN c.consiente THEN c.consentimiento_fuente ELSE k.consentimiento_fuente END,
    consentimiento_hora = CASE WHEN c.consiente THEN c.consentimiento_hora ELSE k.consentimiento_hora END,
    consentimiento_medio = CASE WHEN c.consiente THEN c.consentimiento_medio ELSE k.consentimiento_medio END,
    consentimiento_texto = CASE WHEN c.consiente THEN c.consentimiento_texto ELSE k.consentimiento_texto END,
    consentimiento_lugar = CASE WHEN c.consiente THEN c.consentimiento_lugar ELSE k.consentimiento_lugar END,
    telefono = CASE WHEN {NUEVO_TELEFONO} THEN c.telefono ELSE k.telefono END,
    telefono_e164 = CASE WHEN {NUEVO_TELEFONO} THEN c.e164 ELSE k.telefono_e164 END,
    movil = CASE WHEN {NUEVO_TELEFONO} THEN c.movil ELSE k.movil END,
    pais = CASE WHEN {NUEVO_TELEFONO} THEN coalesce(c.pais, '') ELSE k.pais END
FROM carga c WHERE c.cambia AND k.id = c.cliente_id AND k.usuario_id = %(tienda)s
"""  # noqa: S608
CALLAN_SQL = """
SELECT EXISTS (SELECT FROM carga c JOIN clientes_cliente k ON k.id = c.cliente_id
    WHERE c.cambia AND c.activo IS FALSE AND k.activo)
"""
NUEVAS_SQL = """
UPDATE carga SET nueva = true, consiente = consentimiento_en IS NOT NULL,
    cliente_id = nextval(pg_get_serial_sequence('clientes_cliente', 'id'))
WHERE cliente_id IS NULL AND resultado = ''
"""
PONER_SQL = """
INSERT INTO clientes_cliente_etiquetas (cliente_id, etiqueta_id)
SELECT c.cliente_id, p.etiqueta_id FROM puestas p JOIN carga c USING (numero) ON CONFLICT DO NOTHING
"""
REGISTRO_SQL = "FROM carga WHERE consiente ORDER BY numero"
CUENTA_SQL = """
SELECT count(*) FILTER (WHERE nueva), count(*) FILTER (WHERE cambia), count(*) FILTER (WHERE NOT nueva AND NOT cambia)
FROM carga WHERE resultado = ''
"""


def aplicar(importacion: Importacion, *, quien_id: int | None = None) -> dict[str, int]:
    """Write the good rows; return how many clients were created, changed, and left as they were.

    Args:
        quien_id: who brings them, where no file does.
    """
    for sql in (
        ETIQUETAS_SQL, PUESTAS_SQL, "ANALYZE puestas", PRUEBA_SQL, CONSIENTEN_SQL, CAMBIAN_SQL, ETIQUETAN_SQL,
    ):  # fmt: skip
        ejecutar(sql, importacion)
    # A file can deactivate clients, but clears no consent: an empty cell leaves what there is.
    if ejecutar(CALLAN_SQL, importacion)[0][0]:
        avisar_exclusion(usuario_id=importacion.usuario_id)
    for sql in (ACTUALIZAR_SQL, NUEVAS_SQL):
        ejecutar(sql, importacion)
    sql, params = insertar(
        Cliente,
        {
            "id": "cliente_id",
            "nombre": "nombre",
            "telefono": "coalesce(telefono, '')",
            "telefono_e164": "coalesce(e164, '')",
            "movil": "coalesce(movil, false)",
            "pais": "coalesce(pais, '')",
            "documento": "coalesce(documento, '')",
            "activo": "coalesce(activo, true)",
            "consentimiento_en": "consentimiento_en",
            "consentimiento_fuente": "coalesce(consentimiento_fuente, '')",
            "consentimiento_hora": "consentimiento_hora",
            "consentimiento_medio": "coalesce(consentimiento_medio, '')",
            "consentimiento_texto": "coalesce(consentimiento_texto, '')",
            "consentimiento_lugar": "coalesce(consentimiento_lugar, '')",
            "usuario_id": "%(tienda)s",
        },
        "FROM carga WHERE nueva ORDER BY numero",
    )
    ejecutar(sql, importacion, **params)
    ejecutar(PONER_SQL, importacion)
    _registrar(importacion, quien_id)
    row = ejecutar(CUENTA_SQL, importacion)[0]
    return dict(zip(("creadas", "actualizadas", "sin_cambios"), row, strict=True))


def _registrar(importacion: Importacion, quien_id: int | None) -> None:
    """Write the consents that came into their history."""
    given = {
        "id": "nextval(pg_get_serial_sequence('clientes_registroconsentimiento', 'id'))",
        "cliente_id": "cliente_id",
        "archivo": "%(archivo)s",
        "quien_id": "%(quien)s::bigint",
        "en": "consentimiento_en",
        "fuente": "consentimiento_fuente",
        "hora": "consentimiento_hora",
        "medio": "consentimiento_medio",
        "texto": "consentimiento_texto",
        "lugar": "consentimiento_lugar",
    }
    sql, params = insertar(RegistroConsentimiento, given, REGISTRO_SQL)
    ejecutar(sql, importacion, archivo=importacion.archivo, quien=quien_id, **params)
