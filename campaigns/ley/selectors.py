"""Selectors of the settings. Each one starts from the tenant."""

from typing import Final

from django.db.models import QuerySet

from campaigns.models import Ajustes, AjustesCambio
from core.models import Usuario

CONSENTIMIENTO: Final = "exigir_consentimiento"


def ajustes_de(tenant_id: int) -> Ajustes:
    """The shop's settings; the defaults while nobody has changed them."""
    found = Ajustes.objects.select_related("limites_propios").filter(usuario_id=tenant_id).first()
    return found or Ajustes(usuario_id=tenant_id)


def historial_de(usuario: Usuario) -> QuerySet[AjustesCambio]:
    return AjustesCambio.objects.filter(usuario_id=usuario.tenant_id).select_related("quien")


def consentimiento_decidido(ajustes: Ajustes) -> bool:
    """Tell whether somebody has said if the shop requires a consent on record: yes, or no, as the history has it."""
    said = AjustesCambio.objects.filter(usuario_id=ajustes.usuario_id, cambios__has_key=CONSENTIMIENTO)
    return ajustes.exigir_consentimiento or said.exists()
