"""Services that delete tags and segments."""

from django.db import transaction
from django.db.models import Q

from clientes.models import Etiqueta, Segmento
from clientes.signals import etiqueta_por_eliminar, segmento_por_eliminar
from core.errors import ConflictError

EN_USO = "No se puede eliminar: {segmentos}. Cambie primero sus condiciones."


def eliminar_etiqueta(*, etiqueta: Etiqueta) -> None:
    """Delete a tag; its clients stay.

    Raises:
        ConflictError: a segment or a programación asks for it. Without the tag that would mean something else: one
            that leaves its clients out would begin to write to them.
    """
    with transaction.atomic():
        using = Segmento.objects.filter(usuario_id=etiqueta.usuario_id).filter(
            Q(condiciones__etiquetas__contains=[etiqueta.pk]) | Q(condiciones__sin_etiquetas__contains=[etiqueta.pk])
        )
        names = [f"la usa el segmento «{nombre}»" for nombre in using.values_list("nombre", flat=True)[:3]]
        if names:
            raise ConflictError(EN_USO.format(segmentos=", ".join(names)), code="in_use")
        etiqueta_por_eliminar.send(sender=Etiqueta, etiqueta=etiqueta)
        etiqueta.delete()


def eliminar_segmento(*, segmento: Segmento) -> None:
    """Delete a segment; its clients stay.

    Raises:
        ConflictError: a programación writes to it, or leaves it out.
    """
    with transaction.atomic():
        segmento_por_eliminar.send(sender=Segmento, segmento=segmento)
        segmento.delete()
