from typing import ClassVar

from django.db import models


class Mensaje(models.Model):
    """A row like the product's SMSLog, without what makes that one safe: no claim, no token, no constraint."""

    # The type checker knows only the product's own applications.
    objects: ClassVar["models.Manager[Mensaje]"] = models.Manager()

    telefono = models.CharField(max_length=20)
    mensaje = models.TextField()
    estado = models.CharField(max_length=10, default="pendiente", db_index=True)
    twilio_sid = models.CharField(max_length=100, blank=True, default="")
    error = models.CharField(max_length=300, blank=True, default="")
    creado = models.DateTimeField(auto_now_add=True)
    actualizado = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "textbook"

    def __str__(self) -> str:
        return self.telefono
