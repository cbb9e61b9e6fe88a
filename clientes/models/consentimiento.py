from django.conf import settings
from django.db import models

from clientes.models.cliente import FUENTE_MAX, LUGAR_MAX, TEXTO_MAX, Cliente, Medio


class RegistroConsentimiento(models.Model):
    """A consent as it was written down, or its withdrawal, when `en` is empty. Only written, never changed; it goes
    with the client's data.

    Whoever treats the data has to be able to prove the authorisation: Ley 1581 de 2012, art. 17 b.
    """

    cliente = models.ForeignKey(Cliente, on_delete=models.CASCADE, related_name="consentimientos", db_index=False)
    creado = models.DateTimeField(auto_now_add=True)
    quien = models.ForeignKey(  # who wrote it down; NULL when a file brought it
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    archivo = models.CharField(max_length=200, blank=True, default="")
    en = models.DateField(null=True, blank=True)
    hora = models.TimeField(null=True, blank=True)
    fuente = models.CharField(max_length=FUENTE_MAX, blank=True, default="")
    medio = models.CharField(max_length=8, choices=Medio, blank=True, default="")
    texto = models.CharField(max_length=TEXTO_MAX, blank=True, default="")
    lugar = models.CharField(max_length=LUGAR_MAX, blank=True, default="")

    class Meta:
        verbose_name = "registro de consentimiento"
        verbose_name_plural = "registros de consentimiento"
        ordering = ("-id",)
        indexes = [models.Index(fields=["cliente", "id"], name="consentimiento_por_cliente")]

    def __str__(self) -> str:
        return f"{self.en or 'Retirado'}"
