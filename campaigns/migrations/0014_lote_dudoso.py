from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0013_smslog_lote_estadistica'),
    ]

    operations = [
        migrations.AddField(
            model_name='lote',
            name='dudoso_desde',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
