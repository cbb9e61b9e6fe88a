"""Selectors of the register. Each one starts from the tenant."""

from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from clientes.models import ConsultaRNE, NumeroRNE


def consultas_de(tenant_id: int) -> QuerySet[ConsultaRNE]:
    return ConsultaRNE.objects.filter(usuario_id=tenant_id).select_related("quien")


def excluidos_de(tenant_id: int) -> int:
    """Count the numbers that the shop excludes."""
    return NumeroRNE.objects.filter(usuario_id=tenant_id).count()


def ultima_consulta(tenant_id: int) -> date | None:
    """The day of the latest consultation; None when there was none."""
    latest = ConsultaRNE.objects.filter(usuario_id=tenant_id).order_by("-consultado_en").first()
    return latest.consultado_en if latest else None


def es_vieja(consultado_en: date | None, *, dias: int) -> bool:
    """Tell whether a consultation is older than so many days, or was never made."""
    return consultado_en is None or timezone.localdate() - consultado_en > timedelta(days=dias)
