"""Reads about alerts. Each one starts from the tenant."""

from django.db.models import QuerySet

from campaigns.models import AjustesAlertas, Alerta
from core.models import Usuario


def ajustes_de(usuario: Usuario) -> AjustesAlertas:
    """What the shop wants; the defaults while it has said nothing."""
    found = AjustesAlertas.objects.filter(usuario_id=usuario.tenant_id).first()
    return found or AjustesAlertas(usuario_id=usuario.tenant_id)


def alertas_de(usuario: Usuario) -> QuerySet[Alerta]:
    """The shop's alerts with their deliveries, the newest first."""
    return Alerta.objects.filter(usuario_id=usuario.tenant_id).prefetch_related("entregas")
