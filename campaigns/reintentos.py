"""Trying again those of a campaign that has ended who certainly got nothing."""

from typing import Final

from django.db import connection
from django.db.models.functions import Now

from campaigns import codigos
from campaigns.destinatarios import JUZGADOS
from campaigns.models import CampanaSMS, SMSLog
from core.errors import ConflictError

# Failed rows that are never tried again: the message may have been sent, the client left (Twilio's 21610), or is gone.
NUNCA: Final = (codigos.DESCONOCIDO, "21610", codigos.CLIENTE_ELIMINADO)
# Twilio's judgements of a number: only another number can change them.
DEL_NUMERO: Final = ("21211", "21214", "21217", "21265", "21266", "21604", "21614", "21635")
NADA = "No se puede reintentar: ningún destinatario fallido puede recibir el mensaje ahora."

# `elegidos` for `destinatarios.JUZGADOS`: the failed rows, of those that the condition on `s` names, that may work now.
ELEGIDOS: Final = """
elegidos AS (
    SELECT s.cliente_id AS id, s.id AS n FROM campaigns_smslog s JOIN clientes_cliente c ON c.id = s.cliente_id
    WHERE {condition} AND s.estado = 'fallido' AND s.codigo <> ALL(%(nunca)s)
        AND (s.codigo <> ALL(%(del_numero)s) OR s.telefono <> c.telefono_e164)
)
"""
# Of what was judged, `j`: another row of the campaign has the phone already.
OCUPADO: Final = """
EXISTS (SELECT FROM campaigns_smslog o WHERE o.campana_id = %(campana)s AND o.id <> j.n
    AND o.telefono = j.telefono AND o.telefono <> '' AND o.codigo <> 'telefono_duplicado')
"""
PARAMS: Final = {"nunca": list(NUNCA), "del_numero": list(DEL_NUMERO)}

REABRIR_SQL: Final = (
    "WITH "  # noqa: S608 - constants
    + ELEGIDOS.format(condition="s.campana_id = %(campana)s")
    + ","
    + JUZGADOS
    + """
UPDATE campaigns_lote SET estado = 'pendiente', publicar_desde = NULL, publicado_hasta = NULL
WHERE campana_id = %(campana)s AND estado = 'cerrado' AND id IN (
    SELECT s.lote_id FROM juzgados j JOIN campaigns_smslog s ON s.id = j.n WHERE j.codigo = '' AND NOT
"""
    + OCUPADO
    + ")"
)


def reintentables(campana: CampanaSMS) -> bool:
    """Whether there is a failed recipient who might be tried again; whether one can be, only `reabrir` finds out."""
    return SMSLog.objects.filter(campana=campana, estado="fallido").exclude(codigo__in=NUNCA).exists()


def reabrir(campana: CampanaSMS) -> None:
    """Let the engine open once more the Lotes with recipients who may be sent to now; part of the move, in its
    transaction.

    Nothing is done to the recipients here, however many they are: each Lote's are judged again when it opens.

    Raises:
        ConflictError: by the clients' present data there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute(REABRIR_SQL, {**PARAMS, "campana": campana.pk, "tenant": campana.usuario_id})
        if not cursor.rowcount:
            raise ConflictError(NADA, code="move_refused")
    CampanaSMS.objects.filter(pk=campana.pk).update(
        completado_en=None, vence_en=None, enviados_exitosos=0, enviados_fallidos=0, iniciado_en=Now()
    )
