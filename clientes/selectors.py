"""Reads. Each one starts from the tenant."""

from django.db.models import QuerySet

from clientes.models import Cliente, Etiqueta, Segmento, Venta
from core.models import Usuario


def clientes_de(usuario: Usuario) -> QuerySet[Cliente]:
    """The clients this user may see: an admin's own, a vendedor's admin's."""
    return Cliente.objects.filter(usuario_id=usuario.tenant_id)


def clientes_de_telefonos(usuario: Usuario, telefonos: set[str]) -> dict[str, Cliente]:
    """The shop's client of each phone; the first of several."""
    found = clientes_de(usuario).filter(telefono_e164__in=telefonos - {""}).order_by("-pk")
    return {cliente.telefono_e164: cliente for cliente in found}


def etiquetas_de(usuario: Usuario) -> QuerySet[Etiqueta]:
    return Etiqueta.objects.filter(usuario_id=usuario.tenant_id)


def segmentos_de(usuario: Usuario) -> QuerySet[Segmento]:
    return Segmento.objects.filter(usuario_id=usuario.tenant_id)


def ventas_de(usuario: Usuario) -> QuerySet[Venta]:
    return Venta.objects.filter(usuario_id=usuario.tenant_id)
