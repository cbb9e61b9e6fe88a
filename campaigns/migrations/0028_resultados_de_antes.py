"""Who was not sent to and who was left out, of the rows that failed before there was a word for each.

Campaign by campaign, each in a transaction of its own, while the product runs; done again, it writes the same.
"""

from django.db import migrations, transaction

CODES = """('cliente_eliminado', 'cliente_inactivo', 'sin_telefono', 'telefono_invalido', 'pais_no_permitido', 'baja',
    'baja_dudosa', 'rne', 'sin_consentimiento', 'frecuencia', 'telefono_duplicado')"""
WITH_FAILURES = "SELECT DISTINCT campana_id FROM campaigns_lote WHERE fallidos > 0 ORDER BY 1"
LOTES = f"""
UPDATE campaigns_lote l SET no_enviados = f.no_enviados, excluidos = f.excluidos
FROM (SELECT lote_id, count(*) FILTER (WHERE codigo IN ('campana_cancelada', 'plazo_vencido')) AS no_enviados,
        count(*) FILTER (WHERE codigo IN {CODES}) AS excluidos
      FROM campaigns_smslog WHERE campana_id = %(id)s AND estado = 'fallido' GROUP BY 1) f
WHERE l.id = f.lote_id AND l.estado IN ('cerrado', 'pendiente') AND l.cerrado_en IS NOT NULL
"""  # noqa: S608 - constants
CAMPANA = """
UPDATE campaigns_campanasms c SET no_enviados = t.no_enviados, excluidos = t.excluidos
FROM (SELECT sum(no_enviados) AS no_enviados, sum(excluidos) AS excluidos
      FROM campaigns_lote WHERE campana_id = %(id)s AND fallidos > 0) t
WHERE c.id = %(id)s AND c.completado_en IS NOT NULL
"""


def count(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WITH_FAILURES)
        for (campana_id,) in cursor.fetchall():
            with transaction.atomic(schema_editor.connection.alias):
                cursor.execute(LOTES, {"id": campana_id})
                cursor.execute(CAMPANA, {"id": campana_id})


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("campaigns", "0027_resultados")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
