"""A campaign's life in the engine: whatever is next for it, step by step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from campaigns.bitacora.services import anotar_avance, anotar_move
from campaigns.campana.services import pedir_revision
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS
from campaigns.values import estados
from campaigns.values.wake import nudge
from workers.engine.base import epoch
from workers.engine.campaign import cancelacion, envio, final, pausas, plazo
from workers.engine.lote import prueba

# A campaign that starts so long after it was created is looked at again.
CHECKED_FOR: Final = timedelta(hours=1)


@dataclass(slots=True)
class Look:
    """One look at one campaign, and what its steps have found so far.

    Args:
        publish: False while the broker does not answer.
        overdue: the deadline has passed, and nothing is sent any more.
        more: recipients are left for which another task is asked.
        ended: this one ended the campaign.
    """

    campana_id: int
    publish: bool
    overdue: bool = False
    more: bool = False
    ended: bool = False


def advance(campana_id: int, *, publish: bool = True) -> None:
    """Do whatever is next for this campaign. Safe to call at any time, any number of times.

    Args:
        publish: False while the broker does not answer: everything else is done.
    """
    if not CampanaSMS.objects.filter(pk=campana_id, completado_en=None).exists():
        return
    look = Look(campana_id, publish)
    for step in STEPS:
        step(look)


def _resume(look: Look) -> None:
    """Go on after a cap on money, once its day is over."""
    pausas.resume_if_due(look.campana_id)


def _stop_disabled(look: Look) -> None:
    """Pause it, if its shop was disabled."""
    pausas.pause_if_disabled(look.campana_id)


@transaction.atomic
def _start(look: Look) -> None:
    """Start it, once its date has come, unless it waits for approval or its shop is disabled; one begun again gets a
    new deadline."""
    campana_id = look.campana_id
    move = estados.MOVES["iniciar"]
    found = CampanaSMS.objects.filter(pk=campana_id)
    due = Q(programada_para=None) | Q(programada_para__lte=Now())
    to_start = Q(due, estado__in=move.de, usuario__is_active=True) & ~Q(aprobacion=CampanaSMS.Aprobacion.PENDIENTE)
    begun_again = Q(estado=move.a, vence_en=None)
    usuario_id = found.filter(to_start | begun_again).values_list("usuario_id", flat=True).first()
    if usuario_id is None:
        return
    started = {
        "estado": move.a,
        "iniciado_en": Coalesce("iniciado_en", Now()),
        "vence_en": Now() + timedelta(hours=ajustes_de(usuario_id).plazo_h),
    }
    if found.filter(to_start).update(**started):
        anotar_move(campana_id=campana_id, action="iniciar")
        if old := found.filter(creado__lte=Now() - CHECKED_FOR).first():
            pedir_revision(old)  # it waited for its date or for approval, and Twilio may say something else by now
    else:
        found.filter(begun_again).update(**started)


def _enforce_deadline(look: Look) -> None:
    """End what an overdue campaign left."""
    if campana := plazo.overdue(look.campana_id):
        look.overdue = True
        # While it is not known what PostgreSQL has lost, a row that says "pending" may have been sent.
        if not epoch.is_doubtful():
            plazo.enforce(campana)


def _send(look: Look) -> None:
    """Publish and open Lotes, as far as the jornada, the window and the quotas allow. A test asks for none of them."""
    if look.overdue:
        return
    if prueba.is_test(look.campana_id):
        look.more = prueba.send(look.campana_id)
    else:
        envio.send(look.campana_id, publish=look.publish)


def _end_cancelled(look: Look) -> None:
    """End the recipients of a cancelled campaign, a part at a time."""
    look.more = cancelacion.end_rows(look.campana_id) or look.more


def _finish(look: Look) -> None:
    """End the campaign, once every Lote is closed."""
    look.ended = final.finish(look.campana_id)


def _note_progress(look: Look) -> None:
    """Write down the quarter, the half or the three quarters that it has reached."""
    if not look.ended:
        anotar_avance(look.campana_id)


def _come_back(look: Look) -> None:
    """Ask for another task, when this one left a part."""
    if look.more:
        nudge(look.campana_id)


STEPS: Final[tuple[Callable[[Look], None], ...]] = (
    _resume,
    _stop_disabled,
    _start,
    _enforce_deadline,
    _send,
    _end_cancelled,
    _finish,
    _note_progress,
    _come_back,
)
