"""Opt-outs in the engine: a message to a phone that said so is never claimed, and its row ends `fallido`, `baja`.

The judgement when a Lote opens is not enough: a client may answer STOP between that and their turn.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from campaigns.audiencia.juicio import TEXTOS, duda_sql
from campaigns.models import CampanaSMS, SMSLog
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.values.estados import CAMPANA, SMS
from clientes.bajas.services import Prueba, dar_de_baja
from clientes.bajas.sql import fuera_sql
from clientes.models import Fuente

TIENDA: Final = "(SELECT c.usuario_id FROM campaigns_campanasms c WHERE c.id = s.campana_id)"
# Whether the phone of rows `s` of campaigns_smslog opted out, with the installation's sender as the parameter
# `remitente`. The campaign is read in sub-selects and only for a phone of which something was said: see
# ledger.CLAIM_SQL.
BAJA_SQL: Final = fuera_sql(
    telefono="s.telefono",
    tienda=TIENDA,
    remitente=(
        "coalesce((SELECT r.valor FROM campaigns_campanasms c JOIN campaigns_remitente r ON r.id = c.remitente_id"
        " WHERE c.id = s.campana_id), %(remitente)s)"
    ),
)

# The same, or perhaps opted out: nobody has decided yet.
FUERA_SQL: Final = f"({BAJA_SQL} OR {duda_sql(telefono='s.telefono', tienda=TIENDA)})"

# What a claim takes, but of phones that opted out. An attempt that was counted for a claim made before is given back.
FAIL_SQL: Final = f"""
UPDATE campaigns_smslog s
SET estado = {SMS.FALLIDO}, lease_hasta = NULL, actualizado = now(),
    (codigo, error) = (SELECT CASE WHEN {BAJA_SQL} THEN %(codigo)s ELSE '{codigos.BAJA_DUDOSA}' END,
        CASE WHEN {BAJA_SQL} THEN %(error)s ELSE '{TEXTOS[codigos.BAJA_DUDOSA]}' END),
    intentos = s.intentos - CASE s.estado WHEN {SMS.ENVIANDO} THEN 1 ELSE 0 END
FROM unnest(%(ids)s::bigint[], %(held)s::uuid[]) AS n(id, held)
WHERE s.id = n.id
    AND CASE s.estado WHEN {SMS.PENDIENTE} THEN true WHEN {SMS.ENVIANDO} THEN s.token = n.held ELSE false END
    AND (SELECT c.estado = {CAMPANA.PROCESANDO} FROM campaigns_campanasms c WHERE c.id = s.campana_id)
    AND {FUERA_SQL}
"""  # noqa: S608 - constants


def fail_opted_out(held: Mapping[int, UUID | None]) -> int:
    """End the rows that a claim passed over because of an opt-out; return how many.

    Args:
        held: the rows that could not be claimed, for whatever reason, as `ledger.claim_many` was asked for them. Only
            those whose phone opted out are touched.
    """
    ids = sorted(held)
    with connection.cursor() as cursor:
        cursor.execute(
            FAIL_SQL,
            {
                "ids": ids,
                "held": [token and token.hex for token in (held[log_id] for log_id in ids)],
                "codigo": codigos.BAJA,
                "error": TEXTOS[codigos.BAJA],
                "remitente": valor_de(None),
            },
        )
        return int(cursor.rowcount)


def learn(*, campana_id: int, telefono: str, remitente: str) -> None:
    """Twilio refused to create a message because the phone opted out: from now on nobody tries again.

    Args:
        remitente: what it was to come from.
    """
    campana = CampanaSMS.objects.only("nombre", "usuario").get(pk=campana_id)
    _opt_out(campana, telefono, remitente, sid="", momento=None)


def learn_from_callbacks(sids: Mapping[int, str]) -> None:
    """Twilio said so after it had accepted the message.

    Args:
        sids: Twilio's SID of each row, by the row's id.
    """
    rows = SMSLog.objects.filter(pk__in=sids).exclude(telefono="").select_related("campana__remitente")
    for log in rows.order_by("telefono"):  # each takes a lock: in one order
        # It was true when the message was sent. A client who came back since stays.
        sender = valor_de(log.campana.remitente)
        _opt_out(log.campana, log.telefono, sender, sid=sids[log.pk], momento=log.reclamado_en)


def _opt_out(campana: CampanaSMS, telefono: str, remitente: str, *, sid: str, momento: datetime | None) -> None:
    prueba = Prueba(
        Fuente.TWILIO,
        sid=sid,
        remitente=remitente,
        campana_id=campana.pk,
        campana_nombre=campana.nombre,
        momento=momento,
    )
    names = [remitente] if remitente else []
    dar_de_baja(telefono=telefono, tienda_id=campana.usuario_id, prueba=prueba, remitentes=names)
