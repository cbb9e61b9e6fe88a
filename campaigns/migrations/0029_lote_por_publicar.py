from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The publishing clocks of all processes ask what is due, several times a second each."""

    atomic = False

    dependencies = [("campaigns", "0028_resultados_de_antes")]

    operations = [
        AddIndexConcurrently(
            model_name="lote",
            index=models.Index(
                fields=["publicar_desde"],
                name="lote_por_publicar",
                condition=models.Q(estado="abierto", publicar_desde__isnull=False),
            ),
        ),
    ]
