"""Delivery of events to hooks: take what waits, call, write what came of it.

A hook is called by one process at a time, with its events in their order, up to 500 in a call: `libre_desde` is moved
beyond the longest call, which is the claim, and after a failure to the next try. Nothing overtakes a call that failed,
so whatever an event tells of, its events come in order. A worker that dies leaves the call to be made again, under
the same id. A hook that has taken nothing for three days is disabled, and its shop is told.

The same call as an alert's (`workers.alerts.webhook`), with its guards. Receivers are the shops', and as slow as they
like: a thread of its own waits for them, for half a minute at a time and for each hook in turn.
"""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.bitacora.ganchos import TANDA, desactivar
from campaigns.models import EntregaGancho, EventoGancho, Gancho
from campaigns.models.alerta import ERROR_MAX
from campaigns.values.estados import en_sql
from core.ops import logs
from core.postgresql import lending
from workers.alerts import webhook
from workers.alerts.results import Delivered, Failed, Result

logger = logging.getLogger(__name__)

# Seconds before each new try; then the last one again and again.
PAUSES_S: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400)
GIVE_UP: Final = timedelta(days=3)
# More than the longest call, with the look-up of its address before it.
CLAIM_S: Final = 120
# A call waits so long for others of its kind, unless it is full.
GATHER_S: Final = 1.0
# In one run, the last call of which may take longer; what is left has the next one.
RUN_S: Final = 30.0
SIN_TOMAR: Final = "No recibió nada en tres días. La última vez: {error}"
YA_NO_EXISTE: Final = "La dirección contestó que ya no existe (410)."

Activo: Final = en_sql(Gancho.Estado.ACTIVO)

# The hook that has waited longest: with a call that is not over, or with events that have gathered.
CLAIM_SQL: Final = f"""
WITH due AS MATERIALIZED (
    SELECT g.id FROM campaigns_gancho g
    WHERE g.estado = {Activo} AND g.libre_desde <= clock_timestamp() AND (
        EXISTS (SELECT FROM campaigns_entregagancho d WHERE d.gancho_id = g.id
            AND d.estado = {en_sql(EntregaGancho.Estado.PENDIENTE)})
        OR (SELECT creado FROM campaigns_eventogancho e WHERE e.gancho_id = g.id AND NOT e.en_entrega
            ORDER BY e.id LIMIT 1) <= clock_timestamp() - %(gather)s * interval '1 second'
        OR EXISTS (SELECT FROM campaigns_eventogancho e WHERE e.gancho_id = g.id AND NOT e.en_entrega
            ORDER BY e.id OFFSET %(full)s LIMIT 1))
    ORDER BY g.libre_desde LIMIT 1 FOR UPDATE OF g SKIP LOCKED
)
UPDATE campaigns_gancho g SET libre_desde = clock_timestamp() + %(claim)s * interval '1 second'
FROM due WHERE g.id = due.id RETURNING g.id, g.libre_desde
"""  # noqa: S608 - constants
# The events of a new call, in their order. What a transaction wrote that commits later comes in the next one.
TAKE_SQL: Final = """
UPDATE campaigns_eventogancho SET en_entrega = true WHERE id IN (
    SELECT id FROM campaigns_eventogancho WHERE gancho_id = %(gancho)s AND NOT en_entrega ORDER BY id LIMIT %(most)s)
RETURNING id
"""

_delivering: Final = Lock()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to call a hook once, until `hasta`: only its holder writes what came of it."""

    gancho_id: int
    hasta: datetime


def are_there() -> bool:
    """Tell whether any hook is to be called."""
    return Gancho.objects.filter(estado=Gancho.Estado.ACTIVO).exists()


def deliver() -> int:
    """Call the hooks that are due, unless another thread of this process is at it; return how many calls were made."""
    if not _delivering.acquire(blocking=False):
        return 0
    try:
        until = time.monotonic() + RUN_S
        made = 0
        while claim := take():
            made += call(claim)
            if time.monotonic() >= until:
                break
        return made
    finally:
        _delivering.release()


def take() -> Claim | None:
    """Claim the hook that has been due the longest."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL, {"claim": CLAIM_S, "gather": GATHER_S, "full": TANDA - 1})
        row = cursor.fetchone()
    return Claim(*row) if row else None


