"""The triggers that write the events of hooks, in the transaction of what they tell of.

A statement's rows are told of by one INSERT. Where no hook is active, a trigger asks one question of an index and is done.
"""

from django.db import migrations

# What an event of a table says: the function's name, its table, when it runs, and the rows of (usuario_id, tipo, datos).
HEAD = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM campaigns_gancho WHERE estado = 'activo') THEN
        RETURN NULL;
    END IF;
    INSERT INTO campaigns_eventogancho (gancho_id, evento, tipo, datos, creado)
    SELECT g.id, gen_random_uuid(), e.tipo, e.datos, clock_timestamp()
    FROM ({rows}) AS e (usuario_id, tipo, datos, id, n)
    JOIN campaigns_gancho g ON g.usuario_id = e.usuario_id AND g.estado = 'activo' AND e.tipo = ANY (g.tipos)
    ORDER BY e.id, e.n, g.id;
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER {when} ON {table} {references} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""
DROP = "DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"
INSERTED = "REFERENCING NEW TABLE AS nuevas"
UPDATED = "REFERENCING NEW TABLE AS nuevas OLD TABLE AS viejas"

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
TRIGGERS = [
    ("campaigns_evento_sms_nuevo", "campaigns_smslog", "INSERT", INSERTED, SMS_INSERTED),
    ("campaigns_evento_sms", "campaigns_smslog", "UPDATE", UPDATED, SMS_UPDATED),
    ("campaigns_evento_campana", "campaigns_suceso", "INSERT", INSERTED, CAMPANA),
    ("campaigns_evento_respuesta", "campaigns_entrante", "INSERT", INSERTED, RESPUESTA),
    ("campaigns_evento_baja", "clientes_registrobaja", "INSERT", INSERTED, BAJA),
    ("campaigns_evento_importacion", "clientes_importacion", "UPDATE", UPDATED, IMPORTACION),
    (
        "campaigns_evento_cliente_nuevo", "clientes_cliente", "INSERT", INSERTED,
        CLIENTE.format(tipo="cliente.creado", where=""),
    ),
    (
        "campaigns_evento_cliente", "clientes_cliente", "UPDATE", UPDATED,
        CLIENTE.format(tipo="cliente.actualizado", where=CLIENTE_CAMBIADO),
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0033_ganchos"), ("clientes", "0016_origen")]

    operations = [
        migrations.RunSQL(
            HEAD.format(name=name, table=table, when=when, references=references, rows=rows),
            DROP.format(name=name, table=table),
        )
        for name, table, when, references, rows in TRIGGERS
    ]
