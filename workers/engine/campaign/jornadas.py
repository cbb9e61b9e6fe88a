"""The beginning of a campaign's jornada, or its wait for the shop's next window."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from campaigns.bitacora.services import anotar
from campaigns.ley.consulta import falta_consulta
from campaigns.ley.jornada import Jornada, jornada_de
from campaigns.ley.selectors import ajustes_de
from campaigns.ley.services import bloquear
from campaigns.models import CampanaSMS, Suceso
from campaigns.vista_previa import firma
from workers.engine.base import database
from workers.engine.campaign import pausas
from workers.engine.lote import cupos

logger = logging.getLogger(__name__)

Estado = CampanaSMS.Estado
SIN_NOMBRE = (
    "El texto no dice de quién es, y esta tienda lo exige: cancele la campaña y hágala de nuevo con el nombre, o deje"
    " de exigirlo y reanude."
)


def runs(campana_id: int) -> bool:
    """Tell whether the campaign is in the middle of a jornada."""
    return CampanaSMS.objects.filter(pk=campana_id, estado=Estado.PROCESANDO, cierra_en__gt=Now()).exists()


def begin(campana_id: int) -> bool:
    """Tell whether the campaign may send now. If the shop's window is open, begin its jornada; else let it wait for
    one.

    Before the first message of a day its open Lotes take what they need of the day's quotas; when that is not there,
    the shop's consultation of the register is too old, or the text lacks the name that the shop requires, the campaign
    pauses.
    """
    if runs(campana_id):
        return True
    campana = CampanaSMS.objects.get(pk=campana_id)
    if campana.estado != Estado.PROCESANDO:
        return False
    now = database.now()
    ajustes = ajustes_de(campana.usuario_id)
    planned = jornada_de(campana, ajustes, now)
    if planned and planned.desde <= now:
        if not campana.exenta(now) and (motivo := falta_consulta(ajustes, now)):
            pausas.pause(campana_id, motivo)
            return False
        if ajustes.exigir_nombre and firma.falta(campana.mensaje, ajustes.usuario, ajustes):
            pausas.pause(campana_id, SIN_NOMBRE)
            return False
        try:
            cupos.renew(campana)
        except cupos.ExhaustedError as error:
            pausas.pause_for_cap(campana_id, error)
            return False
    return _begin(campana, planned)


@transaction.atomic
def _begin(seen: CampanaSMS, planned: Jornada | None) -> bool:
    """Begin a jornada.

    Args:
        seen: the campaign as it was before its open Lotes were judged.
    """
    # A change of the settings holds this lock too: a jornada is never begun by the old ones.
    ajustes = bloquear(seen.usuario_id)
    campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=seen.pk)
    now = database.now()
    if campana.estado != Estado.PROCESANDO:
        return False
    if campana.cierra_en != seen.cierra_en:
        return False  # settings or exclusions changed meanwhile: those already judged are judged again
    jornada = jornada_de(campana, ajustes, now)
    if jornada is None or jornada.desde > now:
        _wait(campana, jornada, now)
        return False
    if planned is None or planned.dia != jornada.dia or planned.desde > now:
        return False  # the window opened, or the day changed, a moment ago: the quotas are not taken yet
    if _last_word(campana) == Suceso.Tipo.ESPERA:
        anotar(campana_id=campana.pk, tipo=Suceso.Tipo.SIGUE)
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
    if _last_word(campana) != Suceso.Tipo.ESPERA:  # else it has only been looked at again
        anotar(campana_id=campana.pk, tipo=Suceso.Tipo.ESPERA)
    logger.info("campaign %s waits until %s", campana.pk, campana.espera_hasta)


def _last_word(campana: CampanaSMS) -> str | None:
    return Suceso.objects.filter(campana=campana).order_by("-pk").values_list("tipo", flat=True).first()