def call(claim: Claim) -> bool:
    """Make the next call of a claimed hook; return whether there was one."""
    gancho = Gancho.objects.get(pk=claim.gancho_id)
    entrega = _next(gancho)
    if entrega is None:
        Gancho.objects.filter(pk=gancho.pk, libre_desde=claim.hasta).update(libre_desde=Now())
        return False
    with logs.about(gancho=str(gancho.pk)):
        try:
            result = _post(gancho, entrega)
        except Exception as error:
            # Whatever it is, it must not keep the next ones from being delivered.
            logger.exception("call %s failed", entrega.pk)
            result = Failed(f"Falla interna: {type(error).__name__}.")
        record(claim, entrega, result)
    return True


@transaction.atomic
def _next(gancho: Gancho) -> EntregaGancho | None:
    pending = EntregaGancho.objects.filter(gancho=gancho, estado=EntregaGancho.Estado.PENDIENTE)
    if (entrega := pending.order_by("id").first()) is not None:
        return entrega
    with connection.cursor() as cursor:
        cursor.execute(TAKE_SQL, {"gancho": gancho.pk, "most": TANDA})
        ids = sorted(row[0] for row in cursor.fetchall())
    return EntregaGancho.objects.create(gancho=gancho, evento_ids=ids, total=len(ids)) if ids else None


def _post(gancho: Gancho, entrega: EntregaGancho) -> Result:
    # The secrets of now: one that was changed because others knew it signs for a day more, and then nothing.
    secrets = [gancho.secreto]
    if gancho.secreto_anterior and gancho.anterior_hasta and gancho.anterior_hasta > timezone.now():
        secrets.append(gancho.secreto_anterior)
    body = cuerpo(EventoGancho.objects.filter(pk__in=entrega.evento_ids).order_by("id"))
    lending.rest()
    return webhook.post(url=gancho.url, secrets=secrets, message_id=str(entrega.mensaje), body=body)


def cuerpo(eventos: Iterable[EventoGancho]) -> str:
    """Return the body of a call: https://www.standardwebhooks.com, with a list of events for its data."""
    told = [
        {
            "id": str(evento.evento),
            "type": evento.tipo,
            "timestamp": evento.creado.isoformat(timespec="milliseconds"),
            "data": evento.datos,
        }
        for evento in eventos
    ]
    first = told[0]["timestamp"] if told else timezone.now().isoformat(timespec="milliseconds")
    return json.dumps({"type": "eventos", "timestamp": first, "data": {"eventos": told}}, ensure_ascii=False)


@transaction.atomic
def record(claim: Claim, entrega: EntregaGancho, result: Result) -> bool:
    """Write what came of a call; return False when somebody else has claimed the hook since."""
    gancho = Gancho.objects.select_for_update(no_key=True).filter(pk=claim.gancho_id, libre_desde=claim.hasta).first()
    if gancho is None:
        return False
    entrega.intentos += 1
    entrega.codigo_http, entrega.respuesta = result.status, result.answer
    if isinstance(result, Delivered):
        entrega.estado, entrega.error = EntregaGancho.Estado.ENTREGADA, ""
        entrega.entregada_en = timezone.now()
        gancho.libre_desde, gancho.falla_desde = timezone.now(), None
    else:
        logger.warning("call %s of hook %s failed: %s", entrega.pk, gancho.pk, result.reason)
        entrega.error = result.reason[:ERROR_MAX]
        gancho.falla_desde = gancho.falla_desde or timezone.now()
        gancho.libre_desde = timezone.now() + timedelta(seconds=PAUSES_S[min(entrega.intentos, len(PAUSES_S)) - 1])
        if result.for_good or gancho.falla_desde <= timezone.now() - GIVE_UP:
            _disable(gancho, entrega, result)
    entrega.save()
    gancho.save(update_fields=["libre_desde", "falla_desde"])
    return True


def _disable(gancho: Gancho, entrega: EntregaGancho, failed: Failed) -> None:
    entrega.estado = EntregaGancho.Estado.FALLIDA
    desactivar(gancho, motivo=YA_NO_EXISTE if failed.for_good else SIN_TOMAR.format(error=failed.reason))
