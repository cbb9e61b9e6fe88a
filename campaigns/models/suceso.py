"""The audit log of the campaigns."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

DETALLE_MAX = 300


class Suceso(models.Model):
    """One thing that happened to a campaign. The table only grows: a trigger of PostgreSQL refuses all else."""

    class Tipo(models.TextChoices):
        CREADA = "creada", "Creada"
        EDITADA = "editada", "Cambió antes de empezar"
        APROBADA = "aprobada", "Aprobada"
        RECHAZADA = "rechazada", "No se aprobó"
        INICIADA = "iniciada", "Empezó el envío"
        ESPERA = "espera", "Espera el horario de envío"
        SIGUE = "sigue", "Sigue: se abrió el horario"
        PAUSADA = "pausada", "Pausada"
        PAUSADA_SOLA = "pausada_sola", "Se pausó sola"  # Twilio refuses the account or the sender, or a cap was reached
        REANUDADA = "reanudada", "Reanudada"
        CANCELADA = "cancelada", "Cancelada"
        REINTENTADA = "reintentada", "Se reintentan los fallidos"
        MOVIDA = "movida", "Cambió de estado"  # nothing writes it; the API names it
        AVANCE_25 = "avance_25", "Llegó al 25 %"
        AVANCE_50 = "avance_50", "Llegó al 50 %"
        AVANCE_75 = "avance_75", "Llegó al 75 %"
        SIN_AVANCE = "sin_avance", "Dejó de avanzar"
        REVISION = "revision", "Twilio tiene una falla"  # found by the check before a large campaign
        COMPLETADA = "completada", "Completada"
        ERROR = "error", "Terminó con error"
        CERRADA = "cerrada", "Terminó de cancelarse"

    campana = models.ForeignKey(
        "campaigns.CampanaSMS", on_delete=models.PROTECT, related_name="sucesos", db_index=False
    )
    tipo = models.CharField(max_length=12, choices=Tipo)
    # NULL: the product itself.
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ip = models.GenericIPAddressField(null=True)
    via = models.CharField(max_length=6, blank=True, default="")  # of core.ops.actor
    detalle = models.CharField(max_length=DETALLE_MAX, blank=True, default="")
    creado = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "suceso"
        ordering = ("id",)
        constraints = [
            # The first to see it writes it; the others find it there.
            models.UniqueConstraint(
                fields=["campana", "tipo"],
                name="suceso_un_avance",
                condition=Q(tipo__in=["avance_25", "avance_50", "avance_75"]),
            )
        ]
        indexes = [models.Index(fields=["campana", "id"], name="suceso_por_campana")]

    def __str__(self) -> str:
        return f"{self.get_tipo_display()} ({self.campana_id})"
