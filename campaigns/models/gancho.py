"""Hooks: a shop's programs that are told of events, the events that wait for them, and the calls."""

import uuid
from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.models.alerta import ERROR_MAX, URL_MAX, EntregaAlerta
from campaigns.values import eventos

RESPUESTA_MAX: Final = 500


class Gancho(models.Model):
    """An address of a shop's program, and the events that it is told of.

    activo ⇄ desactivado: by a person, or by itself once nothing was taken for three days
    """

    class Estado(models.TextChoices):
        ACTIVO = "activo", "Activo"
        DESACTIVADO = "desactivado", "Desactivado"  # no events are kept for it; `motivo` says why

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ganchos", db_index=False
    )
    url = models.URLField(max_length=URL_MAX)
    tipos = ArrayField(models.CharField(max_length=30, choices=eventos.ELEGIBLES))
    secreto = models.CharField(max_length=80)
    # The one before it signs too until then, so that the receiver may change over.
    secreto_anterior = models.CharField(max_length=80, blank=True, default="")
    anterior_hasta = models.DateTimeField(null=True, blank=True)
    estado = models.CharField(max_length=11, choices=Estado, default=Estado.ACTIVO)
    motivo = models.CharField(max_length=ERROR_MAX, blank=True, default="")
    # Nobody calls it before this moment: it is the claim of who is calling, and the pause after a failure.
    libre_desde = models.DateTimeField(db_default=Now())
    falla_desde = models.DateTimeField(null=True, blank=True)  # nothing has been taken since
    creado = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "gancho"
        ordering = ("id",)
        indexes = [
            models.Index(fields=["usuario", "id"], name="gancho_por_tienda"),
            # who is to be called, and the triggers: whether any hook is there
            models.Index(fields=["libre_desde"], name="gancho_activo", condition=Q(estado="activo")),
        ]

    def __str__(self) -> str:
        return self.url


class EventoGancho(models.Model):
    """One event for one hook. The database writes it with what it tells of; a call takes up to 500 in their order."""

    # Without a constraint, by which each message would lock the hook's row. What a deleted hook leaves, or is written
    # just after it, goes in the next night.
    gancho = models.ForeignKey(
        Gancho, on_delete=models.DO_NOTHING, related_name="eventos", db_index=False, db_constraint=False
    )
    evento = models.UUIDField(default=uuid.uuid4)  # the same however often it is told
    tipo = models.CharField(max_length=30)
    datos = models.JSONField()
    creado = models.DateTimeField(db_default=Now())
    en_entrega = models.BooleanField(default=False, db_default=False)  # some call has it

    class Meta:
        ordering = ("id",)
        indexes = [
            # the next call of a hook
            models.Index(fields=["gancho", "id"], name="evento_por_entregar", condition=Q(en_entrega=False)),
            models.Index(fields=["gancho", "creado"], name="evento_por_gancho"),  # a span that is told again
        ]

    def __str__(self) -> str:
        return f"{self.tipo} ({self.id})"


class EntregaGancho(models.Model):
    """One call of a hook, with its events, until it is taken.

    pendiente → entregada | fallida, when the hook is disabled
    """

    Estado = EntregaAlerta.Estado

    gancho = models.ForeignKey(Gancho, on_delete=models.CASCADE, related_name="entregas", db_index=False)
    mensaje = models.UUIDField(default=uuid.uuid4)  # `webhook-id`, the same in every try
    evento_ids = ArrayField(models.BigIntegerField())
    total = models.PositiveSmallIntegerField()
    estado = models.CharField(max_length=9, choices=Estado, default=Estado.PENDIENTE)
    repetida = models.BooleanField(default=False)  # its events were in a call before
    intentos = models.PositiveSmallIntegerField(default=0)
    codigo_http = models.PositiveSmallIntegerField(null=True)
    respuesta = models.CharField(max_length=RESPUESTA_MAX, blank=True, default="")  # the beginning of the answer
    error = models.CharField(max_length=ERROR_MAX, blank=True, default="")
    creada = models.DateTimeField(db_default=Now())
    entregada_en = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "entrega de gancho"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["gancho", "id"], name="entregagancho_por_gancho"),  # lists by cursor
            models.Index(fields=["gancho", "id"], name="entregagancho_pendiente", condition=Q(estado="pendiente")),
        ]

    def __str__(self) -> str:
        return f"{self.total} eventos, {self.estado}"
