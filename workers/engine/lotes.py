"""Lotes: opening one (its ledger rows are written), publishing its chord, and closing it.

Each step is one transaction guarded by the Lote's own state, so doing a step twice is doing it once.
"""

import json

from django.conf import settings
from django.db import connection, transaction

from campaigns import codigos
from campaigns.destinatarios import JUZGADOS
from campaigns.models import CampanaSMS, Lote, SMSLog
from workers.engine import chords

LONGEST_BACKOFF_S = 300.0

# One statement: who of the frozen ids can be sent to, and why the others cannot. Rendering is the plain
# substitution of campaigns.mensaje.render.
OPEN_SQL = (
    "WITH elegidos AS (SELECT u.id, u.n FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)),"  # noqa: S608 - constants
    + JUZGADOS
    + """
, finales AS (
    SELECT n, cliente_id, nombre, telefono, CASE
        WHEN %(cancelada)s THEN 'campana_cancelada'
        -- an earlier Lote of the campaign has this phone
        WHEN codigo = '' AND EXISTS (SELECT FROM campaigns_smslog s WHERE s.campana_id = %(campana)s
            AND s.telefono = j.telefono AND s.telefono <> '' AND s.codigo <> 'telefono_duplicado')
            THEN 'telefono_duplicado'
        ELSE codigo END AS codigo
    FROM juzgados j
)
INSERT INTO campaigns_smslog (campana_id, lote_id, cliente_id, nombre, telefono, mensaje, estado, codigo, error,
    twilio_sid, entrega, entrega_codigo, intentos, ausencias, creado, actualizado)
SELECT %(campana)s, %(lote)s, cliente_id, nombre,
    -- a row that is not sent to does not hold the phone's place in the campaign
    CASE WHEN codigo IN ('', 'telefono_duplicado') THEN telefono ELSE '' END,
    CASE WHEN codigo = '' THEN replace(%(mensaje)s, '{nombre}', nombre) ELSE '' END,
    CASE WHEN codigo = '' THEN 'pendiente' ELSE 'fallido' END,
    codigo, CASE WHEN codigo = '' THEN '' ELSE %(textos)s::jsonb ->> codigo END,
    '', '', '', 0, 0, now(), now()
FROM finales ORDER BY n
"""
)


def open_next(campana: CampanaSMS) -> Lote | None:
    """Open the campaign's next pending Lote: write its rows. The caller holds the campaign's lock."""
    lote = (
        Lote.objects.select_for_update().filter(campana=campana, estado=Lote.Estado.PENDIENTE).order_by("numero")
    ).first()
    if lote is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_SQL,
            {
                "campana": campana.pk,
                "tenant": campana.usuario_id,
                "lote": lote.pk,
                "ids": lote.cliente_ids,
                "mensaje": campana.mensaje,
                "cancelada": campana.estado == CampanaSMS.Estado.CANCELADO,
                "textos": json.dumps(codigos.TEXTOS),
            },
        )
        # `now()` of the database: the sweeper compares with it, and clocks of machines differ
        cursor.execute("UPDATE campaigns_lote SET estado = 'abierto', publicar_desde = now() WHERE id = %s", [lote.pk])
    lote.estado = Lote.Estado.ABIERTO
    return lote


def publish_due(campana_id: int) -> int:
    """Publish the chord of every open Lote whose time has come; return how many.

    The Lote is marked first and published after. A crash in between leaves a published Lote that stands
    still, which the sweeper finds; the other order could publish the same Lote from many places at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_lote l SET publicar_desde = NULL, publicado_en = now() FROM campaigns_campanasms c"
            " WHERE l.campana_id = %s AND c.id = l.campana_id AND c.estado = 'procesando'"
            " AND l.estado = 'abierto' AND l.publicar_desde <= now() RETURNING l.id",
            [campana_id],
        )
        due = [row[0] for row in cursor.fetchall()]
    for index, lote_id in enumerate(due):
        try:
            _publish(lote_id)
        except Exception:
            _publish_later(due[index:])
            raise
    return len(due)


def _publish_later(lote_ids: list[int]) -> None:
    """The broker did not take them, or not whole. Waiting until they count as lost would take longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_lote SET publicar_desde = now() + %s * interval '1 second'"
            " WHERE id = ANY(%s) AND estado = 'abierto' AND publicar_desde IS NULL",
            [settings.RETRY_BACKOFF_S, lote_ids],
        )


