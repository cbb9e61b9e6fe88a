"""What a programación needs is not deleted from under it."""

from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from campaigns.models import PlantillaSMS, Programacion, Remitente
from campaigns.signals import plantilla_por_eliminar, remitente_por_eliminar
from clientes.models import Etiqueta, Segmento
from clientes.signals import etiqueta_por_eliminar, segmento_por_eliminar
from core.errors import ConflictError

EN_USO = "No se puede eliminar: {programaciones}. Cámbiela o elimínela primero."


@receiver(etiqueta_por_eliminar)
def cuidar_etiqueta(sender: type[Etiqueta], *, etiqueta: Etiqueta, **kwargs: Any) -> None:
    """Raises:
    ConflictError: naming the programaciones that use it.
    """
    _cuidar(
        etiqueta.usuario_id,
        Q(audiencia__etiquetas__contains=[etiqueta.pk]) | Q(audiencia__excluir__etiquetas__contains=[etiqueta.pk]),
    )


@receiver(segmento_por_eliminar)
def cuidar_segmento(sender: type[Segmento], *, segmento: Segmento, **kwargs: Any) -> None:
    """Raises:
    ConflictError: naming the programaciones that use it.
    """
    _cuidar(segmento.usuario_id, Q(audiencia__segmento=segmento.pk) | Q(audiencia__excluir__segmento=segmento.pk))


@receiver(plantilla_por_eliminar)
def cuidar_plantilla(sender: type[PlantillaSMS], *, plantilla: PlantillaSMS, **kwargs: Any) -> None:
    """Raises:
    ConflictError: naming the programaciones that use it.
    """
    _cuidar(plantilla.usuario_id, Q(plantilla=plantilla))


@receiver(remitente_por_eliminar)
def cuidar_remitente(sender: type[Remitente], *, remitente: Remitente, **kwargs: Any) -> None:
    """Raises:
    ConflictError: naming the programaciones that use it.
    """
    _cuidar(remitente.usuario_id, Q(remitente=remitente))


def _cuidar(tenant_id: int, using: Q) -> None:
    found = Programacion.objects.filter(using, usuario_id=tenant_id).order_by("pk")
    names = [f"la usa la programación «{nombre}»" for nombre in found.values_list("nombre", flat=True)[:3]]
    if names:
        raise ConflictError(EN_USO.format(programaciones=", ".join(names)), code="in_use")
