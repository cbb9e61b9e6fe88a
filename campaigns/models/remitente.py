"""The senders that the operator lends to shops."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from campaigns.models.limites import limites_de
from core.senders import INVALIDO, kind_of

DE_LA_INSTALACION = "Es el remitente de la instalación: todas las tiendas salen de él cuando no tienen otro."
LLENO = "La tienda tiene ya los remitentes activos que permite su límite, {limite}: desactive uno, o suba el límite."


def sin_cupo(usuario_id: int, *, sin_contar: int | None = None) -> str:
    """Say why no other sender of the shop may be active; "" when one may.

    Args:
        sin_contar: the sender that is about to be, if it exists already.
    """
    limite = limites_de(usuario_id).remitentes
    if limite is None:
        return ""
    activos = Remitente.objects.filter(usuario_id=usuario_id, activo=True)
    others = activos if sin_contar is None else activos.exclude(pk=sin_contar)
    return LLENO.format(limite=limite) if others.count() >= limite else ""


def de_la_instalacion() -> frozenset[str]:
    """Return what the installation's own sender is known by: no shop's."""
    return frozenset({settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_SENDER}) - {""}


class Remitente(models.Model):
    """A sender of the installation's Twilio account, lent to one shop: what its messages come from, and how fast.

    One account sends for all shops, so Twilio refuses nobody: a shop that could name its own would send as another, get
    its clients' answers and use up its rate. A campaign without one goes out from the installation's sender, at the
    installation's rate.
    """

    nombre = models.CharField(max_length=100)
    # E.164, a short code, a name or a Messaging Service: core.senders. It never changes: campaigns were sent from it.
    valor = models.CharField(max_length=34)
    segmentos_por_segundo = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)  # NULL: no limit
    activo = models.BooleanField(default=True)  # offered for new campaigns
    creado = models.DateTimeField(auto_now_add=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="remitentes")

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["usuario", "valor"], name="remitente_valor_unico"),
            # What one shop has stopped using may be lent to another.
            models.UniqueConstraint(
                fields=["valor"],
                condition=Q(activo=True),
                name="remitente_de_una_tienda",
                violation_error_message="Ese remitente ya es de una tienda.",
            ),
            models.CheckConstraint(name="remitente_ritmo_positivo", condition=Q(segmentos_por_segundo__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.nombre} ({self.valor})"

    def clean(self) -> None:
        if kind_of(self.valor) is None:
            raise ValidationError({"valor": INVALIDO})
        if self.valor in de_la_instalacion():
            raise ValidationError({"valor": DE_LA_INSTALACION})
        if self.activo and self.usuario_id and (lleno := sin_cupo(self.usuario_id, sin_contar=self.pk)):
            raise ValidationError({"activo": lleno})
