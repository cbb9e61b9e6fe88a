from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_conciliacion'),
    ]

    operations = [
        migrations.AddField(
            model_name='lote',
            name='publicado_hasta',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='lote',
            index=models.Index(condition=models.Q(('estado', 'pendiente')), fields=['campana', 'numero'], name='lote_por_abrir'),
        ),
    ]
