"""Publishing an open Lote: its chord, or, when that is too much at a time, its next slice."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from campaigns.values.estados import CAMPANA, LOTE
from core import queues
from workers.engine.lote import cupos
from workers.engine.pace.rates import Sender
from workers.engine.publish import chords, slices
from workers.engine.publish.slices import Slice


@dataclass(frozen=True, slots=True)
class Due:
    """A Lote that is to be published.

    Args:
        after: rows up to this id were published in this pass over the Lote; None before the first.
        queue: of its shop.
        sender: of its campaign.
        again: its rows were published before, and this begins another pass over what is left of them.
    """

    lote_id: int
    after: int | None
    queue: str
    sender: Sender
    again: bool


DUE_SQL = f"""
UPDATE campaigns_lote l SET publicar_desde = NULL, publicado_en = now(), publicado_hasta = NULL
FROM (SELECT l.id, l.publicado_hasta, c.usuario_id, r.valor, r.segmentos_por_segundo,
        l.publicado_hasta IS NULL AND l.publicado_en IS NOT NULL AS otra_vez
    FROM campaigns_lote l JOIN campaigns_campanasms c ON c.id = l.campana_id
    LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
    WHERE l.campana_id = %s AND c.estado = {CAMPANA.PROCESANDO} AND c.cierra_en > now() AND l.estado = {LOTE.ABIERTO}
        AND l.publicar_desde <= now()
    ORDER BY l.id FOR UPDATE OF l) d
WHERE l.id = d.id RETURNING d.*
"""  # noqa: S608 - constants


LATER_SQL = f"""
UPDATE campaigns_lote SET publicar_desde = now() + %s * interval '1 second', publicado_hasta = NULL
WHERE id = ANY(%s) AND estado = {LOTE.ABIERTO} AND (publicar_desde IS NULL OR publicado_hasta IS NOT NULL)
"""  # noqa: S608 - constants

NEXT_SQL = f"""
UPDATE campaigns_lote SET publicado_hasta = %s, publicar_desde = now() + %s * interval '1 second'
WHERE id = %s AND estado = {LOTE.ABIERTO}
"""  # noqa: S608 - constants


def publish_due(campana_id: int, *, most: int) -> list[Slice]:
    """Publish the next slice of every open Lote whose time has come.

    The Lote is marked first and published after. A crash in between leaves a published Lote that stands
    still, which the sweeper finds; the other order could publish the same Lote from many places at once.

    Args:
        most: messages of one slice.

    Raises:
        ExhaustedError: a quota of the shop's is used up; the Lotes before were published, the others come later.
    """
    with connection.cursor() as cursor:
        cursor.execute(DUE_SQL, [campana_id])
        due = [
            Due(lote_id, after, queues.envios_of(usuario_id, settings.ENVIOS_QUEUES), Sender.of(valor, ritmo), again)
            for lote_id, after, usuario_id, valor, ritmo, again in sorted(cursor.fetchall())
        ]
    published: list[Slice] = []
    for lote in due:
        try:
            if lote.again:
                # Rows that had failed, or were uncertain, may be among them: they hold nothing of today's quotas.
                cupos.renew_lote(campana_id, lote.lote_id)
            published.append(_publish(lote, most=most))
        except Exception:
            _publish_later([late.lote_id for late in due[len(published) :]])
            raise
    return published


def _publish_later(lote_ids: list[int]) -> None:
    """The broker did not take them, or not whole. Waiting until they count as lost would take longer."""
    with connection.cursor() as cursor:
        cursor.execute(LATER_SQL, [settings.RETRY_BACKOFF_S, lote_ids])


def _publish(due: Due, *, most: int) -> Slice:
    piece = slices.cut(due.lote_id, after=due.after, sender=due.sender, most=most)
    if piece.until is not None:
        # Before its tasks are published: the slice's end asks where the next one begins.
        with connection.cursor() as cursor:
            cursor.execute(NEXT_SQL, [piece.until, piece.next_in_s, due.lote_id])
    elif not piece.log_ids:
        chords.close_later(due.lote_id)
    if piece.log_ids:
        # The end of a slice whose next one comes by the clock is nothing to wait for.
        closes = piece.next_in_s is None
        chords.publish(lote_id=due.lote_id, log_ids=piece.log_ids, queue=due.queue, closes=closes)
    return piece
