"""An answer that is written once and given many times, by a person or by itself."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.plantilla import MENSAJE_MAX

NOMBRE_MAX = 60
PALABRA_MAX = 30


class RespuestaGuardada(models.Model):
    """A saved answer of a shop. One with a `palabra` is given by itself to a client who writes nothing else."""

    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    nombre = models.CharField(max_length=NOMBRE_MAX)
    mensaje = models.TextField(max_length=MENSAJE_MAX)
    # As `campaigns.respuestas.palabras` compares it; "" for one that only people give.
    palabra = models.CharField(max_length=PALABRA_MAX, blank=True, default="")
    creado = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "respuesta guardada"
        verbose_name_plural = "respuestas guardadas"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["usuario", "palabra"], name="respuesta_una_por_palabra", condition=~Q(palabra="")
            )
        ]
        indexes = [models.Index(fields=["usuario", "id"], name="respuesta_por_tienda")]

    def __str__(self) -> str:
        return self.nombre
