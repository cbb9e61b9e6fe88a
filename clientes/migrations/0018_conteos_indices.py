"""The indexes by which the preview of a campaign finds whom the counts cannot judge, and a call with many clients the
client of a document. Made beside running campaigns."""

import clientes.models.baja
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('clientes', '0017_conteos'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='cliente',
            index=models.Index(models.F('usuario'), models.OrderBy(django.db.models.functions.text.Length('nombre'), descending=True), models.F('id'), name='cliente_por_largo'),
        ),
        AddIndexConcurrently(
            model_name='cliente',
            index=models.Index(clientes.models.baja.Huella('telefono_e164'), condition=models.Q(('telefono_e164', ''), _negated=True), name='cliente_por_huella'),
        ),
        AddIndexConcurrently(
            model_name='cliente',
            index=models.Index(condition=models.Q(django.db.models.lookups.Exact(models.Func('nombre', function='clientes_clase', output_field=models.CharField()), models.Value('raro'))), fields=['usuario'], name='cliente_raro'),
        ),
        AddIndexConcurrently(
            model_name='cliente',
            index=models.Index(models.F('usuario'), models.Func('documento', output_field=models.TextField(), template="upper(CASE WHEN %(expressions)s ~ '[.,\\s]' THEN regexp_replace(%(expressions)s, '[.,](?=\\d{3}(?!\\d))|(?<=\\d{4}|\\.\\d{3})[.,]0{1,2}$|\\s', '', 'g') ELSE %(expressions)s END)"), condition=models.Q(('documento', ''), _negated=True), name='cliente_por_clave'),
        ),
    ]