def _publish(lote_id: int) -> None:
    pending = SMSLog.objects.filter(lote_id=lote_id, estado=SMSLog.Estado.PENDIENTE).order_by("id")
    log_ids = list(pending.values_list("id", flat=True))
    if log_ids:
        chords.publish(lote_id=lote_id, log_ids=log_ids, queue="envios")
    else:
        chords.close_later(lote_id)


def close(lote_id: int) -> int | None:
    """Sum a Lote's rows and move it on; return its campaign's id, or None when there is no such Lote.

    - every row final: `cerrado`, with its sums;
    - only uncertain rows left: `por_conciliar`, which leaves the window to the next Lote;
    - pending rows left (paused, told to slow down, lost): published again later, with a backoff.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT campana_id, estado FROM campaigns_lote WHERE id = %s FOR UPDATE", [lote_id])
        row = cursor.fetchone()
        if row is None:
            return None
        campana_id, estado = int(row[0]), row[1]
        if estado not in (Lote.Estado.ABIERTO, Lote.Estado.POR_CONCILIAR):
            return campana_id
        cursor.execute(
            "SELECT count(*) FILTER (WHERE estado = 'enviado'), count(*) FILTER (WHERE estado = 'fallido'),"
            " count(*) FILTER (WHERE estado = 'pendiente'), count(*) FILTER (WHERE estado = 'enviando'),"
            " count(*) FILTER (WHERE estado = 'incierto'),"
            " coalesce(max(intentos) FILTER (WHERE estado = 'pendiente'), 0)"
            " FROM campaigns_smslog WHERE lote_id = %s",
            [lote_id],
        )
        exitosos, fallidos, pendientes, enviando, inciertos, intentos = cursor.fetchone()
        if pendientes:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'abierto',"
                " publicar_desde = coalesce(publicar_desde, now() + %s * interval '1 second') WHERE id = %s",
                [backoff(intentos), lote_id],
            )
        elif inciertos and not enviando:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'por_conciliar', publicar_desde = NULL WHERE id = %s", [lote_id]
            )
        elif not enviando:
            cursor.execute(
                "UPDATE campaigns_lote SET estado = 'cerrado', exitosos = %s, fallidos = %s, cerrado_en = now(),"
                " publicar_desde = NULL, contado_en = NULL, asentado = false WHERE id = %s",
                [exitosos, fallidos, lote_id],
            )
    return campana_id


def backoff(intentos: int) -> float:
    """How many seconds a Lote waits before its pending rows are tried again.

    Args:
        intentos: attempts already made for the most tried of them.
    """
    return min(settings.RETRY_BACKOFF_S * 2.0 ** max(intentos - 1, 0), LONGEST_BACKOFF_S)


def in_flight(campana_id: int) -> int:
    """Lotes that hold a place in the window."""
    return Lote.objects.filter(campana_id=campana_id, estado=Lote.Estado.ABIERTO).count()


def in_doubt(campana_id: int, *, limit: int) -> int:
    """The campaign's uncertain rows, counted up to `limit`."""
    with connection.cursor() as cursor:
        # Lote by Lote, by its index: see the progress of a campaign.
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM campaigns_lote l CROSS JOIN LATERAL (SELECT FROM campaigns_smslog s"
            " WHERE s.lote_id = l.id AND s.estado = 'incierto' LIMIT %s) s"
            " WHERE l.campana_id = %s AND l.estado IN ('abierto', 'por_conciliar') LIMIT %s) d",
            [limit, campana_id, limit],
        )
        return int(cursor.fetchone()[0])


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
        close(lote_id)
