from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Turno',
            fields=[
                ('tarea', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('tomado_en', models.DateTimeField()),
            ],
        ),
    ]
