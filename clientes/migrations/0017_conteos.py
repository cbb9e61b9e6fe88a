"""Counts of clients, kept by triggers. A shop that is there already is counted by the workers: `clientes.conteos`."""

from django.db import migrations, models

# The letters of a name as they count in an SMS (`campaigns.vista_previa.costo`): every character of the first class is
# one septet of the GSM-7 basic table, every character of the second one UTF-16 unit that no neighbour joins into a
# grapheme. POSIX bracket expressions of PostgreSQL.
FUNCTIONS = """
CREATE FUNCTION clientes_clase(nombre text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN nombre ~ '^[A-Za-z0-9 .,''&()/éÉñÑüÜàèìòùÄÖäöÅåÆæØøßÇ-]*$' THEN 'gsm7'
    WHEN nombre ~ '^[A-Za-z0-9 .,''&()/À-ÖØ-öø-ſ-]*$' THEN 'ucs2' ELSE 'raro' END
$$;
CREATE FUNCTION clientes_telefono(telefono text, e164 text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (CASE WHEN telefono = '' THEN 0 WHEN e164 = '' THEN 1 WHEN starts_with(e164, '+1500555') THEN 3 ELSE 2 END)
    ::smallint
$$;
"""
# An index may hold the fingerprint of a phone, with what PostgreSQL takes for the same whatever the settings: the bytes
# of a text instead of its conversion. The key stays where it is, and every fingerprint what it was.
HUELLA = r"""
DO $do$
BEGIN
    EXECUTE replace(replace(pg_get_functiondef('clientes_huella(text)'::regprocedure), ' STABLE ', ' IMMUTABLE '),
        $$convert_to(telefono, 'UTF8')$$, $$decode(replace(telefono, '\', '\\'), 'escape')$$);
END $do$
"""
DROP_HUELLA = "ALTER FUNCTION clientes_huella(text) STABLE"
DROP_FUNCTIONS = """
DROP FUNCTION clientes_telefono(text, text);
DROP FUNCTION clientes_clase(text);
"""

# What of a client's row `c` counts, in the order of the columns that it goes to.
OF = """c.activo, clientes_telefono(c.telefono, c.telefono_e164), c.movil, c.pais, c.consentimiento_en IS NOT NULL,
    clientes_clase(c.nombre), char_length(c.nombre)::smallint"""
TO = "(usuario_id, etiqueta_id, activo, telefono, movil, pais, consentido, clase, largo, n)"
MARKS = "clientes_cliente_etiquetas"

