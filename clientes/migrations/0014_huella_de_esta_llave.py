"""That each phone's fingerprint is of this database's key is found to be so, while others write."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clientes", "0013_huella_con_llave")]

    operations = [ValidateConstraint("baja", "baja_de_esta_llave")]
