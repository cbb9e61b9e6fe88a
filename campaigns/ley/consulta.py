"""The consultation of the Registro de Números Excluidos that a shop may require before it sends advertising."""

from datetime import datetime
from typing import Final

from django.utils import timezone

from campaigns.models import Ajustes
from clientes.rne.selectors import es_vieja, ultima_consulta

SIN_CONSULTA: Final = (
    "Falta una consulta del RNE de los últimos {dias} días, que esta tienda exige: tráigala y reanude."
)


def falta_consulta(ajustes: Ajustes, at: datetime) -> str:
    """Say why no advertising leaves in a jornada that begins at this moment; "" when the consultation is fresh, or none
    is required."""
    if not (ajustes.rne_activo and ajustes.rne_exigir_consulta):
        return ""
    latest = ultima_consulta(ajustes.usuario_id)
    if es_vieja(latest, dias=ajustes.rne_vigencia_dias, hoy=timezone.localdate(at)):
        return SIN_CONSULTA.format(dias=ajustes.rne_vigencia_dias)
    return ""
