"""The daily close at work: Twilio's pages are read one by one, kept, and compared with the ledger.

It goes on for some minutes at a time, sleeps between its steps, and takes one processor's twentieth: a campaign that is
sending at night does not wait for it.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Final, Protocol

from django.conf import settings
from django.utils import timezone

from campaigns.cierre import services
from campaigns.cierre.services import Listado, LostTurnError, SinMensaje, Turno
from campaigns.models import CierreDiario, Remitente
from core.postgresql import lending
from workers.gateway.factory import config_from_settings
from workers.gateway.lookup import LookupFailedError
from workers.gateway.sent import AT_ONCE, Page, PageGoneError, SentReader

logger = logging.getLogger(__name__)

# Seconds between two steps at least, and how long one task works; the next one goes on.
PAUSE_S: Final = 0.1
RUN_S: Final = 240.0
# A step and its rest take so many times the CPU that the step took here; PostgreSQL takes as much again. Waiting for
# Twilio is rest.
SPREAD: Final = 20.0
# Rows without a message that are asked for one by one on a day; the others are only counted.
MOST_ASKED: Final = 20_000


class Reader(Protocol):
    """Reads the account: see `workers.gateway.sent.SentReader`."""

    def page(self, day: date, address: str = "") -> Page: ...

    def message(self, sid: str) -> Listado | None: ...


def atender(dia: date | None = None, *, run_s: float = RUN_S) -> bool:
    """Go on with the closes that are due, for some minutes.

    Args:
        dia: this one only; None for all.
        run_s: seconds after which no other step begins.

    Returns:
        Whether nothing is left to do.
    """
    if not settings.TWILIO_ACCOUNT_SID:
        return True
    if dia is None:
        services.preparar(timezone.now())
    until = time.monotonic() + run_s
    reader = SentReader(config_from_settings())
    try:
        while turno := services.tomar(dia):
            if not trabajar(turno, reader, until=until):
                return False
    finally:
        reader.close()
    return True


def trabajar(turno: Turno, reader: Reader, *, until: float, pause_s: float = PAUSE_S) -> bool:
    """Do step after step of one close; return whether it is done.

    Args:
        until: `time.monotonic()` seconds after which no other step begins.
        pause_s: at least so many seconds between two steps; 0 for no rest at all.
    """
    error = ""
    try:
        while True:
            began, cpu = time.monotonic(), time.thread_time()
            if _step(turno, reader):
                logger.info("%s: %s", turno.cierre, turno.cierre.diferencias or "no difference")
                return True
            if time.monotonic() > until:
                return False
            rest = (time.thread_time() - cpu) * SPREAD - (time.monotonic() - began)
            lending.rest()
            time.sleep(max(pause_s, rest) if pause_s else 0)
    except LookupFailedError as failed:
        error = str(failed)
        logger.warning("%s cannot go on: %s", turno.cierre, failed)
    except LostTurnError:
        logger.warning("%s is another process's", turno.cierre)
    finally:
        turno.leave(error)
    return False


def _step(turno: Turno, reader: Reader) -> bool:
    """Do one step; True when it was the last."""
    match turno.cierre.estado:
        case CierreDiario.Estado.LEYENDO:
            try:
                lending.rest()
                page = reader.page(turno.cierre.dia, turno.cierre.siguiente)
            except PageGoneError:
                services.empezar_otra_vez(turno)
            else:
                services.guardar_pagina(turno, page.messages, page.next, remitentes=_remitentes())
        case CierreDiario.Estado.BUSCANDO:
            _search(turno, reader)
        case CierreDiario.Estado.COMPARANDO:
            return not services.comparar(turno)
    return False


def _search(turno: Turno, reader: Reader) -> None:
    rows, cursor = services.sin_mensaje(turno)
    asked = max(MOST_ASKED - turno.cierre.consultados, 0)
    found = _ask(rows[:asked], reader)
    services.guardar_busqueda(
        turno,
        hallados=[message for message in found if message],
        perdidos=[row for row, message in zip(rows, found, strict=False) if message is None],
        consultados=len(found),
        sin_consultar=len(rows) - len(found),
        cursor=cursor,
        remitentes=_remitentes(),
    )


def _ask(rows: Sequence[SinMensaje], reader: Reader) -> list[Listado | None]:
    if not rows:
        return []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="cierre") as pool:
        lending.rest()
        return list(pool.map(reader.message, [row.sid for row in rows]))


def _remitentes() -> frozenset[str]:
    """The senders that are ours: the installation's and the shops'."""
    own = {settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID} - {""}
    return frozenset(own | set(Remitente.objects.values_list("valor", flat=True)))
