"""Delivery of the alerts that are due: claim, call, write what came of it.

An alert is raised once; each of its deliveries is tried until it is taken, eight times in about 18 hours. A try is
claimed by moving its next one beyond the longest call, so two workers never make the same; a worker that dies in
between leaves the delivery to be tried again. A receiver that was heard too late to say so gets it twice, under the
same id.

Receivers are the shops', and as slow as they like: one thread of a process waits for them, for half a minute at a time
and for each shop in turn, and the others send.
"""

import json
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Final

from django.db import connection
from django.db.models.functions import Now

from campaigns.models import AjustesAlertas, EntregaAlerta
from campaigns.models.alerta import ERROR_MAX
from campaigns.values.estados import en_sql
from core.ops import logs
from core.postgresql import lending
from workers.alerts import email, webhook
from workers.alerts.results import Delivered, Failed, Result

logger = logging.getLogger(__name__)

# Seconds before each new try: an hour's outage costs nothing, and a day's is given up.
PAUSES_S: Final = (10, 60, 300, 1_800, 3_600, 14_400, 43_200)
TRIES: Final = len(PAUSES_S) + 1
# More than the longest call, with the look-up of its address before it, and than the exchanges of an email.
CLAIM_S: Final = 120
# In one run, the last try of which may take longer; what is left has the next one.
MOST: Final = 100
RUN_S: Final = 30.0
SIN_RESPUESTA: Final = "No se supo cómo terminó ninguno de los intentos."

Estado = EntregaAlerta.Estado

# WITH, so that it is chosen once: joined as a sub-select it might be asked again for each row.
CLAIM_SQL = f"""
WITH due AS MATERIALIZED (
    SELECT d.id, a.usuario_id FROM campaigns_entregaalerta d JOIN campaigns_alerta a ON a.id = d.alerta_id
    WHERE d.estado = {en_sql(Estado.PENDIENTE)} AND d.proximo_intento <= statement_timestamp()
        AND d.intentos < %(tries)s
        AND NOT a.usuario_id = ANY(%(served)s)
    ORDER BY d.proximo_intento LIMIT 1 FOR UPDATE OF d SKIP LOCKED
)
UPDATE campaigns_entregaalerta e SET intentos = e.intentos + 1,
    proximo_intento = statement_timestamp() + %(claim)s * interval '1 second'
FROM due WHERE e.id = due.id RETURNING e.id, e.intentos, due.usuario_id
"""  # noqa: S608 - constants
# Those whose last try was claimed and never written down.
END_SQL = f"""
UPDATE campaigns_entregaalerta SET estado = {en_sql(Estado.FALLIDA)}, error = coalesce(nullif(error, ''), %(error)s)
WHERE estado = {en_sql(Estado.PENDIENTE)} AND proximo_intento <= statement_timestamp() AND intentos >= %(tries)s
"""  # noqa: S608 - constants

_delivering: Final = Lock()
# Shops that had their turn, kept from run to run: each one that waits has one before any has its next.
_served: Final[set[int]] = set()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to try once: `intento` is its number, and only its holder writes what came of it."""

    entrega_id: int
    intento: int
    usuario_id: int


def deliver() -> int:
    """Try what is due, unless another thread of this process is at it; return how many were tried."""
    if not _delivering.acquire(blocking=False):
        return 0
    try:
        return _run()
    finally:
        _delivering.release()


def _run() -> int:
    end_overtried()
    until = time.monotonic() + RUN_S
    tried = 0
    while claim := _next():
        _served.add(claim.usuario_id)
        entrega = EntregaAlerta.objects.select_related("alerta").get(pk=claim.entrega_id)
        with logs.about(alerta=str(entrega.alerta_id)):
            record(claim, _try(entrega))
        tried += 1
        if tried >= MOST or time.monotonic() >= until:
            break
    return tried


def _next() -> Claim | None:
    claim = take(served=_served)
    if claim is None and _served:
        _served.clear()
        claim = take()
    return claim


def take(*, served: Collection[int] = ()) -> Claim | None:
    """Claim the delivery that has been due the longest.

    Args:
        served: ids of the shops whose deliveries wait for another turn.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL, {"claim": CLAIM_S, "tries": TRIES, "served": list(served)})
        row = cursor.fetchone()
    return Claim(*row) if row else None


def end_overtried() -> int:
    """Give up the deliveries that were claimed as often as they may be and whose workers were not heard of; return how
    many."""
    with connection.cursor() as cursor:
        cursor.execute(END_SQL, {"tries": TRIES, "error": SIN_RESPUESTA})
        return int(cursor.rowcount)


def record(claim: Claim, result: Result) -> bool:
    """Write what came of a try; return False when somebody else has tried since."""
    mine = EntregaAlerta.objects.filter(pk=claim.entrega_id, intentos=claim.intento, estado=Estado.PENDIENTE)
    if isinstance(result, Delivered):
        return bool(mine.update(estado=Estado.ENTREGADA, codigo_http=result.status, error="", entregada_en=Now()))
    logger.warning("try %s of delivery %s failed: %s", claim.intento, claim.entrega_id, result.reason)
    failure = {"codigo_http": result.status, "error": result.reason[:ERROR_MAX]}
    if result.for_good or claim.intento >= TRIES:
        return bool(mine.update(estado=Estado.FALLIDA, **failure))
    pause = timedelta(seconds=PAUSES_S[claim.intento - 1])
    return bool(mine.update(proximo_intento=Now() + pause, **failure))


def _try(entrega: EntregaAlerta) -> Result:
    try:
        if entrega.canal == EntregaAlerta.Canal.CORREO:
            lending.rest()
            return email.send(alerta=entrega.alerta, destino=entrega.destino)
        return _call(entrega)
    except Exception as error:
        # Whatever it is, it must not keep the next ones from being delivered.
        logger.exception("delivery %s failed", entrega.pk)
        return Failed(f"Falla interna: {type(error).__name__}.")


def _call(entrega: EntregaAlerta) -> Result:
    alerta = entrega.alerta
    # The secret of now: one that was changed because others knew it signs nothing more.
    secret = AjustesAlertas.objects.values_list("secreto", flat=True).get(pk=alerta.usuario_id)
    body = json.dumps(
        {"type": alerta.tipo, "timestamp": alerta.creada.isoformat(timespec="seconds"), "data": alerta.datos},
        ensure_ascii=False,
    )
    lending.rest()
    return webhook.post(url=entrega.destino, secrets=[secret], message_id=str(alerta.evento), body=body)
