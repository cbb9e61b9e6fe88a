"""The proof, come too late, that a message was sent whose row had been given up.

A row ends `fallido` by the product's own word when its campaign's deadline passes, a person cancels it, or its client
opts out between two attempts. An earlier attempt may have been accepted all the same; a callback, or an answer, that
carries the row's token tells. Then it was sent, and everything that has been summed is summed again. A refusal of
Twilio's stays what it is.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from campaigns.models import CampanaSMS, Lote, SMSLog
from campaigns.values import codigos
from campaigns.values.estados import SMS
from core.ops import logs
from workers.engine.campaign import final
from workers.engine.lote import closing

logger = logging.getLogger(__name__)

# A code of Twilio's is a number. Another row of the campaign has a duplicate's phone.
GIVEN_UP = f"estado = {SMS.FALLIDO} AND twilio_sid <> '' AND codigo !~ '^[0-9]+$' AND codigo <> %(duplicado)s"

SENT = f"estado = {SMS.ENVIADO}, codigo = '', error = '', revisar_desde = NULL, actualizado = now()"
SENT_SQL = f"""
UPDATE campaigns_smslog SET {SENT}, intentos = greatest(intentos, 1) WHERE id = %(id)s AND {GIVEN_UP}
"""  # noqa: S608 - constants

# What PostgreSQL had forgotten: the attempt that was accepted came after the end that the row still shows.
FORGOTTEN_SQL = f"""
UPDATE campaigns_smslog SET {SENT}, intentos = greatest(intentos, 1), token = %(token)s, twilio_sid = %(sid)s,
    entrega = %(entrega)s, entrega_codigo = ''
WHERE id = %(id)s AND estado = {SMS.FALLIDO} AND twilio_sid = ''
    AND NOT EXISTS (SELECT FROM campaigns_smslog k WHERE k.twilio_sid = %(sid)s)
    AND NOT EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = %(sid)s)
"""  # noqa: S608 - constants


def sent_after_all(log_id: int) -> bool:
    """Let a row that was given up and has a SID be `enviado`, with its Lote and its campaign; True when it was one."""
    return _write(log_id, SENT_SQL, {"duplicado": codigos.TELEFONO_DUPLICADO})


def sent_and_forgotten(log_id: int, *, token: UUID, sid: str, entrega: str) -> bool:
    """Let a failed row be `enviado`, with its Lote and its campaign: PostgreSQL has lost that it was tried again.

    Args:
        token: of the claim.
        sid, entrega: what Twilio answered to it.
    """
    return _write(log_id, FORGOTTEN_SQL, {"token": token, "sid": sid, "entrega": entrega})


def _write(log_id: int, sql: str, params: dict[str, Any]) -> bool:
    row = SMSLog.objects.filter(pk=log_id).values_list("campana_id", "lote_id").first()
    if row is None:
        return False
    campana_id, lote_id = row
    with transaction.atomic():
        # In the order of whoever opens a Lote; its closing takes the second only.
        CampanaSMS.objects.select_for_update(no_key=True).only("pk").get(pk=campana_id)
        Lote.objects.select_for_update().only("pk").get(pk=lote_id)
        with connection.cursor() as cursor:
            cursor.execute(sql, {"id": log_id, **params})
            if not cursor.rowcount:
                return False
        closing.resum(lote_id)
        final.resum(campana_id)
    with logs.about(campana=campana_id, sms=log_id):
        logger.warning("sms %s was sent after all: it had been given up", log_id)
    return True
