from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workers", "0003_servidor_que_calla")]

    operations = [
        migrations.CreateModel(
            name="Arriendo",
            fields=[
                ("tarea", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("titular", models.UUIDField()),
                ("hasta", models.DateTimeField()),
            ],
        ),
    ]
