"""The occurrences that are due: found in PostgreSQL, made into a campaign or recorded as skipped, once.

Anybody may look at any time, any number of times: beat's entry of a programación, and every sweep. The
campaign, the occurrence's row and the next `proxima` are one transaction, under the programación's lock and the row's
UNIQUE: killed anywhere, it did all of it or nothing, and the next look does it.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from campaigns.campana.services import NuevaCampana, crear_campana
from campaigns.models import CampanaSMS, Ocurrencia, Programacion
from campaigns.models.programacion import MOTIVO_MAX
from campaigns.programaciones import beat, criterios
from core.errors import InvalidInputError
from core.idempotency import Idempotency
from core.models import Usuario
from core.text import formato

logger = logging.getLogger(__name__)

POR_VUELTA: Final = 500  # programaciones of one scan; the next one goes on
TURN_S: Final = 5.0  # that one scan takes of a sweep, however slow the freezing and the broker's refusals are

TARDE = "No se creó a tiempo: pasó el periodo de gracia de {gracia}."
SUPERADA = "Cuando se iba a crear ya era hora de la siguiente."
EN_PAUSA = "La programación estaba en pausa."
NADIE = "A esa hora la audiencia no tenía a nadie."
CUENTA_INACTIVA = "La cuenta del administrador está desactivada."
ORIGEN = "Por la programación «{programacion}»."
PLANTILLA_INACTIVA = "La plantilla «{plantilla}» está inactiva."
REMITENTE_INACTIVO = "El remitente «{remitente}» está inactivo."


def atender_vencidas() -> int:
    """Record the occurrences that are due; return how many. One in trouble keeps nobody from the others."""
    due = Programacion.objects.filter(activa=True, proxima__lte=timezone.now()).order_by("proxima", "pk")
    recorded, until = 0, time.monotonic() + TURN_S
    for pk in list(due.values_list("pk", flat=True)[:POR_VUELTA]):
        if time.monotonic() > until:
            break
        try:
            recorded += atender(pk)
        except Exception:
            if not connection.is_usable():
                raise
            logger.exception("programación %s could not be attended; the next scan tries again", pk)
    return recorded


@transaction.atomic
def atender(programacion_id: int) -> int:
    """Record what is due of one programación; return how many occurrences. When another thread is at it, that thread
    does it alone."""
    now = timezone.now()
    programacion = (
        Programacion.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("plantilla", "remitente", "usuario")
        .filter(pk=programacion_id, activa=True, proxima__lte=now)
        .first()
    )
    return poner_al_dia(programacion, ahora=now) if programacion else 0


def poner_al_dia(programacion: Programacion, *, ahora: datetime) -> int:
    """Record every occurrence up to `ahora` and move `proxima` past them; returns how many there were.

    The caller holds the row's lock. When several are due at once, only the last becomes a campaign, if it is within
    its grace: nobody wants yesterday's and today's message in the same minute.
    """
    due = list(takewhile(lambda moment: moment <= ahora, _desde_proxima(programacion)))
    if not due:
        return 0
    motivos = juzgar(due, ahora=ahora, gracia=timedelta(minutes=programacion.gracia_minutos))
    if not programacion.activa:
        motivos = [EN_PAUSA] * len(due)
    skipped = [(moment, motivo) for moment, motivo in zip(due, motivos, strict=True) if motivo]
    _omitir(programacion, skipped)
    if not motivos[-1]:
        _crear(programacion, due[-1])
    programacion.proxima = next(programacion.recurrencia.despues_de(due[-1]), None)
    programacion.save(update_fields=["proxima"])
    if programacion.terminada:
        beat.sincronizar(programacion)
    return len(due)


def juzgar(vencidas: list[datetime], *, ahora: datetime, gracia: timedelta) -> list[str]:
    """Say why each of these is skipped, in order; "" for the one that becomes a campaign, which is the last or none."""
    tarde = TARDE.format(gracia=formato.duracion(gracia.total_seconds()).replace(" ", "\N{NO-BREAK SPACE}"))
    late = [tarde if ahora - moment > gracia else "" for moment in vencidas]
    return [*(motivo or SUPERADA for motivo in late[:-1]), late[-1]]


def crear_una(
    programacion: Programacion,
    *,
    momento: datetime,
    idempotency: Idempotency | None = None,
    por: Usuario | None = None,
) -> tuple[CampanaSMS, bool]:
    """Make a campaign of this programación now: its audience and its template as they are at this moment.

    Args:
        momento: what it is for; part of its name.
        por: who runs it now; None when its date has come: then who last defined it has made the campaign.

    Raises:
        InvalidInputError: it cannot be made; the code is `empty` when only nobody is there to receive it.
    """
    plantilla, remitente = programacion.plantilla, programacion.remitente
    if plantilla and not plantilla.activo:
        text = PLANTILLA_INACTIVA.format(plantilla=plantilla.nombre)
        raise InvalidInputError(text, field="plantilla", code="inactive")
    if remitente and not remitente.activo:
        text = REMITENTE_INACTIVO.format(remitente=remitente.nombre)
        raise InvalidInputError(text, field="remitente", code="inactive")
    local = momento.astimezone(ZoneInfo(programacion.zona))
    nueva = NuevaCampana(
        nombre=f"{programacion.nombre} · {local:%Y-%m-%d %H:%M}",
        mensaje=plantilla.mensaje if plantilla else programacion.mensaje,
        plantilla=plantilla,
        remitente=remitente,
        audiencia=criterios.vigente(programacion.audiencia, tenant_id=programacion.usuario_id),
        origen=ORIGEN.format(programacion=programacion.nombre),
        prueba=programacion.prueba,
        redactada_por_id=programacion.autor_id,
    )
    usuario = por or programacion.autor or programacion.usuario
    return crear_campana(usuario=usuario, nueva=nueva, idempotency=idempotency)


def _desde_proxima(programacion: Programacion) -> Iterator[datetime]:
    if programacion.proxima is not None:
        yield programacion.proxima
        yield from programacion.recurrencia.despues_de(programacion.proxima)


def _crear(programacion: Programacion, moment: datetime) -> None:
    if Ocurrencia.objects.filter(programacion=programacion, ocurrencia_utc=moment).exists():
        return  # a clock went back
    if not programacion.usuario.is_active:
        _omitir(programacion, [(moment, CUENTA_INACTIVA)])
        return
    row = Ocurrencia(programacion=programacion, ocurrencia_utc=moment)
    try:
        row.campana, _ = crear_una(programacion, momento=moment)
        row.estado = Ocurrencia.Estado.CREADA
    except InvalidInputError as error:
        empty = error.code == "empty"
        row.estado = Ocurrencia.Estado.OMITIDA if empty else Ocurrencia.Estado.FALLIDA
        row.motivo = NADIE if empty else error.message[:MOTIVO_MAX]
    row.save(force_insert=True)
    logger.info("programación %s, occurrence of %s: %s %s", programacion.pk, moment, row.estado, row.motivo)


def _omitir(programacion: Programacion, skipped: Iterable[tuple[datetime, str]]) -> None:
    rows = [
        Ocurrencia(programacion=programacion, ocurrencia_utc=moment, estado=Ocurrencia.Estado.OMITIDA, motivo=motivo)
        for moment, motivo in skipped
    ]
    Ocurrencia.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
