"""The triggers that write the events of hooks, in the transaction of what they tell of.

A statement's rows are told of by one INSERT. Where no hook of a shop that is touched is active, a trigger asks two short
questions and is done. The INSERT is planned anew each time: PL/pgSQL keeps a plan for the session, which was made when
the statement had one row, and joins ten thousand old rows with ten thousand new ones one by one
(https://www.postgresql.org/docs/current/plpgsql-implementation.html#PLPGSQL-PLAN-CACHING).

Nothing in a row can make the INSERT fail, and with it what it tells of: all that it takes is text, whole numbers, booleans
and moments, which `jsonb` takes as they are; nothing that it writes is null, unique or the key of another table; and it
waits for nobody, since hooks are only read.

Each table's triggers are made in a transaction of their own, that waits for running statements for some seconds and not
longer, since everybody who sends waits behind it. What was made stays: after an error, migrate again.
"""

from django.db import migrations, transaction

# What an event of a table says: the shops that a statement touches, and the rows of (usuario_id, tipo, datos).
FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM campaigns_gancho WHERE estado = 'activo' AND tipos && '{{{tipos}}}'::varchar[]) THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (
        WITH t (usuario_id) AS MATERIALIZED ({shops})
        SELECT FROM t JOIN campaigns_gancho g
            ON g.usuario_id = t.usuario_id AND g.estado = 'activo' AND g.tipos && '{{{tipos}}}'::varchar[]
    ) THEN
        RETURN NULL;
    END IF;
    EXECUTE $q$
        INSERT INTO campaigns_eventogancho (gancho_id, evento, tipo, datos, creado)
        SELECT g.id, gen_random_uuid(), e.tipo, e.datos, clock_timestamp()
        FROM ({rows}) AS e (usuario_id, tipo, datos, id, n)
        JOIN campaigns_gancho g ON g.usuario_id = e.usuario_id AND g.estado = 'activo' AND e.tipo = ANY (g.tipos)
        ORDER BY e.id, e.n, g.id
    $q$;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE OR REPLACE TRIGGER {name} AFTER {when} ON {table} {references} FOR EACH STATEMENT EXECUTE FUNCTION {name}()
"""
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"
INSERTED = "REFERENCING NEW TABLE AS nuevas"
UPDATED = "REFERENCING NEW TABLE AS nuevas OLD TABLE AS viejas"

# A campaign's shop is looked up by its key, however many campaigns there are.
OF_CAMPAIGNS = """
SELECT (SELECT c.usuario_id FROM campaigns_campanasms c WHERE c.id = s.campana_id)
FROM (SELECT DISTINCT campana_id FROM nuevas WHERE {told}) AS s
"""
OF_ROWS = "SELECT DISTINCT usuario_id FROM nuevas WHERE {told}"

SMS = """
SELECT c.usuario_id, v.tipo, jsonb_build_object('id', s.id, 'campana_id', s.campana_id, 'cliente_id', s.cliente_id,
    'telefono', s.telefono, 'estado', s.estado, 'codigo', s.codigo, 'error', s.error, 'twilio_sid', s.twilio_sid,
    'entrega', s.entrega, 'entrega_codigo', s.entrega_codigo, 'segmentos', s.segmentos, 'prueba', c.prueba), s.id, v.n
FROM nuevas s {before} JOIN campaigns_campanasms c ON c.id = s.campana_id
CROSS JOIN LATERAL (VALUES
    (1, CASE WHEN s.estado = 'enviado' AND {other_state} THEN 'sms.enviado'
        WHEN s.estado = 'fallido' AND s.codigo <> 'tope' AND {other_state} THEN 'sms.fallido' END),
    (2, CASE WHEN s.entrega IN ('delivered', 'partially_delivered', 'read') AND {other_delivery} THEN 'sms.entregado'
        WHEN s.entrega IN ('undelivered', 'failed', 'canceled') AND {other_delivery} THEN 'sms.no_entregado' END)
) AS v (n, tipo)
WHERE v.tipo IS NOT NULL
"""
SMS_INSERTED = SMS.format(before="", other_state="true", other_delivery="true")
SMS_UPDATED = SMS.format(
    before="JOIN viejas v0 ON v0.id = s.id",
    other_state="(v0.estado, v0.codigo = 'tope') IS DISTINCT FROM (s.estado, s.codigo = 'tope')",
    other_delivery="""
        CASE WHEN v0.entrega IN ('delivered', 'partially_delivered', 'read') THEN 1
            WHEN v0.entrega IN ('undelivered', 'failed', 'canceled') THEN 2 ELSE 0 END
        <> CASE WHEN s.entrega IN ('delivered', 'partially_delivered', 'read') THEN 1 ELSE 2 END""",
)
CAMPANA = """
SELECT c.usuario_id, v.tipo, jsonb_build_object('id', c.id, 'nombre', c.nombre, 'estado', c.estado,
    'motivo', s.detalle, 'total_clientes', c.total_clientes, 'enviados_exitosos', c.enviados_exitosos,
    'enviados_fallidos', c.enviados_fallidos, 'prueba', c.prueba), s.id, 0
FROM nuevas s JOIN campaigns_campanasms c ON c.id = s.campana_id
JOIN (VALUES ('creada', 'campana.creada'), ('iniciada', 'campana.iniciada'), ('pausada', 'campana.pausada'),
    ('pausada_sola', 'campana.pausada'), ('completada', 'campana.terminada'), ('error', 'campana.terminada'),
    ('cancelada', 'campana.cancelada'), ('rechazada', 'campana.cancelada')) AS v (suceso, tipo) ON v.suceso = s.tipo
