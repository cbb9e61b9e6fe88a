from django.conf import settings
from django.db import models
from django.db.models.functions import Lower


class Segmento(models.Model):
    """A saved question about clients, which is asked again each time it is used: `clientes.condiciones`."""

    nombre = models.CharField(max_length=80)
    condiciones = models.JSONField(default=dict)
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="segmentos")

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint("usuario", Lower("nombre"), name="segmento_nombre_unico"),
        ]

    def __str__(self) -> str:
        return self.nombre
