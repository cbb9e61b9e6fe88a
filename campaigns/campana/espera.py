"""Waiting for a campaign to end, inside the request that started it, and why that would be in vain.

A thread of the web that waits serves nobody else, so only some of a process's threads may: a caller who comes
when they are taken is answered at once. Nothing of the database is held meanwhile: no transaction, no lock.
"""

from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from time import monotonic, sleep
from typing import Final

from django.conf import settings
from django.utils import timezone

from campaigns.ley.gasto import agotado
from campaigns.ley.jornada import jornada_de, jornada_de_tras
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS
from campaigns.values.estados import ESPERAS, descansa
from campaigns.vista_previa.avisos import por_que_no_ahora
from core.text import formato

Estado = CampanaSMS.Estado
PROGRAMADA: Final = "Está programada para {cuando}."

# Seconds between two looks: a campaign of five takes half a second, one of five hundred several.
FIRST_S: Final = 0.1
LONGEST_S: Final = 0.5
SLOWER: Final = 1.3


@dataclass(frozen=True, slots=True)
class PorQue:
    """Why a campaign sends nothing for the time being.

    Args:
        motivo: for people.
        hasta: when it goes on by itself; None when nobody knows, or a person has to do something.
    """

    motivo: str
    hasta: datetime | None = None


def por_que_espera(campana: CampanaSMS) -> PorQue | None:
    """Tell why the campaign waits for a window, a cap, an approval, a date or a person; None when it moves.

    The engine finds it out when it comes to the campaign. This tells it before, from the same settings and hours.
    """
    if campana.estado == Estado.PAUSADO:
        return PorQue(campana.motivo, campana.reanuda_en)
    if campana.por_aprobar:
        return PorQue(campana.motivo)
    if campana.completado_en is not None or campana.estado not in {Estado.PENDIENTE, Estado.PROCESANDO}:
        return None
    now = timezone.now()
    ajustes = ajustes_de(campana.usuario_id)
    start = max(now, campana.programada_para or now)
    jornada = jornada_de(campana, ajustes, start)
    if start > now or jornada is None or jornada.desde > now:
        motivo = PROGRAMADA.format(cuando=formato.proximo(start, ajustes.zona)) if start > now else ""
        return PorQue(motivo or por_que_no_ahora(jornada, ajustes.zona), jornada.desde if jornada else None)
    cap = agotado(ajustes, jornada.dia) if campana.estado == Estado.PENDIENTE else None
    if cap is None:
        return None
    if cap.hasta is None:
        return PorQue(cap.motivo)
    jornada = jornada_de_tras(campana, ajustes, cap.hasta)
    return PorQue(cap.motivo, jornada.desde if jornada else None)


puestos = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def esperar(campana: CampanaSMS, *, segundos: float) -> bool:
    """Wait until the campaign is over, or stands still until a person does something or a window opens.

    Args:
        segundos: at most so long.

    Returns:
        Whether it could wait: False when as many requests as may are waiting already.
    """
    if segundos <= 0 or not puestos.acquire(blocking=False):
        return False
    try:
        deadline = monotonic() + segundos
        pause = FIRST_S
        while not _rests(campana.pk) and (left := deadline - monotonic()) > 0:
            sleep(min(pause, left))
            pause = min(pause * SLOWER, LONGEST_S)
    finally:
        puestos.release()
    return True


def _rests(campana_id: int) -> bool:
    fields = {espera.campo for espera in ESPERAS}
    campana = CampanaSMS.objects.only("estado", "completado_en", *fields).get(pk=campana_id)
    return campana.completado_en is not None or descansa(campana, timezone.now())
