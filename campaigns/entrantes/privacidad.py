"""The personal data that clients' texts keep, and its erasure."""

import time
from datetime import timedelta
from typing import Any, Final

from django.dispatch import receiver
from django.utils import timezone

from campaigns.models import Entrante
from campaigns.values.intencion import Intencion
from clientes.bajas.privacidad import otros_con_telefono
from clientes.models import Cliente
from clientes.signals import cliente_por_anonimizar
from core.postgresql import lending
from core.registro import MES_DIAS

LOTE: Final = 2_000


def olvidar_viejos(meses: int, *, hasta: float) -> int:
    """Erase who wrote and what, of texts so old; return how many were erased.

    A doubt that nobody has decided stays: it keeps messages from that phone.

    Args:
        meses: of 31 days.
        hasta: the moment of `time.monotonic` at which to leave the rest for another day.
    """
    before = timezone.now() - timedelta(days=meses * MES_DIAS)
    old = Entrante.objects.filter(recibido__lt=before).exclude(tipo=Intencion.DUDA)
    done = 0
    while time.monotonic() < hasta:
        ids = list(old.exclude(texto="", telefono="").values_list("pk", flat=True).order_by("pk")[:LOTE])
        if not ids:
            break
        done += Entrante.objects.filter(pk__in=ids).update(texto="", telefono="")
        lending.let_others()
    return done


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
