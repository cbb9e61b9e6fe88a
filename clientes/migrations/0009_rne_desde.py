import django.utils.timezone
from django.db import migrations, models

# The day of the consultation that brought a number last is the earliest that is known of it.
RELLENAR = """
UPDATE clientes_numerorne n SET desde = c.consultado_en FROM clientes_consultarne c WHERE c.id = n.consulta_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clientes', '0008_archivos_examinados'),
    ]

    operations = [
        migrations.AddField(
            model_name='numerorne',
            name='desde',
            field=models.DateField(null=True),
        ),
        migrations.RunSQL(RELLENAR, migrations.RunSQL.noop),
        # A table with changes that wait for their constraints' checks cannot be altered.
        migrations.RunSQL('SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED', migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='numerorne',
            name='desde',
            field=models.DateField(default=django.utils.timezone.localdate),
        ),
    ]
