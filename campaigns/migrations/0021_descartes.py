"""Messages that Twilio dropped unsent, and the index that finds their rows: made beside running claims, which an
index in a transaction would keep waiting for a scan of the whole ledger."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('campaigns', '0020_respuestas_dudosas'),
        ('clientes', '0009_rne_desde'),
    ]

    operations = [
        migrations.CreateModel(
            name='Descarte',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sid', models.CharField(max_length=100, unique=True)),
                ('codigo', models.CharField(max_length=10)),
                ('creado', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.AddField(
            model_name='descarte',
            name='log',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='descartes', to='campaigns.smslog'),
        ),
        AddIndexConcurrently(
            model_name='smslog',
            index=models.Index(condition=models.Q(('entrega', 'failed'), ('estado', 'enviado')), fields=['campana', 'lote'], name='smslog_descartado'),
        ),
    ]
