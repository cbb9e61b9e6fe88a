"""Recipients of a Lote that a cap leaves no room for: they are set aside, and the others go out.

They wait in a Lote of their own, which is as one that *reintentar* opens once more: not open, with rows that failed.
Their tasks may be in the queues already, and find nothing to claim. When the Lote opens, they are judged again.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from campaigns.ley.gasto import Medida, operador_sql
from campaigns.models import Lote
from campaigns.values import codigos
from campaigns.values.estados import SMS

MIDE: Final[dict[Medida, str]] = {
    "monto": "coalesce(costo, 0)",
    "operador": f"coalesce({operador_sql('costo', 'segmentos')}, 0)",
    "mensajes": "1",
}

# The waiting rows, the first of which stay: lists of a campaign begin with the lowest row of its first Lote. Who takes
# more than the whole cap never stays, and keeps nobody behind out.
REST_SQL: Final = f"""
SELECT id FROM (
    SELECT id, espera, caro, sum(CASE WHEN caro THEN 0 ELSE mide END) OVER (ORDER BY espera, id) AS hasta
    FROM (SELECT id, mide, espera, espera AND mide > %(todo)s::numeric IS TRUE AS caro
        FROM (SELECT id, {{mide}} AS mide, estado = {SMS.PENDIENTE} AS espera
            FROM campaigns_smslog WHERE lote_id = %(lote)s AND estado IN {SMS.VIVOS}) a) b
) f WHERE espera AND (%(libre)s::numeric IS NULL OR caro OR hasta > %(libre)s) ORDER BY id
"""  # noqa: S608 - constants
WAITING_SQL: Final = f"SELECT count(*) FROM campaigns_smslog WHERE lote_id = %s AND estado = {SMS.PENDIENTE}"  # noqa: S608 - constants

ASIDE_SQL: Final = f"""
UPDATE campaigns_smslog s SET estado = {SMS.FALLIDO}, codigo = %(codigo)s, error = %(texto)s, lote_id = %(otro)s,
    actualizado = now()
WHERE s.id = ANY(%(ids)s) AND s.lote_id = %(lote)s AND s.estado = {SMS.PENDIENTE} RETURNING s.cliente_id
"""  # noqa: S608 - constants
PART_SQL: Final = """
UPDATE campaigns_lote l SET total = total - %(n)s, cliente_ids = ARRAY(
    SELECT u.id FROM unnest(l.cliente_ids) WITH ORDINALITY AS u(id, n) WHERE u.id <> ALL(%(clientes)s) ORDER BY u.n)
WHERE id = %(lote)s RETURNING total
"""

# What certainly was not sent gives its phone's contact back.
GIVE_BACK_SQL: Final = f"""
DELETE FROM campaigns_contacto k USING campaigns_smslog s
WHERE s.lote_id = %(lote)s AND s.estado = {SMS.FALLIDO} AND s.telefono <> '' AND s.codigo <> ALL (%(no)s)
    AND k.usuario_id = %(tenant)s AND k.dia = %(dia)s AND k.telefono = s.telefono AND k.campana_id = s.campana_id
"""  # noqa: S608 - constants


def give_contacts_back(lote_id: int, usuario_id: int, dia: date) -> None:
    """Let the phones of what certainly was not sent be written to on the day."""
    no = [codigos.TELEFONO_DUPLICADO, codigos.DESCONOCIDO]
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK_SQL, {"lote": lote_id, "tenant": usuario_id, "dia": dia, "no": no})


def fit(lote: Lote, medida: Medida, libre: Decimal | None, todo: Decimal | None, *, dia: date) -> bool:
    """Set a Lote's last waiting recipients aside, so that the others take no more than there is.

    The caller holds the locks of the campaign and the Lote.

    Args:
        libre: what those who stay may take of the measure; None: nobody who waits stays.
        todo: what one of them may take at the most: all that the cap lets through on a day; None for no bound.
        dia: on the shop's calendar: whoever is set aside has not been written to on it.

    Returns:
        Whether somebody was set aside, and somebody stays.
    """
    params: dict[str, Any] = {"lote": lote.pk, "libre": libre, "todo": todo, "precio": settings.SMS_SEGMENT_PRICE}
    with connection.cursor() as cursor:
        cursor.execute(REST_SQL.format(mide=MIDE[medida]), params)
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(WAITING_SQL, [lote.pk])
        if not ids or (libre is not None and len(ids) >= cursor.fetchone()[0]):
            return False
        lotes = Lote.objects.filter(campana_id=lote.campana_id)
        last = lotes.order_by("-numero").values_list("numero", flat=True)[0]
        other = Lote.objects.create(
            campana_id=lote.campana_id,
            numero=last + 1,
            cliente_ids=[],
            total=0,
            cerrado_en=Now(),
            dudoso_desde=lote.dudoso_desde,  # what was sent of it and forgotten is looked up before it goes again
        )
        said = {"codigo": codigos.TOPE, "texto": codigos.TEXTOS[codigos.TOPE], "otro": other.pk, "ids": ids}
        cursor.execute(ASIDE_SQL, params | said)
        moved = [row[0] for row in cursor.fetchall()]
        if not moved:  # all of them were claimed meanwhile
            other.delete()
            return True
        clientes = [pk for pk in moved if pk is not None]
        cursor.execute(PART_SQL, {"lote": lote.pk, "n": len(moved), "clientes": clientes})
        lote.total = cursor.fetchone()[0]
    Lote.objects.filter(pk=other.pk).update(total=len(moved), fallidos=len(moved), cliente_ids=clientes)
    for day in {dia, lote.cupo_dia or dia}:
        give_contacts_back(other.pk, lote.campana.usuario_id, day)
    return True