# One row for each kind that a statement touches, whatever number of clients it writes. A tag is put on and taken off
# while its client stands still, and the client changes while its tags do: else what became of both together would be
# counted by neither. The locks are taken in the order of ids, as an import takes its own.
TRIGGERS = f"""
CREATE FUNCTION clientes_conteo_entran() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO clientes_conteo {TO}
    SELECT c.usuario_id, 0, {OF}, count(*) FROM nuevos c GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
    INSERT INTO clientes_novedad (usuario_id, desde, hasta)
    SELECT c.usuario_id, min(c.id), max(c.id) FROM nuevos c WHERE c.telefono_e164 <> '' GROUP BY 1;
    RETURN NULL;
END $$;
CREATE TRIGGER conteo_entran AFTER INSERT ON clientes_cliente REFERENCING NEW TABLE AS nuevos
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_entran();

CREATE FUNCTION clientes_conteo_salen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO clientes_conteo {TO}
    SELECT c.usuario_id, coalesce(m.etiqueta_id, 0), {OF}, -count(*)
    FROM viejos c, LATERAL (
        SELECT NULL::bigint AS etiqueta_id
        UNION ALL SELECT e.etiqueta_id FROM {MARKS} e WHERE e.cliente_id = c.id) m
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
    RETURN NULL;
END $$;
CREATE TRIGGER conteo_salen AFTER DELETE ON clientes_cliente REFERENCING OLD TABLE AS viejos
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_salen();

CREATE FUNCTION clientes_conteo_cambian() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH cambiados AS MATERIALIZED (
        SELECT o.id, o AS antes, n AS ahora FROM viejos o JOIN nuevos n USING (id)
        WHERE (o.usuario_id, o.activo, o.telefono, o.telefono_e164, o.movil, o.pais, o.nombre,
                o.consentimiento_en IS NULL)
            IS DISTINCT FROM (n.usuario_id, n.activo, n.telefono, n.telefono_e164, n.movil, n.pais, n.nombre,
                n.consentimiento_en IS NULL)
    ), telefonos AS (
        INSERT INTO clientes_novedad (usuario_id, desde, hasta)
        SELECT (ahora).usuario_id, id, id FROM cambiados
        WHERE (ahora).telefono_e164 <> ''
            AND ((ahora).usuario_id, (ahora).telefono_e164) <> ((antes).usuario_id, (antes).telefono_e164)
    ), marcas AS (
        SELECT id, NULL::bigint AS etiqueta_id FROM cambiados
        UNION ALL SELECT k.id, e.etiqueta_id FROM cambiados k JOIN {MARKS} e ON e.cliente_id = k.id
    )
    INSERT INTO clientes_conteo {TO}
    SELECT c.usuario_id, coalesce(etiqueta_id, 0), {OF}, sum(signo)
    FROM (SELECT (k.antes).*, m.etiqueta_id, -1 AS signo FROM cambiados k JOIN marcas m USING (id)
        UNION ALL SELECT (k.ahora).*, m.etiqueta_id, 1 FROM cambiados k JOIN marcas m USING (id)) c
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(signo) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER conteo_cambian AFTER UPDATE ON clientes_cliente REFERENCING OLD TABLE AS viejos NEW TABLE AS nuevos
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_cambian();

CREATE FUNCTION clientes_conteo_marcas() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH c AS MATERIALIZED (
        SELECT * FROM clientes_cliente WHERE id IN (SELECT cliente_id FROM marcas) ORDER BY id FOR SHARE)
    INSERT INTO clientes_conteo {TO}
    SELECT c.usuario_id, m.etiqueta_id, {OF}, CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END * count(*)
    FROM marcas m JOIN c ON c.id = m.cliente_id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
    RETURN NULL;
END $$;
CREATE TRIGGER conteo_marcas_entran AFTER INSERT ON {MARKS} REFERENCING NEW TABLE AS marcas
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_marcas();
CREATE TRIGGER conteo_marcas_salen AFTER DELETE ON {MARKS} REFERENCING OLD TABLE AS marcas
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_marcas();

CREATE FUNCTION clientes_conteo_otra_vez() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM clientes_contada;
    RETURN NULL;
END $$;
CREATE TRIGGER conteo_otra_vez AFTER TRUNCATE ON clientes_cliente
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_otra_vez();
CREATE TRIGGER conteo_otra_vez AFTER UPDATE OR TRUNCATE ON {MARKS}
FOR EACH STATEMENT EXECUTE FUNCTION clientes_conteo_otra_vez();
"""
DROP_TRIGGERS = f"""
DROP TRIGGER conteo_otra_vez ON {MARKS};
DROP TRIGGER conteo_otra_vez ON clientes_cliente;
DROP TRIGGER conteo_marcas_salen ON {MARKS};
DROP TRIGGER conteo_marcas_entran ON {MARKS};
DROP TRIGGER conteo_cambian ON clientes_cliente;
DROP TRIGGER conteo_salen ON clientes_cliente;
DROP TRIGGER conteo_entran ON clientes_cliente;
DROP FUNCTION clientes_conteo_otra_vez();
DROP FUNCTION clientes_conteo_marcas();
DROP FUNCTION clientes_conteo_cambian();
DROP FUNCTION clientes_conteo_salen();
DROP FUNCTION clientes_conteo_entran();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clientes', '0016_origen'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contada',
            fields=[
                ('usuario_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('en', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Compartido',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('usuario_id', models.BigIntegerField()),
                ('cliente_id', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('usuario_id', 'cliente_id'), name='compartido_una_vez')],
            },
        ),
        migrations.CreateModel(
            name='Conteo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('usuario_id', models.BigIntegerField()),
                ('etiqueta_id', models.BigIntegerField(default=0)),
                ('activo', models.BooleanField()),
                ('telefono', models.SmallIntegerField(choices=[(0, 'Ninguno'), (1, 'Invalido'), (2, 'Valido'), (3, 'Prueba')])),
                ('movil', models.BooleanField()),
                ('pais', models.CharField(max_length=2)),
                ('consentido', models.BooleanField()),
                ('clase', models.CharField(max_length=4)),
                ('largo', models.SmallIntegerField()),
                ('n', models.BigIntegerField()),
                ('sumado', models.BooleanField(db_default=False, default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['usuario_id', 'etiqueta_id'], name='conteo_por_tienda'), models.Index(condition=models.Q(('sumado', False)), fields=['usuario_id'], name='conteo_por_sumar')],
            },
        ),
        migrations.CreateModel(
            name='Novedad',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('usuario_id', models.BigIntegerField()),
                ('desde', models.BigIntegerField()),
                ('hasta', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['usuario_id'], name='novedad_por_tienda')],
            },
        ),
        migrations.RunSQL(HUELLA, DROP_HUELLA),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
