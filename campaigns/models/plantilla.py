"""A message that is written once and sent many times."""

from django.conf import settings
from django.db import models

MENSAJE_MAX = 1600  # characters after rendering, as many as Twilio takes


class PlantillaSMS(models.Model):
    nombre = models.CharField(max_length=100)
    mensaje = models.TextField(max_length=MENSAJE_MAX, help_text="Use {nombre} para personalizar.")
    activo = models.BooleanField(default=True)
    creado = models.DateTimeField(auto_now_add=True)
    # Who changed the text last; NULL from before this was kept.
    redactada_por = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        editable=False,
    )
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="plantillas")

    class Meta:
        verbose_name = "plantilla SMS"
        verbose_name_plural = "plantillas SMS"
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.nombre
