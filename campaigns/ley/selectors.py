"""Selectors of the settings. Each one starts from the tenant."""

from django.db.models import QuerySet

from campaigns.models import Ajustes, AjustesCambio
from core.models import Usuario


def ajustes_de(tenant_id: int) -> Ajustes:
    """The shop's settings; the defaults while nobody has changed them."""
    found = Ajustes.objects.select_related("limites_propios").filter(usuario_id=tenant_id).first()
    return found or Ajustes(usuario_id=tenant_id)


def historial_de(usuario: Usuario) -> QuerySet[AjustesCambio]:
    return AjustesCambio.objects.filter(usuario_id=usuario.tenant_id).select_related("quien")
