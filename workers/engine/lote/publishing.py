"""Publishing an open Lote: its chord, or, when that is too much at a time, its next slice."""

from django.db import connection

from campaigns.values.estados import LOTE
from workers.engine.lote import cupos, due, paced
from workers.engine.lote.due import Due
from workers.engine.publish import chords, slices
from workers.engine.publish.slices import Slice

NEXT_SQL = f"""
UPDATE campaigns_lote SET publicado_hasta = %s, publicar_desde = now() + %s * interval '1 second'
WHERE id = %s AND estado = {LOTE.ABIERTO}
"""  # noqa: S608 - constants


def publish_due(campana_id: int, *, most: int) -> list[Slice]:
    """Publish the next slice of every open Lote of a campaign whose time has come.

    Args:
        most: messages of one slice.

    Raises:
        ExhaustedError: a quota of the shop's is used up; the Lotes before were published, the others come later.
    """
    lotes = due.of_campaign(campana_id)
    published: list[Slice] = []
    for lote in lotes:
        try:
            if lote.again:
                renew(lote)
            published.append(_publish(lote, most=most))
        except Exception:
            due.publish_later([late.lote_id for late in lotes[len(published) :]])
            raise
    return published


def renew(lote: Due) -> None:
    """Let a Lote that is published again hold what it needs today: rows that had failed, or were uncertain, may be
    among its rows, and hold nothing of today's quotas.

    Raises:
        ExhaustedError: there is room for nobody.
    """
    cupos.renew_lote(lote.campana_id, lote.lote_id)


def _publish(lote: Due, *, most: int) -> Slice:
    if lote.is_paced:
        [found] = paced.publish([lote])
        return found
    piece = slices.cut(lote.lote_id, after=lote.after, sender=lote.sender, most=most)
    if piece.until is not None:
        # Before its tasks are published: the slice's end asks where the next one begins.
        with connection.cursor() as cursor:
            cursor.execute(NEXT_SQL, [piece.until, piece.next_in_s, lote.lote_id])
    elif not piece.log_ids:
        chords.close_later(lote.lote_id)
    if piece.log_ids:
        # The end of a slice whose next one comes by the clock is nothing to wait for.
        closes = piece.next_in_s is None
        chords.publish(lote_id=lote.lote_id, log_ids=piece.log_ids, queue=lote.queue, closes=closes)
    return piece
