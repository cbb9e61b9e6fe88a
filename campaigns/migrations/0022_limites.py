"""The operator's ceilings and what is counted for them; the emails that were confirmed.

A shop that is there already keeps the countries in which it has clients: whoever sends to them today goes on doing so, and
the operator takes away what is not needed. A new shop begins with SHOP_COUNTRIES. What was spent until now counts for the
ceilings on money as it did for the shop's own caps.
"""

from typing import Any

from django.conf import settings
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


PAISES_SQL = """
SELECT usuario_id, array_agg(DISTINCT pais) FROM clientes_cliente WHERE pais <> '' GROUP BY usuario_id ORDER BY 1
"""


def keep_countries(apps: Any, schema_editor: Any) -> None:
    usual = set(settings.SHOP_COUNTRIES)
    if "*" in usual:
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(PAISES_SQL)
        found = {usuario_id: set(paises) for usuario_id, paises in cursor.fetchall()}
    ajustes, limites = apps.get_model("campaigns", "Ajustes"), apps.get_model("campaigns", "LimitesTienda")
    for usuario_id, paises in found.items():
        if paises - usual:
            ajustes.objects.get_or_create(usuario_id=usuario_id)
            limites.objects.create(ajustes_id=usuario_id, paises=sorted(paises | usual))


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0021_descartes'),
        ('clientes', '0009_rne_desde'),
    ]

    operations = [
        migrations.CreateModel(
            name='LimitesTienda',
            fields=[
                ('ajustes', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='limites_propios', serialize=False, to='campaigns.ajustes')),
                ('dinero_diario', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('dinero_mensual', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('mensajes_diarios', models.PositiveIntegerField(blank=True, null=True)),
                ('paises', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, null=True, size=None)),
                ('remitentes', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('aprobacion_destinatarios', models.PositiveIntegerField(blank=True, null=True)),
                ('aprobacion_costo', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
            ],
            options={
                'verbose_name': 'límites de una tienda',
                'verbose_name_plural': 'límites de una tienda',
            },
        ),
        migrations.AddField(
            model_name='gasto',
            name='mensajes',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='gasto',
            name='operador',
            field=models.DecimalField(db_default=0, decimal_places=6, default=0, max_digits=18),
        ),
        migrations.AddField(
            model_name='lote',
            name='cupo_mensajes',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='lote',
            name='cupo_mensajes_previos',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='lote',
            name='cupo_operador',
            field=models.DecimalField(db_default=0, decimal_places=6, default=0, max_digits=18),
        ),
        migrations.AddField(
            model_name='lote',
            name='cupo_operador_previo',
            field=models.DecimalField(db_default=0, decimal_places=6, default=0, max_digits=18),
        ),
        migrations.AddField(
            model_name='ajustesalertas',
            name='confirmados',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.EmailField(max_length=254), blank=True, default=list, size=None),
        ),
        migrations.AlterField(
            model_name='alerta',
            name='tipo',
            field=models.CharField(choices=[('campana.pausada', 'Una campaña se pausó sola'), ('campana.detenida', 'Una campaña dejó de avanzar'), ('campana.error', 'Una campaña terminó con error'), ('prueba', 'Prueba'), ('confirmacion', 'Un correo por confirmar')], max_length=20),
        ),
        # Whoever has had alerts until now goes on having them.
        migrations.RunSQL("UPDATE campaigns_ajustesalertas SET confirmados = correos", migrations.RunSQL.noop),
        migrations.RunSQL(
            "UPDATE campaigns_gasto SET operador = monto;"
            "UPDATE campaigns_lote SET cupo_operador = cupo_monto, cupo_operador_previo = cupo_previo"
            " WHERE cupo_dia IS NOT NULL",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(keep_countries, migrations.RunPython.noop),
    ]
