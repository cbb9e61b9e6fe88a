"""Clients: the contacts of one admin's shop."""

from typing import Any

from django.conf import settings
from django.db import models

from clientes import phones

NOMBRE_MAX = 150


class Cliente(models.Model):
    nombre = models.CharField(max_length=NOMBRE_MAX)
    telefono = models.CharField("teléfono", max_length=20, blank=True, default="")
    # What `telefono` means in E.164; "" when it is missing or not a valid number. Derived on every save.
    telefono_e164 = models.CharField(max_length=phones.E164_MAX, blank=True, default="", editable=False)
    documento = models.CharField(max_length=20, blank=True, default="")
    activo = models.BooleanField(default=True)
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="clientes",
        limit_choices_to={"rol": "admin"},
        db_index=False,  # cliente_por_tienda begins with it
    )

    class Meta:
        ordering = ("-id",)
        indexes = [
            # lists by cursor, and "all active clients of this shop" when an audience is frozen
            models.Index(fields=["usuario", "activo", "id"], name="cliente_por_tienda"),
            # search by phone, and replies that arrive from a number
            models.Index(fields=["telefono_e164"], name="cliente_por_telefono", condition=~models.Q(telefono_e164="")),
        ]

    def __str__(self) -> str:
        return self.nombre

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.telefono_e164 = phones.to_e164(self.telefono) if self.telefono else ""
        fields = kwargs.get("update_fields")
        if fields is not None and "telefono" in fields:
            kwargs["update_fields"] = {*fields, "telefono_e164"}
        super().save(*args, **kwargs)
