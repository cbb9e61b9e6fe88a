"""The ceilings that the operator of the installation sets for a shop, and that no shop can raise.

One Twilio account pays for all shops: a shop whose password was guessed could send to numbers whose owners are paid
for each message, until somebody looks at the bill (SMS pumping). What stops it: only the countries that are needed, by
https://www.twilio.com/docs/messaging/guides/sms-geo-permissions, and a limit on what may be spent, by
https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

TODOS: Final = "*"  # in the place of the countries: any


@dataclass(frozen=True, slots=True)
class Limites:
    """The ceilings that hold for a shop: its own, or those of every shop. None: there is none.

    Args:
        dinero_diario, dinero_mensual: in SMS_PRICE_CURRENCY, on a day and in a month of the shop's calendar.
        mensajes_diarios: messages on a day, to all recipients together.
        paises: ISO 3166 countries that it may send to, in order; None for any.
        remitentes: active senders that may be lent to it.
        aprobacion_destinatarios, aprobacion_costo: above either a campaign waits for approval.
    """

    dinero_diario: Decimal | None
    dinero_mensual: Decimal | None
    mensajes_diarios: int | None
    paises: tuple[str, ...] | None
    remitentes: int | None
    aprobacion_destinatarios: int | None
    aprobacion_costo: Decimal | None

    @property
    def en_dinero(self) -> bool:
        """Tell whether the operator bounds money: then a segment costs at least what the operator says."""
        return (self.dinero_diario, self.dinero_mensual) != (None, None)


CAMPOS: Final = tuple(each.name for each in fields(Limites))


class LimitesTienda(models.Model):
    """The operator's word on one shop; NULL: as for every shop. Only an operator writes it."""

    ajustes = models.OneToOneField(
        "campaigns.Ajustes", on_delete=models.CASCADE, primary_key=True, related_name="limites_propios"
    )
    dinero_diario = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    dinero_mensual = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    mensajes_diarios = models.PositiveIntegerField(null=True, blank=True)
    paises = ArrayField(models.CharField(max_length=2), null=True, blank=True)
    remitentes = models.PositiveSmallIntegerField(null=True, blank=True)
    aprobacion_destinatarios = models.PositiveIntegerField(null=True, blank=True)
    aprobacion_costo = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "límites de una tienda"

    def __str__(self) -> str:
        return f"Límites de la tienda {self.pk}"


def vigentes(propios: LimitesTienda | None) -> Limites:
    """Return the ceilings that hold where the operator said these, or nothing."""
    de_todas = Limites(
        dinero_diario=settings.SHOP_MAX_MONEY_DAY,
        dinero_mensual=settings.SHOP_MAX_MONEY_MONTH,
        mensajes_diarios=settings.SHOP_MAX_MESSAGES_DAY,
        paises=_paises(settings.SHOP_COUNTRIES),
        remitentes=settings.SHOP_MAX_SENDERS,
        aprobacion_destinatarios=settings.SHOP_APPROVAL_RECIPIENTS,
        aprobacion_costo=settings.SHOP_APPROVAL_COST,
    )
    if propios is None:
        return de_todas
    own = {name: value for name in CAMPOS if (value := getattr(propios, name)) is not None}
    if "paises" in own:
        own["paises"] = _paises(own["paises"])
    return replace(de_todas, **own)


def _paises(said: list[str]) -> tuple[str, ...] | None:
    return None if TODOS in said else tuple(sorted(said))


def limites_de(tenant_id: int) -> Limites:
    """The ceilings that hold for a shop; those of `Ajustes.limites`, for callers that need none of its settings."""
    return vigentes(LimitesTienda.objects.filter(pk=tenant_id).first())