"""
RESPUESTA = """
SELECT s.usuario_id, 'respuesta.recibida', jsonb_build_object('id', s.id, 'telefono', s.telefono,
    'remitente', s.remitente, 'texto', s.texto, 'tipo', s.tipo, 'campana_id', s.campana_id, 'sid', s.sid), s.id, 0
FROM nuevas s WHERE s.usuario_id IS NOT NULL
"""
BAJA = """
SELECT s.usuario_id, CASE s.tipo WHEN 'baja' THEN 'baja.registrada' ELSE 'baja.retirada' END,
    jsonb_build_object('id', s.id, 'telefono', s.telefono, 'fuente', s.fuente, 'remitente', s.remitente,
    'campana_id', s.campana_id, 'momento', s.momento), s.id, 0
FROM nuevas s WHERE s.usuario_id IS NOT NULL
"""
IMPORTACION = """
SELECT s.usuario_id, 'importacion.terminada', jsonb_build_object('id', s.id, 'tipo', s.tipo, 'archivo', s.archivo,
    'estado', s.estado, 'error', s.error, 'leidas', s.leidas, 'creadas', s.creadas, 'actualizadas', s.actualizadas,
    'sin_cambios', s.sin_cambios, 'rechazadas', s.rechazadas, 'repetidas', s.repetidas), s.id, 0
FROM nuevas s JOIN viejas v0 ON v0.id = s.id
WHERE s.terminada_en IS NOT NULL AND v0.terminada_en IS DISTINCT FROM s.terminada_en
"""
CLIENTE = """
SELECT s.usuario_id, '{tipo}', jsonb_build_object('id', s.id, 'nombre', s.nombre, 'telefono', s.telefono,
    'telefono_e164', s.telefono_e164, 'documento', s.documento, 'activo', s.activo, 'origen', s.origen), s.id, 0
FROM nuevas s {where}
"""
CLIENTE_CAMBIADO = """
JOIN viejas v0 ON v0.id = s.id WHERE (s.nombre, s.telefono, s.telefono_e164, s.documento, s.activo, s.consentimiento_en,
    s.consentimiento_fuente) IS DISTINCT FROM (v0.nombre, v0.telefono, v0.telefono_e164, v0.documento, v0.activo,
    v0.consentimiento_en, v0.consentimiento_fuente)
"""
SMS_TOLD = OF_CAMPAIGNS.format(told="estado IN ('enviado', 'fallido') OR entrega <> ''")
SMS_TYPES = "sms.enviado, sms.fallido, sms.entregado, sms.no_entregado"
CAMPANA_TYPES = "campana.creada, campana.iniciada, campana.pausada, campana.terminada, campana.cancelada"
SHOPS = OF_ROWS.format(told="true")

# By their tables: name, when, the rows that it has, the shops, the types, and the events.
TRIGGERS = {
    "campaigns_smslog": [
        ("campaigns_evento_sms_nuevo", "INSERT", INSERTED, SMS_TOLD, SMS_TYPES, SMS_INSERTED),
        ("campaigns_evento_sms", "UPDATE", UPDATED, SMS_TOLD, SMS_TYPES, SMS_UPDATED),
    ],
    "campaigns_suceso": [
        (
            "campaigns_evento_campana", "INSERT", INSERTED, OF_CAMPAIGNS.format(told="true"), CAMPANA_TYPES, CAMPANA,
        ),
    ],
    "campaigns_entrante": [
        ("campaigns_evento_respuesta", "INSERT", INSERTED, SHOPS, "respuesta.recibida", RESPUESTA),
    ],
    "clientes_registrobaja": [
        ("campaigns_evento_baja", "INSERT", INSERTED, SHOPS, "baja.registrada, baja.retirada", BAJA),
    ],
    "clientes_importacion": [
        (
            "campaigns_evento_importacion", "UPDATE", UPDATED, OF_ROWS.format(told="terminada_en IS NOT NULL"),
            "importacion.terminada", IMPORTACION,
        ),
    ],
    "clientes_cliente": [
        (
            "campaigns_evento_cliente_nuevo", "INSERT", INSERTED, SHOPS, "cliente.creado",
            CLIENTE.format(tipo="cliente.creado", where=""),
        ),
        (
            "campaigns_evento_cliente", "UPDATE", UPDATED, SHOPS, "cliente.actualizado",
            CLIENTE.format(tipo="cliente.actualizado", where=CLIENTE_CAMBIADO),
        ),
    ],
}  # fmt: skip


def make(apps, schema_editor):
    for table, triggers in TRIGGERS.items():
        with transaction.atomic(schema_editor.connection.alias):
            schema_editor.execute(LOCK_TIMEOUT)
            for name, when, references, shops, tipos, rows in triggers:
                schema_editor.execute(FUNCTION.format(name=name, shops=shops, tipos=tipos, rows=rows), None)
                schema_editor.execute(TRIGGER.format(name=name, when=when, table=table, references=references))


def drop(apps, schema_editor):
    for table, triggers in TRIGGERS.items():
        with transaction.atomic(schema_editor.connection.alias):
            schema_editor.execute(LOCK_TIMEOUT)
            for name, *_ in triggers:
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("campaigns", "0033_ganchos"), ("clientes", "0016_origen")]

    operations = [migrations.RunPython(make, drop)]
