"""Delivering what is due: claim, call, write what came of it.

An alert is raised once; each of its deliveries is tried until it is taken, eight times in about 18 hours. A try is
claimed by moving its next one beyond the longest call, so two workers never make the same; a worker that dies in
between leaves the delivery to be tried again. A receiver that was heard too late to say so gets it twice, under the
same id.
"""

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection
from django.db.models.functions import Now

from campaigns.models import AjustesAlertas, EntregaAlerta
from core import logs
from workers.alerts import email, webhook
from workers.alerts.results import Delivered, Failed, Result

logger = logging.getLogger(__name__)

# Seconds before each new try: an hour's outage costs nothing, and a day's is given up.
PAUSES_S: Final = (10, 60, 300, 1_800, 3_600, 14_400, 43_200)
# More than the longest call.
CLAIM_S: Final = 60
# In one run; what is left has the next one.
MOST: Final = 100
ERROR_MAX: Final = 300

CLAIM_SQL = """
UPDATE campaigns_entregaalerta SET intentos = intentos + 1,
    proximo_intento = statement_timestamp() + %s * interval '1 second'
WHERE id = (
    SELECT id FROM campaigns_entregaalerta WHERE estado = 'pendiente' AND proximo_intento <= statement_timestamp()
    ORDER BY proximo_intento LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, intentos
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to try once: `intento` is its number, and only its holder writes what came of it."""

    entrega_id: int
    intento: int


def deliver() -> int:
    """Try what is due; return how many were tried."""
    tried = 0
    while tried < MOST and (claim := take()):
        tried += 1
        entrega = EntregaAlerta.objects.select_related("alerta").get(pk=claim.entrega_id)
        with logs.about(alerta=str(entrega.alerta_id)):
            record(claim, _try(entrega))
    return tried


def take() -> Claim | None:
    """Claim the delivery that has been due the longest."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL, [CLAIM_S])
        row = cursor.fetchone()
    return Claim(*row) if row else None


def record(claim: Claim, result: Result) -> bool:
    """Write what came of a try; False when somebody else has tried since."""
    mine = EntregaAlerta.objects.filter(pk=claim.entrega_id, intentos=claim.intento, estado="pendiente")
    if isinstance(result, Delivered):
        return bool(mine.update(estado="entregada", codigo_http=result.status, error="", entregada_en=Now()))
    logger.warning("try %s of delivery %s failed: %s", claim.intento, claim.entrega_id, result.reason)
    failure = {"codigo_http": result.status, "error": result.reason[:ERROR_MAX]}
    if result.for_good or claim.intento > len(PAUSES_S):
        return bool(mine.update(estado="fallida", **failure))
    pause = timedelta(seconds=PAUSES_S[claim.intento - 1])
    return bool(mine.update(proximo_intento=Now() + pause, **failure))


def _try(entrega: EntregaAlerta) -> Result:
    try:
        if entrega.canal == EntregaAlerta.Canal.CORREO:
            return email.send(alerta=entrega.alerta, destino=entrega.destino)
        return _call(entrega)
    except Exception as error:
        # Whatever it is, it must not keep the next ones from being delivered.
        logger.exception("delivery %s failed", entrega.pk)
        return Failed(f"Falla interna: {type(error).__name__}.")


def _call(entrega: EntregaAlerta) -> Result:
    alerta = entrega.alerta
    # Of now, not of then: a secret that was changed because others knew it signs nothing more.
    secret = AjustesAlertas.objects.values_list("secreto", flat=True).get(pk=alerta.usuario_id)
    body = json.dumps(
        {"type": alerta.tipo, "timestamp": alerta.creada.isoformat(timespec="seconds"), "data": alerta.datos},
        ensure_ascii=False,
    )
    return webhook.post(url=entrega.destino, secret=secret, message_id=str(alerta.evento), body=body)
