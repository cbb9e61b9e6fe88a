"""Closing a Lote: its rows are summed, and it moves on by what they say."""

from django.conf import settings
from django.db import connection, transaction

from campaigns.models import Lote
from campaigns.values import codigos
from workers.engine.lote import cupos
from workers.metrics.measures import LOTES, Closer

LONGEST_BACKOFF_S = 300.0


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
        cursor.execute(
            "SELECT campana_id, estado, publicado_hasta FROM campaigns_lote WHERE id = %s FOR UPDATE", [lote_id]
        )
        row = cursor.fetchone()
        if row is None:
            return None
        campana_id, estado, published = int(row[0]), row[1], row[2]
        if estado not in (Lote.Estado.ABIERTO, Lote.Estado.POR_CONCILIAR):
            return campana_id
        cursor.execute(
            "SELECT count(*) FILTER (WHERE estado = 'enviado'), count(*) FILTER (WHERE estado = 'fallido'),"
            " count(*) FILTER (WHERE estado = 'pendiente'), count(*) FILTER (WHERE estado = 'enviando'),"
            " count(*) FILTER (WHERE estado = 'incierto'),"
            " count(*) FILTER (WHERE estado = 'fallido' AND codigo = %s),"
            " count(*) FILTER (WHERE estado = 'pendiente' AND id > %s),"
            " coalesce(max(intentos) FILTER (WHERE estado = 'pendiente'), 0)"
            " FROM campaigns_smslog WHERE lote_id = %s",
            [codigos.DESCONOCIDO, published, lote_id],
        )
        exitosos, fallidos, pendientes, enviando, inciertos, desconocidos, next_slice, intentos = cursor.fetchone()
        if pendientes:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'abierto', publicado_hasta = %s,"
                " publicar_desde = coalesce(publicar_desde, now() + %s * interval '1 second') WHERE id = %s",
                [published, 0.0, lote_id] if next_slice else [None, backoff(intentos), lote_id],
            )
        elif inciertos and not enviando:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'por_conciliar', publicar_desde = NULL WHERE id = %s", [lote_id]
            )
        elif not enviando:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'cerrado', exitosos = %s, fallidos = %s, desconocidos = %s,"
                " cerrado_en = now(), publicar_desde = NULL, contado_en = NULL, asentado = false WHERE id = %s",
                [exitosos, fallidos, desconocidos, lote_id],
            )
            cupos.settle(lote_id)
            closed = True
    if closed:
        LOTES.labels(by).inc()
    return campana_id


def backoff(intentos: int) -> float:
    """How many seconds a Lote waits before its pending rows are tried again.

    Args:
        intentos: attempts already made for the most tried of them.
    """
    return min(settings.RETRY_BACKOFF_S * 2.0 ** max(intentos - 1, 0), LONGEST_BACKOFF_S)


def fail_cancelled(campana_id: int) -> None:
    """Rows that were waiting when their campaign was cancelled end `fallido`; those in mid-call finish first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_smslog s SET estado = 'fallido', codigo = %s, error = %s, actualizado = now()"
            " FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id"
            " WHERE c.id = %s AND c.estado = 'cancelado' AND l.estado = 'abierto'"
            " AND s.lote_id = l.id AND s.estado = 'pendiente'",
            [codigos.CAMPANA_CANCELADA, codigos.TEXTOS[codigos.CAMPANA_CANCELADA], campana_id],
        )
        cursor.execute(
            "SELECT l.id FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id"
            " WHERE c.id = %s AND c.estado = 'cancelado' AND l.estado = 'abierto'",
            [campana_id],
        )
        open_ids = [row[0] for row in cursor.fetchall()]
    for lote_id in open_ids:
        close(lote_id, Closer.CANCEL)
