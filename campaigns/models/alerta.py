"""Alerts of a shop: its settings, the alerts that there were, and their deliveries."""

import uuid
from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

URL_MAX = 500
ERROR_MAX = 300
MINUTOS_VALIDOS = (MinValueValidator(1), MaxValueValidator(1440))
MINUTOS_SIN_AVANCE: Final = 10  # unless the shop says otherwise


class AjustesAlertas(models.Model):
    """The addresses at which a shop wants its alerts, and the alerts that it wants."""

    usuario = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="ajustes_alertas"
    )
    url = models.URLField(max_length=URL_MAX, blank=True, default="")
    secreto = models.CharField(max_length=80, blank=True, default="")  # signs the calls: see workers.alerts.webhook
    correos = ArrayField(models.EmailField(), default=list, blank=True)
    # Those of `correos` whose owner has said yes to the link that they were sent: the others get no alert.
    confirmados = ArrayField(models.EmailField(), default=list, blank=True)
    al_pausarse = models.BooleanField(default=True)
    al_detenerse = models.BooleanField(default=True)
    al_fallar = models.BooleanField(default=True)
    minutos_sin_avance = models.PositiveSmallIntegerField(default=MINUTOS_SIN_AVANCE, validators=MINUTOS_VALIDOS)

    class Meta:
        verbose_name = verbose_name_plural = "ajustes de alertas"

    def __str__(self) -> str:
        return f"Alertas de la tienda {self.pk}"

    @property
    def sin_confirmar(self) -> list[str]:
        return [correo for correo in self.correos if correo not in self.confirmados]


class Alerta(models.Model):
    """Something to tell a shop, with the text as it was then."""

    class Tipo(models.TextChoices):
        PAUSADA = "campana.pausada", "Una campaña se pausó sola"
        DETENIDA = "campana.detenida", "Una campaña dejó de avanzar"
        ERROR = "campana.error", "Una campaña terminó con error"
        GANCHO = "gancho.desactivado", "Un gancho se desactivó"
        PRUEBA = "prueba", "Prueba"
        CONFIRMACION = "confirmacion", "Un correo por confirmar"  # to that address alone

    # Sent along: a receiver that gets it twice can tell.
    evento = models.UUIDField(default=uuid.uuid4, unique=True)
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="alertas", db_index=False
    )
    # Unique: one thing that happens is told once. NULL: a trial.
    suceso = models.OneToOneField("campaigns.Suceso", null=True, on_delete=models.PROTECT, related_name="alerta")
    tipo = models.CharField(max_length=20, choices=Tipo)
    datos = models.JSONField()
    creada = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "alerta"
        ordering = ("-id",)
        indexes = [models.Index(fields=["usuario", "id"], name="alerta_por_tienda")]

    def __str__(self) -> str:
        return f"{self.get_tipo_display()} ({self.id})"


class EntregaAlerta(models.Model):
    """One alert on its way to one address.

    pendiente → entregada | fallida
    """

    class Canal(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        CORREO = "correo", "Correo"

    class Estado(models.TextChoices):
        PENDIENTE = "pendiente", "Pendiente"  # to be tried at proximo_intento
        ENTREGADA = "entregada", "Entregada"
        FALLIDA = "fallida", "Fallida"  # tried as often as it may be, or of no use to try again: see error

    alerta = models.ForeignKey(Alerta, on_delete=models.CASCADE, related_name="entregas", db_index=False)
    canal = models.CharField(max_length=7, choices=Canal)
    destino = models.CharField(max_length=URL_MAX)
    estado = models.CharField(max_length=9, choices=Estado, default=Estado.PENDIENTE)
    intentos = models.PositiveSmallIntegerField(default=0)
    # Also the claim: who takes a delivery moves this beyond the longest call.
    proximo_intento = models.DateTimeField(db_default=Now())
    codigo_http = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=ERROR_MAX, blank=True, default="")
    entregada_en = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "entrega de alerta"
        verbose_name_plural = "entregas de alertas"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["alerta", "canal", "destino"], name="entrega_una_por_destino"),
        ]
        indexes = [
            # the delivery of alerts: what is due
            models.Index(fields=["proximo_intento"], name="entrega_pendiente", condition=Q(estado="pendiente")),
        ]

    def __str__(self) -> str:
        return f"{self.canal} {self.estado}"
