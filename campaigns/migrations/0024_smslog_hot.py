"""Status callbacks that no index learns of, and a ledger that is vacuumed before it is a fifth dead.

Made beside running claims: each lock that is taken lets them read and write.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# Room in each page for the versions that a message's callbacks write; and at a hundred million rows the default scale
# factor of 0.2 would let twenty million of them die first.
# https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS
STORAGE = """
ALTER TABLE campaigns_smslog SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02)
"""
BEFORE = """
ALTER TABLE campaigns_smslog RESET (fillfactor, autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_insert_scale_factor, autovacuum_analyze_scale_factor)
"""


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('campaigns', '0023_prueba'),
    ]

    operations = [
        migrations.RunSQL(STORAGE, BEFORE),
        AddIndexConcurrently(
            model_name='smslog',
            index=models.Index(condition=models.Q(('estado', 'enviado'), models.Q(('entrega_codigo', ''), _negated=True)), fields=['campana', 'lote'], name='smslog_con_codigo'),
        ),
        RemoveIndexConcurrently(
            model_name='smslog',
            name='smslog_descartado',
        ),
    ]
