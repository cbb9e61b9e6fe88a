"""Consents that clients had before there was a history of them are its first rows: a later change does not lose them.

And no client has a proof without a consent, which is found to be so while others write.
"""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

OF_BEFORE = """
INSERT INTO clientes_registroconsentimiento (cliente_id, creado, archivo, en, hora, fuente, medio, texto, lugar)
SELECT c.id, now(), '', c.consentimiento_en, c.consentimiento_hora, c.consentimiento_fuente, c.consentimiento_medio,
    c.consentimiento_texto, c.consentimiento_lugar
FROM clientes_cliente c WHERE c.consentimiento_en IS NOT NULL
    AND NOT EXISTS (SELECT FROM clientes_registroconsentimiento r WHERE r.cliente_id = c.id)
"""


class Migration(migrations.Migration):
    dependencies = [("clientes", "0011_lote_clientes")]

    operations = [
        ValidateConstraint("cliente", "cliente_prueba_de_un_consentimiento"),
        migrations.RunSQL(OF_BEFORE, migrations.RunSQL.noop),
    ]
