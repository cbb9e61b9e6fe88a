"""Trying again those of a campaign that has ended who certainly got nothing."""

from typing import Final

from django.db.models.functions import Now

from campaigns import codigos
from campaigns.models import CampanaSMS, Lote, SMSLog
from core.errors import ConflictError

# Failed rows that are never tried again: the message may have been sent, the client left (Twilio's 21610), or is gone.
NUNCA: Final = (codigos.DESCONOCIDO, "21610", codigos.CLIENTE_ELIMINADO)
NADA = "No se puede reintentar: ningún destinatario fallido puede recibir otro intento."


def reintentables(campana: CampanaSMS) -> bool:
    """Whether a failed recipient may be tried again."""
    return SMSLog.objects.filter(campana=campana, estado="fallido").exclude(codigo__in=NUNCA).exists()


def reabrir(campana: CampanaSMS) -> None:
    """Let the engine open once more the Lotes with failed recipients; part of the move, in its transaction.

    Nothing is done to the recipients here, however many they are: each Lote's are judged again when it opens, by the
    clients' present data.

    Raises:
        ConflictError: there is none to try again.
    """
    if not reintentables(campana):
        raise ConflictError(NADA, code="move_refused")
    failed = SMSLog.objects.filter(estado="fallido", campana=campana).exclude(codigo__in=NUNCA)
    Lote.objects.filter(
        campana=campana, estado=Lote.Estado.CERRADO, fallidos__gt=0, pk__in=failed.values("lote")
    ).update(estado=Lote.Estado.PENDIENTE, publicar_desde=None, publicado_hasta=None)
    CampanaSMS.objects.filter(pk=campana.pk).update(
        completado_en=None, vence_en=None, enviados_exitosos=0, enviados_fallidos=0, iniciado_en=Now()
    )
