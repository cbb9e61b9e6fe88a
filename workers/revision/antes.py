"""The check before a large campaign: what would stop it at Twilio stands in its log before its first refusal does."""

from typing import Final

from django.conf import settings

from campaigns.bitacora.services import anotar
from campaigns.models import CampanaSMS, Suceso
from campaigns.remitentes import valor_de
from core.cache import shared
from workers.revision.revision import revisar

# Campaigns that begin together share one check of their sender, in seconds.
FRESCA_S: Final = 600.0


def revisar_campana(campana_id: int) -> list[str]:
    """Check the account and the campaign's sender, write each grave fault in the campaign's log, and return them.

    It stops nothing: Twilio's own refusal pauses the campaign, and a check that cannot ask must not. A simulator needs
    none.
    """
    if settings.TWILIO_SIMULATED:
        return []
    campana = CampanaSMS.objects.select_related("remitente").get(pk=campana_id)
    valor = valor_de(campana.remitente)
    graves = shared(f"revision:{valor}", lambda: _graves(valor), fresh_s=FRESCA_S)
    for texto in graves:
        anotar(campana_id=campana_id, tipo=Suceso.Tipo.REVISION, detalle=texto)
    return graves


def _graves(valor: str) -> list[str]:
    # Our own addresses may answer others and not this machine: the morning's check calls them.
    return [str(falla) for falla in revisar(de_ida_y_vuelta=False, valores=[valor]) if falla.grave]
