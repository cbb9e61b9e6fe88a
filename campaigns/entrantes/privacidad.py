"""The personal data that clients' texts keep, and its erasure."""

from typing import Any

from django.dispatch import receiver

from campaigns.models import Entrante
from clientes.bajas.privacidad import otros_con_telefono
from clientes.models import Cliente
from clientes.signals import cliente_por_anonimizar


@receiver(cliente_por_anonimizar)
def olvidar(sender: type[Cliente], *, cliente: Cliente, **kwargs: Any) -> None:
    """Erase what the client wrote, and the phone unless another client has it too."""
    if not cliente.telefono_e164:
        return
    rows = Entrante.objects.filter(telefono=cliente.telefono_e164)
    shop = rows.filter(usuario=cliente.usuario_id)
    shop.update(texto="")
    others = otros_con_telefono(cliente)
    if not others.filter(usuario=cliente.usuario_id).exists():
        shop.update(telefono="")
    if not others.exists():
        rows.filter(usuario=None).update(texto="", telefono="")
