from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from clientes.models.cliente import Cliente


class Venta(models.Model):
    """A sale, as an inventory system pushes it. A client with sales cannot be deleted."""

    cliente = models.ForeignKey(Cliente, on_delete=models.PROTECT, related_name="ventas", db_index=False)
    fecha = models.DateTimeField(default=timezone.now)
    total = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    referencia = models.CharField(
        max_length=64, blank=True, default="", help_text="Su número en el sistema de ventas; no se repite."
    )
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ventas", db_index=False
    )

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["usuario", "referencia"], name="venta_referencia_unica", condition=~Q(referencia="")
            ),
            models.CheckConstraint(name="venta_total_no_negativo", condition=Q(total__gte=0)),
        ]
        indexes = [
            # "bought since", "spent over": per client, by date
            models.Index(fields=["cliente", "fecha"], name="venta_por_cliente"),
            models.Index(fields=["usuario", "id"], name="venta_por_tienda"),  # lists by cursor
        ]

    def __str__(self) -> str:
        return self.referencia or f"Venta {self.pk}"
