"""The part of each day's quotas that is taken."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from clientes.phones import E164_MAX


class Contacto(models.Model):
    """One message of a campaign to a phone on a day of the shop's calendar, sent or about to be.

    The n-th of the day: no two campaigns can both be the first, whatever they read before they wrote.
    """

    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    dia = models.DateField()
    telefono = models.CharField(max_length=E164_MAX)
    n = models.PositiveSmallIntegerField()
    # Checked by nobody: a million rows a day would each ask for the same campaign.
    campana = models.ForeignKey(
        "campaigns.CampanaSMS", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["usuario", "dia", "telefono", "n"], name="contacto_uno_por_vez"),
            models.CheckConstraint(name="contacto_desde_uno", condition=Q(n__gt=0)),
        ]
        indexes = [models.Index(fields=["dia"], name="contacto_por_dia")]  # the cleaning of past days

    def __str__(self) -> str:
        return f"{self.telefono}, {self.dia}"


class Gasto(models.Model):
    """The money that a shop has spent on a day of its calendar: for what was sent, and for what its open Lotes may
    still send."""

    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    dia = models.DateField()
    monto = models.DecimalField(max_digits=18, decimal_places=6)
    # What the operator's ceilings are held against: money at no less than the installation's price, and messages.
    operador = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    mensajes = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["usuario", "dia"], name="gasto_uno_por_dia"),
            models.CheckConstraint(name="gasto_no_negativo", condition=Q(monto__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.monto}, {self.dia}"
