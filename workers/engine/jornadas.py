"""Beginning a campaign's jornada, or putting it to wait for the shop's next window."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from campaigns.ajustes.selectors import ajustes_de
from campaigns.ajustes.services import bloquear
from campaigns.jornada import Jornada, jornada_desde
from campaigns.models import CampanaSMS
from workers.engine import cupos, database, pausas

logger = logging.getLogger(__name__)

Estado = CampanaSMS.Estado


def runs(campana_id: int) -> bool:
    """Whether the campaign is in the middle of a jornada."""
    return CampanaSMS.objects.filter(pk=campana_id, estado=Estado.PROCESANDO, cierra_en__gt=Now()).exists()


def begin(campana_id: int) -> bool:
    """Whether the campaign may send now. Begins its jornada if the shop's window is open; else it waits for one.

    Before the first message of a day its open Lotes take what they need of the day's quotas; when that is not there,
    the campaign pauses.
    """
    if runs(campana_id):
        return True
    campana = CampanaSMS.objects.get(pk=campana_id)
    if campana.estado != Estado.PROCESANDO:
        return False
    now = database.now()
    planned = jornada_desde(ajustes_de(campana.usuario_id), now, a_toda_hora=campana.a_toda_hora)
    if planned and planned.desde <= now:
        try:
            cupos.renew(campana)
        except cupos.ExhaustedError as error:
            pausas.pause(campana_id, error.motivo)
            return False
    return _begin(campana_id, campana.usuario_id, planned)


@transaction.atomic
def _begin(campana_id: int, usuario_id: int, planned: Jornada | None) -> bool:
    # Whoever changes the settings holds them too: a jornada is never begun by the old ones.
    ajustes = bloquear(usuario_id)
    campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
    now = database.now()
    if campana.estado != Estado.PROCESANDO:
        return False
    jornada = jornada_desde(ajustes, now, a_toda_hora=campana.a_toda_hora)
    if jornada is None or jornada.desde > now:
        _wait(campana, jornada, now)
        return False
    if planned is None or planned.dia != jornada.dia or planned.desde > now:
        return False  # the window opened, or the day changed, a moment ago: the quotas are not taken yet
    campana.cierra_en, campana.ventana_hasta = jornada.cierra_en, jornada.ventana_hasta
    campana.espera_hasta = None
    campana.save(update_fields=["cierra_en", "ventana_hasta", "espera_hasta"])
    logger.info("campaign %s may send until %s", campana.pk, campana.cierra_en)
    return True


def _wait(campana: CampanaSMS, jornada: Jornada | None, now: datetime) -> None:
    # A shop that never opens: the deadline comes first.
    campana.espera_hasta = jornada.desde if jornada else campana.vence_en
    campana.cierra_en = min(campana.cierra_en or now, now)
    campana.save(update_fields=["espera_hasta", "cierra_en"])
    logger.info("campaign %s waits until %s", campana.pk, campana.espera_hasta)
