"""A shop's settings, and the history of their changes."""

from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from campaigns.models.limites import Limites, LimitesTienda, vigentes
from campaigns.values import defecto, ventanas
from campaigns.values.horario import Horario

MOTIVO_MAX = 300
ALIAS_MAX = 40


class Ajustes(models.Model):
    """One row per shop, made when it is first changed or needed; until then the defaults hold.

    It is also the shop's lock: a transaction that hands out what its campaigns share holds this row.
    """

    usuario = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="ajustes"
    )
    # When messages may leave: `campaigns.values.horario`.
    ventanas_activas = models.BooleanField(default=True)
    zona_horaria = models.CharField(max_length=50, default=defecto.zona_horaria)
    ventanas = models.JSONField(default=defecto.ventanas)
    festivos_pais = models.CharField(max_length=2, blank=True, default=defecto.festivos_pais)
    dias_cerrados = ArrayField(models.DateField(), default=list, blank=True)
    plazo_h = models.FloatField(default=defecto.plazo_h)  # hours from its start until a campaign's deadline
    # Messages to one phone on one day, over all campaigns: `campaigns.ley.contactos`.
    frecuencia_activa = models.BooleanField(default=True)
    frecuencia_maxima = models.PositiveSmallIntegerField(default=defecto.FRECUENCIA_MAXIMA)
    # Numbers of the Registro de Números Excluidos: `clientes.rne`.
    rne_activo = models.BooleanField(default=True)
    rne_vigencia_dias = models.PositiveSmallIntegerField(default=defecto.RNE_VIGENCIA_DIAS)
    rne_exigir_consulta = models.BooleanField(default=defecto.RNE_EXIGIR_CONSULTA)  # no advertising without one
    exigir_consentimiento = models.BooleanField(default=defecto.EXIGIR_CONSENTIMIENTO)
    # Who the texts are from: `campaigns.vista_previa.firma`.
    alias = models.CharField(max_length=ALIAS_MAX, blank=True, default="", db_default="")
    exigir_nombre = models.BooleanField(default=defecto.EXIGIR_NOMBRE, db_default=False)
    # What one segment costs, and how much may be spent; NULL: the installation's price, no cap.
    precio_segmento = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    precios = models.JSONField(default=dict, blank=True)  # {country: price as a decimal string}
    tope_diario = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    tope_mensual = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # Above either a campaign waits for approval; NULL: none does.
    aprobacion_destinatarios = models.PositiveIntegerField(null=True, blank=True)
    aprobacion_costo = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # Who made a campaign does not approve it.
    aprobacion_ajena = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name_plural = "ajustes"

    def __str__(self) -> str:
        return f"Ajustes de {self.usuario_id}"

    @property
    def zona(self) -> ZoneInfo:
        return ZoneInfo(self.zona_horaria)

    @property
    def horario(self) -> Horario | None:
        """The timetable; None while the shop may send at any hour."""
        if not self.ventanas_activas:
            return None
        return Horario(self.zona, ventanas.semana(self.ventanas), self.festivos_pais, frozenset(self.dias_cerrados))

    @property
    def tope_por_telefono(self) -> int:
        """Messages to one phone on one day; 0 for no limit."""
        return self.frecuencia_maxima if self.frecuencia_activa else 0

    @cached_property
    def limites(self) -> Limites:
        """The operator's ceilings, which hold whatever the settings say."""
        try:
            own: LimitesTienda | None = self.limites_propios
        except LimitesTienda.DoesNotExist:
            own = None
        return vigentes(own)

    @property
    def aprobacion_desde(self) -> int | None:
        """Recipients above which a campaign waits for approval, by the shop or by the operator; None: none does."""
        return _menor(self.aprobacion_destinatarios, self.limites.aprobacion_destinatarios)


def _menor(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


class AjustesCambio(models.Model):
    """One change of a shop's settings: who, when, and each value before and after. Never edited, never deleted."""

    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cambios_de_ajustes", db_index=False
    )
    quien = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    creado = models.DateTimeField(auto_now_add=True)
    cambios = models.JSONField(encoder=DjangoJSONEncoder)  # {field: [before, after]}
    motivo = models.CharField(max_length=MOTIVO_MAX, blank=True, default="")

    class Meta:
        verbose_name = "cambio de ajustes"
        verbose_name_plural = "cambios de ajustes"
        ordering = ("-id",)
        indexes = [models.Index(fields=["usuario", "id"], name="ajustes_cambio_por_tienda")]  # the history, by cursor

    def __str__(self) -> str:
        return f"{self.creado:%Y-%m-%d %H:%M} {', '.join(self.cambios)}"
