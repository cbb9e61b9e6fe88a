from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0015_smslog_prueba'),
    ]

    operations = [
        migrations.AddField(
            model_name='lote',
            name='dudoso_desde',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
