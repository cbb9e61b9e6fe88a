"""A sender is one shop's at a time.

Where several claim it, it stays with the one from which Twilio has taken messages first, else with the first. The
installation's own stays with nobody. The others keep their rows, for their campaigns' history, and offer them no more.
"""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def dejar_en_una(apps, schema_editor):
    Remitente = apps.get_model("campaigns", "Remitente")
    CampanaSMS = apps.get_model("campaigns", "CampanaSMS")
    propio = {settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_SENDER} - {""}
    Remitente.objects.filter(valor__in=propio).update(activo=False)
    repetidos = (
        Remitente.objects.filter(activo=True).order_by().values_list("valor").annotate(n=models.Count("id")).filter(n__gt=1)
    )
    for valor in [row[0] for row in repetidos]:
        filas = Remitente.objects.filter(valor=valor, activo=True)
        enviada = (
            CampanaSMS.objects.filter(Q(enviados_exitosos__gt=0) | Q(lotes__exitosos__gt=0), remitente__in=filas)
            .order_by("iniciado_en", "pk")
            .first()
        )
        queda = enviada.remitente_id if enviada else filas.order_by("pk").values_list("pk", flat=True)[0]
        filas.exclude(pk=queda).update(activo=False)


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0018_revision_en_la_bitacora'),
    ]

    operations = [
        migrations.RunPython(dejar_en_una, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='remitente',
            constraint=models.UniqueConstraint(condition=models.Q(('activo', True)), fields=('valor',), name='remitente_de_una_tienda', violation_error_message='Ese remitente ya es de una tienda.'),
        ),
    ]
