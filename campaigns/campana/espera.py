"""Waiting for a campaign to end, inside the request that started it.

A thread of the web that waits serves nobody else, so only some of a process's threads may: who comes when they
are taken is answered at once. Nothing of the database is held meanwhile: no transaction, no lock.
"""

import time
from threading import BoundedSemaphore
from typing import Final

from django.conf import settings

from campaigns.models import CampanaSMS

# Seconds between two looks: a campaign of five takes half a second, one of five hundred several.
FIRST_S: Final = 0.1
LONGEST_S: Final = 0.5
SLOWER: Final = 1.3

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
        deadline = time.monotonic() + segundos
        pause = FIRST_S
        while not _rests(campana.pk) and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(pause * SLOWER, LONGEST_S)
    finally:
        puestos.release()
    return True


def _rests(campana_id: int) -> bool:
    campana = CampanaSMS.objects.only("estado", "completado_en", "espera_hasta", "aprobacion").get(pk=campana_id)
    if campana.completado_en is not None or campana.estado == CampanaSMS.Estado.PAUSADO:
        return True
    return campana.espera or campana.por_aprobar
