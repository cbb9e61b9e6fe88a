"""Campaigns of test keys: their recipients are judged as all are, and then answered here as Twilio answers its test
numbers. Nothing leaves.

Each Lote is opened, answered and closed in one transaction. So nobody but this one ever sees a row of theirs that could
be sent: no task is published, no claim finds one, no rate or cap is asked for, and a worker that dies leaves no doubt.
"""

import json
from typing import Any, Final

from django.db import connection, transaction

from campaigns.models import CampanaSMS
from campaigns.remitentes import valor_de
from campaigns.values.estados import SMS
from campaigns.values.twilio import TEST_FROM, TEST_TO, Entrega, look_up
from workers.engine.lote import closing, opening
from workers.metrics.measures import Closer

TEXTOS: Final = {code: look_up(code).text for code in {*TEST_TO.values(), *TEST_FROM.values()}}
# Lotes of one task: some seconds of work.
LOTES: Final = 50

TAKEN_SQL: Final = f"""
UPDATE campaigns_smslog SET estado = {SMS.ENVIANDO}, token = gen_random_uuid(), lease_hasta = now(),
    intentos = intentos + 1, actualizado = now()
WHERE lote_id = %(lote)s AND estado = {SMS.PENDIENTE}
"""  # noqa: S608 - constants
# It is no message of Twilio's: its SID is none, no moment of Twilio's time is its own, and nothing is billed.
ANSWERED_SQL: Final = f"""
UPDATE campaigns_smslog s SET estado = CASE WHEN n.codigo = '' THEN {SMS.ENVIADO} ELSE {SMS.FALLIDO} END,
    codigo = n.codigo, error = coalesce(%(textos)s::jsonb ->> n.codigo, ''),
    twilio_sid = CASE WHEN n.codigo = '' THEN 'PRUEBA' || s.id ELSE '' END,
    entrega = CASE WHEN n.codigo = '' THEN '{Entrega.DELIVERED.value}' ELSE '' END,
    segmentos = 0, costo = 0, token = NULL, lease_hasta = NULL, actualizado = now()
FROM (SELECT id, coalesce(%(desde)s, %(para)s::jsonb ->> telefono, '') AS codigo
    FROM campaigns_smslog WHERE lote_id = %(lote)s) n
WHERE s.id = n.id AND s.estado = {SMS.ENVIANDO}
"""  # noqa: S608 - constants


def is_test(campana_id: int) -> bool:
    """Tell whether a test key made the campaign."""
    return CampanaSMS.objects.filter(pk=campana_id, prueba=True).exists()


def send(campana_id: int) -> bool:
    """Answer the recipients of some Lotes; return whether there may be more."""
    return all(_answer_one(campana_id) for _ in range(LOTES))


@transaction.atomic
def _answer_one(campana_id: int) -> bool:
    """Open, answer and close one Lote; return whether there was one."""
    # Serialises the openers of one campaign, and a pause comes before or after.
    campana = CampanaSMS.objects.select_for_update(no_key=True).get(pk=campana_id)
    if campana.estado != CampanaSMS.Estado.PROCESANDO:
        return False
    lote = opening.open_next(campana)
    if lote is None:
        return False
    params: dict[str, Any] = {
        "lote": lote.pk,
        "desde": TEST_FROM.get(valor_de(campana.remitente)),
        "para": json.dumps(TEST_TO),
        "textos": json.dumps(TEXTOS),
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_SQL, params)
        cursor.execute(ANSWERED_SQL, params)
    closing.close(lote.pk, Closer.CHORD)
    return True
