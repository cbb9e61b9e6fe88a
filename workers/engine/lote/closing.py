"""Closing a Lote: its rows are summed, and it moves on by what they say."""

from django.conf import settings
from django.db import connection, transaction

from campaigns.audiencia.resultado import cuantos_sql
from campaigns.values import codigos
from campaigns.values.estados import CAMPANA, LOTE, LOTES_EN_CURSO, SMS
from workers.engine.lote import cupos
from workers.metrics.measures import LOTES, Closer

LONGEST_BACKOFF_S = 300.0

LOCK_SQL = "SELECT campana_id, estado, publicado_hasta FROM campaigns_lote WHERE id = %s FOR UPDATE"

SUMS_SQL = f"""
SELECT count(*) FILTER (WHERE estado = {SMS.ENVIADO}), count(*) FILTER (WHERE estado = {SMS.FALLIDO}),
    count(*) FILTER (WHERE estado = {SMS.PENDIENTE}), count(*) FILTER (WHERE estado = {SMS.ENVIANDO}),
    count(*) FILTER (WHERE estado = {SMS.INCIERTO}),
    count(*) FILTER (WHERE estado = {SMS.FALLIDO} AND codigo = %s),
    count(*) FILTER (WHERE estado = {SMS.PENDIENTE} AND id > %s),
    coalesce(max(intentos) FILTER (WHERE estado = {SMS.PENDIENTE}), 0), {cuantos_sql()}
FROM campaigns_smslog WHERE lote_id = %s
"""  # noqa: S608 - constants

# Where it goes from LOTES_EN_CURSO.
AGAIN_SQL = f"""
UPDATE campaigns_lote SET estado = {LOTE.ABIERTO}, publicado_hasta = %s,
    publicar_desde = coalesce(publicar_desde, now() + %s * interval '1 second') WHERE id = %s
"""  # noqa: S608 - constants
DOUBTFUL_SQL = f"UPDATE campaigns_lote SET estado = {LOTE.POR_CONCILIAR}, publicar_desde = NULL WHERE id = %s"  # noqa: S608 - constants
CLOSED_SQL = f"""
UPDATE campaigns_lote SET estado = {LOTE.CERRADO}, exitosos = %s, fallidos = %s, desconocidos = %s,
    no_enviados = %s, excluidos = %s, cerrado_en = now(), publicar_desde = NULL, contado_en = NULL, asentado = false
WHERE id = %s
"""  # noqa: S608 - constants


def close(lote_id: int, by: Closer = Closer.CHORD) -> int | None:
    """Sum a Lote's rows and move it on; return its campaign's id, or None when there is no such Lote.

    - every row final: `cerrado`, with its sums;
    - only uncertain rows left: `por_conciliar`, which leaves the window to the next Lote;
    - pending rows left that were not published yet: they are the next slice, at once;
    - pending rows left (paused, told to slow down, lost): published again later, with a backoff.

    Args:
        by: who asks, for the count of closed Lotes.
    """
    closed = False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_SQL, [lote_id])
        row = cursor.fetchone()
        if row is None:
            return None
        campana_id, estado, published = int(row[0]), row[1], row[2]
        if estado not in LOTES_EN_CURSO:
            return campana_id
        cursor.execute(SUMS_SQL, [codigos.DESCONOCIDO, published, lote_id])
        exitosos, fallidos, pendientes, enviando, inciertos, desconocidos, *rest = cursor.fetchone()
        next_slice, intentos, no_enviados, excluidos = rest
        if pendientes:
            again = [published, 0.0, lote_id] if next_slice else [None, backoff(intentos), lote_id]
            cursor.execute(AGAIN_SQL, again)
        elif inciertos and not enviando:
            cursor.execute(DOUBTFUL_SQL, [lote_id])
        elif not enviando:
            cursor.execute(CLOSED_SQL, [exitosos, fallidos, desconocidos, no_enviados, excluidos, lote_id])
            cupos.settle(lote_id)
            closed = True
    if closed:
        LOTES.labels(by).inc()
    return campana_id


# Of a Lote that was closed once: all its rows are final. The count of its deliveries begins anew.
RESUM_SQL = f"""
UPDATE campaigns_lote l SET exitosos = f.exitosos, fallidos = f.fallidos, desconocidos = f.desconocidos,
    no_enviados = f.no_enviados, excluidos = f.excluidos, contado_en = NULL, asentado = false
FROM (SELECT count(*) FILTER (WHERE estado = {SMS.ENVIADO}) AS exitosos,
        count(*) FILTER (WHERE estado = {SMS.FALLIDO}) AS fallidos,
        count(*) FILTER (WHERE estado = {SMS.FALLIDO} AND codigo = %(desconocido)s) AS desconocidos,
        {cuantos_sql()}
      FROM campaigns_smslog WHERE lote_id = %(lote)s) f
WHERE l.id = %(lote)s AND l.estado IN {LOTE.SUMADOS} AND l.cerrado_en IS NOT NULL
"""  # noqa: S608 - constants


def resum(lote_id: int) -> None:
    """Sum a closed Lote again, because a final row of it became another; one that is open is summed when it closes.

    The caller holds its lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(RESUM_SQL, {"lote": lote_id, "desconocido": codigos.DESCONOCIDO})
        if cursor.rowcount:
            cupos.settle(lote_id)


def backoff(intentos: int) -> float:
    """Return how many seconds a Lote waits before its pending rows are tried again.

    Args:
        intentos: attempts already made for the most tried of them.
    """
    return min(settings.RETRY_BACKOFF_S * 2.0 ** max(intentos - 1, 0), LONGEST_BACKOFF_S)


CANCELLED = f"""
FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
WHERE c.id = %(campana)s AND c.estado = {CAMPANA.CANCELADO} AND l.estado = {LOTE.ABIERTO}
"""
CANCEL_SQL = f"""
UPDATE campaigns_smslog s SET estado = {SMS.FALLIDO}, codigo = %(codigo)s, error = %(texto)s, actualizado = now()
{CANCELLED} AND s.lote_id = l.id AND s.estado = {SMS.PENDIENTE}
"""  # noqa: S608 - constants
CANCELLED_SQL = f"SELECT l.id {CANCELLED}"


def fail_cancelled(campana_id: int) -> None:
    """Rows that were waiting when their campaign was cancelled end `fallido`; those in mid-call finish first."""
    codigo = codigos.CAMPANA_CANCELADA
    params: dict[str, int | str] = {"campana": campana_id, "codigo": codigo, "texto": codigos.TEXTOS[codigo]}
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_SQL, params)
        cursor.execute(CANCELLED_SQL, params)
        open_ids = [row[0] for row in cursor.fetchall()]
    for lote_id in open_ids:
        close(lote_id, Closer.CANCEL)
