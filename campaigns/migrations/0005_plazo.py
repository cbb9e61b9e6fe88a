from datetime import timedelta

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


def give_a_deadline(apps, schema_editor):
    """Those that are under way get theirs from now on."""
    campanas = apps.get_model('campaigns', 'CampanaSMS').objects
    campanas.filter(completado_en=None).exclude(iniciado_en=None).update(
        vence_en=Now() + timedelta(hours=settings.CAMPAIGN_DEADLINE_H)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0004_lote_por_tandas'),
    ]

    operations = [
        migrations.AddField(
            model_name='campanasms',
            name='vence_en',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campanasms',
            name='desconocidos',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='lote',
            name='desconocidos',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunPython(give_a_deadline, migrations.RunPython.noop, elidable=True),
    ]
