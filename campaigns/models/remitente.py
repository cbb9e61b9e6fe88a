"""A shop's own senders."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from core.senders import INVALIDO, kind_of


class Remitente(models.Model):
    """A sender of a shop's own, of the installation's Twilio account: what its messages come from, and how fast.

    A campaign without one goes out from the installation's sender, at the installation's rate.
    """

    nombre = models.CharField(max_length=100)
    # E.164, a short code, a name or a Messaging Service: core.senders. It never changes: campaigns were sent from it.
    valor = models.CharField(max_length=34)
    segmentos_por_segundo = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)  # NULL: no limit
    activo = models.BooleanField(default=True)  # offered for new campaigns
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="remitentes")

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["usuario", "valor"], name="remitente_valor_unico"),
            models.CheckConstraint(name="remitente_ritmo_positivo", condition=Q(segmentos_por_segundo__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.nombre} ({self.valor})"

    def clean(self) -> None:
        if kind_of(self.valor) is None:
            raise ValidationError({"valor": INVALIDO})
