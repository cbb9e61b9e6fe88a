"""A campaign's deadline: what is left by then ends without being sent, and the campaign with it.

Until then nothing is given up: Twilio may be out of reach for a day, and the sender slow. After it a message would come
too late for what it says, and a campaign that never ends can neither be corrected nor counted.
"""

import time

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns.models import CampanaSMS
from campaigns.values import codigos
from workers.engine.lote import lotes
from workers.metrics import measures
from workers.metrics.measures import Closer

# Rows that one statement ends, and seconds that one campaign may take of a sweep: the next sweep goes on.
SLICE = 2_000
TURN_S = 5.0

# Each estado by itself, Lote by Lote, by its index. Asked again where the row is locked: a call that ends then wins.
FAIL_SQL = """
UPDATE campaigns_smslog SET estado = 'fallido', codigo = %(codigo)s, error = %(texto)s, revisar_desde = NULL,
    actualizado = now()
WHERE estado = %(estado)s AND id = ANY(ARRAY(
    SELECT s.id FROM campaigns_lote l CROSS JOIN LATERAL (
        SELECT s.id FROM campaigns_smslog s WHERE s.lote_id = l.id AND s.estado = %(estado)s LIMIT %(slice)s
    ) s
    WHERE l.campana_id = %(campana)s AND l.estado IN ('abierto', 'por_conciliar') LIMIT %(slice)s))
RETURNING lote_id
"""


def overdue(campana_id: int) -> CampanaSMS | None:
    """The campaign if it is not over and its deadline has passed."""
    return CampanaSMS.objects.filter(pk=campana_id, completado_en=None, vence_en__lte=Now()).first()


def grace_s() -> float:
    """Seconds after the deadline in which the last calls end and what is uncertain is still found out: the lease of a
    claim made at the last moment, and two looks at Twilio."""
    return float(settings.LEASE_S + 2 * settings.RECONCILE_INTERVAL_S)


def enforce(campana: CampanaSMS) -> None:
    """End what an overdue campaign left. Safe to call at any time, any number of times.

    What is pending, in open Lotes and in those not opened yet, ends `plazo_vencido`; what is uncertain is looked up a
    little longer and then ends `desconocido`. Calls that are under way end first. A cancelled campaign's pending rows
    have their own reason.
    """
    until = time.monotonic() + TURN_S
    if campana.estado != CampanaSMS.Estado.CANCELADO:
        _fail(campana, "pendiente", codigos.PLAZO_VENCIDO, until)
        while time.monotonic() < until and _fail_next_lote(campana):
            pass
    if _grace_is_over(campana):
        _fail(campana, "incierto", codigos.DESCONOCIDO, until)


def _fail(campana: CampanaSMS, estado: str, codigo: str, until: float) -> None:
    params: dict[str, str | int] = {
        "campana": campana.pk,
        "estado": estado,
        "codigo": codigo,
        "texto": codigos.TEXTOS[codigo],
        "slice": SLICE,
    }
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(FAIL_SQL, params)
            failed = [row[0] for row in cursor.fetchall()]
        if not failed:
            return
        if codigo == codigos.DESCONOCIDO:
            measures.SETTLED.labels("unknown").inc(len(failed))
        for lote_id in sorted(set(failed)):
            lotes.close(lote_id, Closer.DEADLINE)


def _fail_next_lote(campana: CampanaSMS) -> bool:
    """Give the recipients of one unopened Lote their failed rows; True when there was one."""
    with transaction.atomic():
        locked = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana.pk)
        lote = lotes.open_next(locked, sin_enviar=codigos.PLAZO_VENCIDO)
    if lote is None:
        return False
    lotes.close(lote.pk, Closer.DEADLINE)
    return True


def _grace_is_over(campana: CampanaSMS) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT vence_en <= now() - %s * interval '1 second' FROM campaigns_campanasms WHERE id = %s",
            [grace_s(), campana.pk],
        )
        row = cursor.fetchone()
    return bool(row and row[0])
