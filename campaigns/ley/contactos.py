"""The contacts of a day: counting them afterwards when nobody counted, and forgetting them."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns.values.estados import SMS
from core.postgresql import lending

# Contacts are asked about on their own day, in every zone.
GUARDAR = timedelta(days=3)

# Rows that one statement looks at: however much was sent, none takes long.
TRAMO = 20_000

DE_HOY_SQL = """
SELECT c.id FROM campaigns_campanasms c
WHERE c.usuario_id = %(tienda)s AND c.clase = 'promocional' AND NOT c.prueba AND c.iniciado_en IS NOT NULL
    AND (c.completado_en IS NULL OR c.completado_en >= %(desde)s) ORDER BY c.id
"""
HASTA_SQL = "SELECT id FROM campaigns_smslog WHERE campana_id = %s AND id > %s ORDER BY id OFFSET %s LIMIT 1"
# A campaign writes to a phone once.
RECORDAR_SQL = f"""
INSERT INTO campaigns_contacto (usuario_id, dia, telefono, n, campana_id)
SELECT %(tienda)s, %(dia)s, s.telefono, 1 + k.n, s.campana_id
FROM campaigns_smslog s CROSS JOIN LATERAL (
    SELECT coalesce(max(n), 0) AS n, coalesce(bool_or(campana_id = %(campana)s), false) AS propio
    FROM campaigns_contacto WHERE usuario_id = %(tienda)s AND dia = %(dia)s AND telefono = s.telefono
) k
WHERE s.campana_id = %(campana)s AND s.id > %(tras)s AND s.id <= %(hasta)s
    AND s.estado IN {SMS.QUIZAS_LEIDOS} AND s.reclamado_en >= %(desde)s AND NOT k.propio
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants
# Each its own transaction, under beat: what was deleted stays deleted.
OLVIDAR_SQL = """
DELETE FROM campaigns_contacto WHERE id IN (SELECT id FROM campaigns_contacto WHERE dia < %s LIMIT %s)
"""
MAX_ID = 2**63 - 1


def recordar_contactos(*, tenant_id: int, dia: date, desde: datetime) -> int:
    """Count what was sent today while the shop did not limit it; return how many phones' contacts that were.

    Args:
        dia: today, on the shop's calendar.
        desde: when it began.
    """
    params: dict[str, Any] = {"tienda": tenant_id, "dia": dia, "desde": desde}
    recorded = 0
    with connection.cursor() as cursor:
        cursor.execute(DE_HOY_SQL, params)
        for (campana_id,) in cursor.fetchall():
            after: int | None = 0
            while after is not None:
                cursor.execute(HASTA_SQL, [campana_id, after, TRAMO - 1])
                found = cursor.fetchone()
                last = {"campana": campana_id, "tras": after, "hasta": found[0] if found else MAX_ID}
                cursor.execute(RECORDAR_SQL, params | last)
                recorded += cursor.rowcount
                after = found and found[0]
    return recorded


def olvidar_contactos() -> int:
    """Delete the contacts of past days, in slices; return how many."""
    deleted = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(OLVIDAR_SQL, [timezone.now().date() - GUARDAR, TRAMO])
            found = int(cursor.rowcount)
        deleted += found
        if found < TRAMO:
            return deleted
        lending.let_others()
