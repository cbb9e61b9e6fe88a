"""Selectors of opt-outs. Each one starts from the tenant."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from clientes.bajas.sql import huella
from clientes.models import Baja, Cliente, RegistroBaja
from core.models import Usuario


def ultima_palabra(telefono: str, *, tienda_id: int, remitentes: Iterable[str]) -> Baja | None:
    """Return the row that decides whether this shop may write to this phone; None when nothing was said.

    Args:
        telefono: E.164.
        remitentes: of several, it is an opt-out as soon as one of them may not be used.
    """
    applies = Q(usuario=tienda_id) | Q(usuario__isnull=True, remitente__in=list(remitentes))
    return Baja.objects.filter(applies, huella=huella(telefono)).order_by("-desde").first()


def bajas_de(usuario: Usuario, *, remitentes: Iterable[str]) -> QuerySet[Baja]:
    """Return the shop's own suppressions, lifted ones included, and those of its senders that are about its clients.

    A sender's row is shown only where it decides, and only of a phone that the shop has: of others' clients it tells
    nothing.
    """
    own = Baja.objects.filter(usuario=usuario.tenant_id, huella=OuterRef("huella"))
    client = Cliente.objects.filter(usuario=usuario.tenant_id, telefono_e164=OuterRef("telefono"))
    by_sender = Q(usuario__isnull=True, remitente__in=list(remitentes)) & ~Q(telefono="") & Q(Exists(client))
    decided = Q(Exists(own.filter(Q(vigente=True) | Q(desde__gte=OuterRef("desde")))))
    return Baja.objects.filter(Q(usuario=usuario.tenant_id) | (by_sender & ~decided))


def historia_de(baja: Baja, usuario: Usuario) -> QuerySet[RegistroBaja]:
    """Return what was said about the phone to this shop, the latest first."""
    rows = RegistroBaja.objects.filter(usuario=usuario.tenant_id, huella=bytes(baja.huella))
    return rows.select_related("quien").order_by("-pk")
