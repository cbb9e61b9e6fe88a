"""A shop that an operator disables sends nothing more: its people cannot sign in to stop what runs."""

from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver

from campaigns.campana.services import mover_campana
from campaigns.models import CampanaSMS
from core.errors import ConflictError
from core.models import Usuario

DESHABILITADA: Final = "La tienda está deshabilitada: no se envía nada más."

Estado = CampanaSMS.Estado


@receiver(post_save, sender=Usuario, dispatch_uid="campaigns.tiendas")
def pausar_las_suyas(instance: Usuario, created: bool, **kwargs: Any) -> None:
    """Pause what a disabled shop is sending, in the transaction that disables it when there is one.

    The engine does the same for a shop that was disabled by another way, at the next sweep. What has not started does
    not start, and what was paused stays so when the shop is enabled again, until a person resumes it.
    """
    if created or instance.is_active or not instance.es_tienda:
        return
    running = Q(estado=Estado.PROCESANDO) | Q(estado=Estado.PAUSADO, reanuda_en__isnull=False)
    for campana in CampanaSMS.objects.filter(running, usuario=instance).order_by("pk"):
        try:
            with transaction.atomic():
                mover_campana(campana=campana, action="pausar", motivo=DESHABILITADA)
        except ConflictError:
            pass  # it ended a moment ago
