"""The index of the list of campaigns without answers, made beside those that run."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('campaigns', '0034_disparadores'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='campanasms',
            index=models.Index(condition=models.Q(('respuesta_a__isnull', True)), fields=['usuario', 'id'], name='campana_sin_respuestas'),
        ),
    ]
