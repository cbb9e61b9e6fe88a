from django.conf import settings
from django.db import models


class LoteClientes(models.Model):
    """A call that brought many clients with an `Idempotency-Key`, and its answer: the same call again gets it again.

    Kept for a day (`clientes.importacion.lote.GUARDAR`).
    """

    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    clave = models.CharField(max_length=255)
    huella = models.CharField(max_length=64)  # SHA-256 of what was asked
    respuesta = models.JSONField()
    creado = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["usuario", "clave"], name="loteclientes_clave_unica")]

    def __str__(self) -> str:
        return f"Lote de clientes {self.clave}"
