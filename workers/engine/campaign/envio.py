"""Sending what a campaign has: publishing its open Lotes and opening the next ones."""

import logging

from django.conf import settings
from django.db import transaction

from campaigns.models import CampanaSMS, Lote
from workers.engine.campaign import jornadas, pausas
from workers.engine.lote import due, flight, opening, paced, publishing, quarantine
from workers.engine.lote.cupos import Cupos, ExhaustedError
from workers.engine.pace import throttle
from workers.engine.pace.rates import Sender
from workers.engine.publish import window
from workers.engine.publish.slices import Slice
from workers.engine.publish.window import Window

logger = logging.getLogger(__name__)


def send(campana_id: int, *, publish: bool) -> None:
    """Publish what is open and open more, within the jornada.

    Lote by Lote, so that the first messages leave while the rest of the window opens.

    Args:
        publish: False while the broker does not answer.
    """
    if not jornadas.begin(campana_id):
        return
    room = window.of(campana_id)
    if publish:
        publish_due(campana_id, most=room.rows)
        if throttle.is_held(_sender_of(campana_id)):
            # What is open already is enough: it waits, and more would only wait too. But something must be open: only a
            # message that is tried, as a few are, finds out that Twilio is back.
            if not _has_open(campana_id) and _open_one(campana_id, room, set()):
                publish_due(campana_id, most=room.rows)
            return
    passed: set[int] = set()
    while _open_one(campana_id, room, passed):
        if publish:
            publish_due(campana_id, most=room.rows)


def _sender_of(campana_id: int) -> Sender:
    campana = CampanaSMS.objects.filter(pk=campana_id)
    return Sender.of(*campana.values_list("remitente__valor", "remitente__segmentos_por_segundo").get())


def _has_open(campana_id: int) -> bool:
    return Lote.objects.filter(campana_id=campana_id, estado=Lote.Estado.ABIERTO).exists()


def publish_due(campana_id: int, *, most: int) -> list[Slice]:
    """Publish the next slice of every open Lote whose time has come; pause the campaign when a quota is used up.

    Args:
        most: messages of one slice.
    """
    try:
        return publishing.publish_due(campana_id, most=most)
    except ExhaustedError as error:
        pausas.pause_for_cap(campana_id, error)
        return []


def publish_paced(*, most: int) -> list[tuple[int, Slice]]:
    """Publish the next slices of Lotes of senders with a limit, whichever campaigns they are of.

    Args:
        most: Lotes.

    Returns:
        The campaign and the slice of each that was taken.
    """
    taken = []
    for lote in due.paced(most=most):
        try:
            if lote.again:
                publishing.renew(lote)
        except ExhaustedError as error:
            due.publish_later([lote.lote_id])
            pausas.pause_for_cap(lote.campana_id, error)
        except Exception:
            logger.exception("Lote %s could not be published; it comes again later", lote.lote_id)
            due.publish_later([lote.lote_id])
        else:
            taken.append(lote)
    if not taken:
        return []
    return [(lote.campana_id, piece) for lote, piece in zip(taken, paced.publish(taken), strict=True)]


def _open_one(campana_id: int, room: Window, passed: set[int]) -> bool:
    """Open one Lote if the window has room and the shop's quotas allow it; True when it did, or may next time.

    Args:
        passed: Lotes whose recipients are all dearer than the whole of a cap. The others go before them.
    """
    try:
        return _open_within_quotas(campana_id, room)
    except ExhaustedError as error:
        # What the open Lotes do not use comes back when they close.
        if _has_open(campana_id):
            return False
        if opening.cut_next(campana_id, error.caben, without=error.caros):
            return True
        if error.sin_dia and opening.pass_over(campana_id, passed):
            return True
        pausas.pause_for_cap(campana_id, error)
        return False


@transaction.atomic
def _open_within_quotas(campana_id: int, room: Window) -> bool:
    # The shop's lock first: a change of its settings takes it before its campaigns'.
    held = Cupos.hold(CampanaSMS.objects.values_list("usuario_id", flat=True).get(pk=campana_id))
    # Serialises the openers of one campaign: two Lotes may hold the same phone.
    campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
    if campana.estado != CampanaSMS.Estado.PROCESANDO or campana.prueba:
        return False
    if flight.in_flight(campana_id, paced=room.paced) >= room.lotes:
        return False
    if not jornadas.runs(campana_id):
        return False
    # Twilio answers nothing but errors: what was tried already is settled before more is put in doubt.
    if flight.unsettled(campana_id, limit=2 * settings.LOTE_SIZE) >= 2 * settings.LOTE_SIZE:
        return False
    lote = opening.open_next(campana, held)
    if lote is None:
        return False
    # Of one whose rows are new, nobody's row need be made who has to wait: see `_open_one`.
    held.take(campana, lote.pk, cut=lote.cerrado_en is not None)
    if lote.dudoso_desde:
        quarantine.doubt_opened(lote.pk, lote.dudoso_desde)
    return True
