"""Selectors of the register. Each one starts from the tenant."""

from datetime import date, timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from clientes.models import Cliente, ConsultaRNE, Importacion, NumeroRNE


def consultas_de(tenant_id: int) -> QuerySet[ConsultaRNE]:
    return ConsultaRNE.objects.filter(usuario_id=tenant_id).select_related("quien")


def archivos_de(tenant_id: int) -> QuerySet[Importacion]:
    """The files of the register that a worker reads, or has read lately."""
    return Importacion.objects.filter(usuario_id=tenant_id, tipo=Importacion.Tipo.RNE)


def excluidos_de(tenant_id: int) -> int:
    """Count the numbers that the shop excludes."""
    return NumeroRNE.objects.filter(usuario_id=tenant_id).count()


def registrado_desde(cliente: Cliente) -> date | None:
    """The day of the consultation in which the client's phone first stood in the register; None when it does not."""
    found = NumeroRNE.objects.filter(usuario_id=cliente.usuario_id, telefono=cliente.telefono_e164)
    return found.values_list("desde", flat=True).first() if cliente.telefono_e164 else None


def con_registro(clientes: QuerySet[Cliente]) -> QuerySet[Cliente]:
    """Annotate each client with `registrado_desde`, for lists."""
    found = NumeroRNE.objects.filter(usuario_id=OuterRef("usuario_id"), telefono=OuterRef("telefono_e164"))
    return clientes.annotate(registrado_desde=Subquery(found.values("desde")[:1]))


def revocado_en(cliente: Cliente) -> date | None:
    """The day on which the register revoked the client's consent; None when it did not, or there is none.

    A consent that is later than that day was given in spite of the register, and is valid.
    """
    given = cliente.consentimiento_en
    if given is None:
        return None
    known = vars(cliente).get("registrado_desde", ...)
    desde = registrado_desde(cliente) if known is ... else known
    return desde if desde is not None and given <= desde else None


def ultima_consulta(tenant_id: int) -> date | None:
    """The day of the latest consultation; None when there was none."""
    latest = ConsultaRNE.objects.filter(usuario_id=tenant_id).order_by("-consultado_en").first()
    return latest.consultado_en if latest else None


def es_vieja(consultado_en: date | None, *, dias: int, hoy: date | None = None) -> bool:
    """Tell whether a consultation is older than so many days, or was never made.

    Args:
        hoy: the day on which it is asked for; today when None.
    """
    return consultado_en is None or (hoy or timezone.localdate()) - consultado_en > timedelta(days=dias)
