"""What is remembered of a day's contacts when nobody counted them, and when it is forgotten."""

from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from campaigns.cupos.models import Contacto

# Contacts are asked about on their own day, in every zone.
GUARDAR = timedelta(days=3)

# Lote by Lote would not help: what was sent today is in every Lote that was open today.
RECORDAR_SQL = """
INSERT INTO campaigns_contacto (usuario_id, dia, telefono, n, campana_id)
SELECT %(tienda)s, %(dia)s, s.telefono, row_number() OVER (PARTITION BY s.telefono ORDER BY s.id), s.campana_id
FROM campaigns_smslog s JOIN campaigns_campanasms c ON c.id = s.campana_id
WHERE c.usuario_id = %(tienda)s AND c.clase = 'promocional' AND c.iniciado_en IS NOT NULL
    AND (c.completado_en IS NULL OR c.completado_en >= %(desde)s)
    AND s.estado IN ('enviando', 'enviado', 'incierto') AND s.reclamado_en >= %(desde)s
ON CONFLICT DO NOTHING
"""


def recordar_contactos(*, tenant_id: int, dia: date, desde: datetime) -> int:
    """Count what was sent today while the shop did not limit it; how many phones' contacts that were.

    Args:
        dia: today, on the shop's calendar.
        desde: when it began.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECORDAR_SQL, {"tienda": tenant_id, "dia": dia, "desde": desde})
        return int(cursor.rowcount)


def olvidar_contactos() -> int:
    """Delete the contacts of past days; how many."""
    deleted, _ = Contacto.objects.filter(dia__lt=timezone.now().date() - GUARDAR).delete()
    return deleted
