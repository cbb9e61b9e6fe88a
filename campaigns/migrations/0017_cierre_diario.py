import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0016_lote_dudoso'),
    ]

    operations = [
        migrations.CreateModel(
            name='CierreDiario',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dia', models.DateField(unique=True)),
                ('estado', models.CharField(choices=[('leyendo', 'Leyendo'), ('buscando', 'Buscando'), ('comparando', 'Comparando'), ('listo', 'Listo')], default='leyendo', max_length=10)),
                ('siguiente', models.TextField(blank=True, default='')),
                ('cursor', models.BigIntegerField(default=0)),
                ('turno', models.UUIDField(blank=True, null=True)),
                ('turno_hasta', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('veces', models.PositiveSmallIntegerField(default=1)),
                ('paginas', models.PositiveIntegerField(default=0)),
                ('mensajes', models.PositiveIntegerField(default=0)),
                ('ajenos', models.PositiveIntegerField(default=0)),
                ('recibidos', models.PositiveIntegerField(default=0)),
                ('rechazados', models.PositiveIntegerField(default=0)),
                ('filas', models.PositiveIntegerField(default=0)),
                ('segmentos', models.PositiveIntegerField(default=0)),
                ('costo', models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ('moneda', models.CharField(blank=True, default='', max_length=3)),
                ('sin_precio', models.PositiveIntegerField(default=0)),
                ('al_dia', models.PositiveIntegerField(default=0)),
                ('corregidos', models.PositiveIntegerField(default=0)),
                ('consultados', models.PositiveIntegerField(default=0)),
                ('sin_consultar', models.PositiveIntegerField(default=0)),
                ('diferencias', models.JSONField(blank=True, default=dict)),
                ('creado', models.DateTimeField(auto_now_add=True)),
                ('terminado_en', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'cierre diario',
                'verbose_name_plural': 'cierres diarios',
                'ordering': ('-dia',),
            },
        ),
        migrations.CreateModel(
            name='Diferencia',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tipo', models.CharField(choices=[('mensaje_sin_fila', 'Mensaje de Twilio sin destinatario nuestro'), ('fila_sin_mensaje', 'Destinatario enviado que Twilio no tiene'), ('destinatario_distinto', 'Otro teléfono'), ('estado_distinto', 'Otro resultado'), ('segmentos_distintos', 'Otros segmentos'), ('precio_distinto', 'Otro precio')], max_length=21)),
                ('sid', models.CharField(max_length=100)),
                ('log_id', models.BigIntegerField(blank=True, null=True)),
                ('campana_id', models.BigIntegerField(blank=True, null=True)),
                ('nuestro', models.CharField(blank=True, max_length=100)),
                ('de_twilio', models.CharField(blank=True, max_length=100)),
                ('cierre', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='detalle', to='campaigns.cierrediario')),
            ],
            options={
                'ordering': ('id',),
                'indexes': [models.Index(fields=['cierre', 'tipo', 'id'], name='diferencia_por_tipo')],
            },
        ),
        migrations.CreateModel(
            name='MensajeListado',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sid', models.CharField(max_length=100)),
                ('telefono', models.CharField(blank=True, max_length=60)),
                ('estado', models.CharField(blank=True, max_length=20)),
                ('codigo', models.CharField(blank=True, max_length=10)),
                ('segmentos', models.PositiveIntegerField(default=0)),
                ('precio', models.DecimalField(decimal_places=6, max_digits=14, null=True)),
                ('moneda', models.CharField(blank=True, max_length=3)),
                ('propio', models.BooleanField()),
                ('cierre', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='listados', to='campaigns.cierrediario')),
            ],
            options={
                'indexes': [models.Index(fields=['cierre', 'id'], name='listado_por_cierre')],
                'constraints': [models.UniqueConstraint(fields=('cierre', 'sid'), name='listado_una_vez')],
            },
        ),
    ]
