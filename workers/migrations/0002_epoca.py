from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workers', '0001_turno'),
    ]

    operations = [
        migrations.CreateModel(
            name='Epoca',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('sistema', models.BigIntegerField()),
                ('linea', models.CharField(max_length=8)),
                ('arranque', models.DateTimeField()),
                ('tabla', models.BigIntegerField()),
                ('desde', models.DateTimeField()),
            ],
        ),
    ]
