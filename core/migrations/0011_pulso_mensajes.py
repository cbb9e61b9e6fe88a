from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0010_personas")]

    operations = [
        migrations.AddField(
            model_name="pulso",
            name="mensajes",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
