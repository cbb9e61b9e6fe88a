"""The personal data that opt-outs keep of a client, and its erasure.

The wish to be left alone outlives the data: consent was revoked (Ley 1581 de 2012, art. 8 e), and to honour that the
shop must know the phone when it is shown again. So `huella` stays of an anonymised client, and the kind, the moment and
the source of each word. Without them, importing an old list would write to somebody who asked for both.
"""

from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver

from clientes.bajas.sql import huella
from clientes.models import Baja, Cliente, RegistroBaja
from clientes.signals import cliente_por_anonimizar


@receiver(cliente_por_anonimizar)
def olvidar(sender: type[Cliente], *, cliente: Cliente, **kwargs: Any) -> None:
    """Erase the client's words, and the phone unless another client has it too."""
    if not cliente.telefono_e164:
        return
    mine = huella(cliente.telefono_e164)
    bajas, registros = Baja.objects.filter(huella=mine), RegistroBaja.objects.filter(huella=mine)
    shop = registros.filter(usuario=cliente.usuario_id)
    shop.update(texto="", motivo="", evidencia="")
    others = otros_con_telefono(cliente)
    if not others.filter(usuario=cliente.usuario_id).exists():
        shop.update(telefono="")
        bajas.filter(usuario=cliente.usuario_id).update(telefono="")
    if not others.exists():
        registros.filter(usuario=None).update(telefono="", texto="")
        bajas.filter(usuario=None).update(telefono="")


def otros_con_telefono(cliente: Cliente) -> QuerySet[Cliente]:
    """Return other clients of the installation with the same phone: a family, or another shop's."""
    return Cliente.objects.filter(telefono_e164=cliente.telefono_e164).exclude(pk=cliente.pk)
