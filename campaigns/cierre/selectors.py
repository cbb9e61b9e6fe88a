"""Reading the daily closes. They are the installation's: an account of Twilio's has the messages of all shops."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from campaigns.cierre.services import se_puede_cerrar
from campaigns.models import CierreDiario, Diferencia
from core.models import Usuario


@dataclass(frozen=True, slots=True)
class Grupo:
    """The differences of one kind: how many there are, and the first of them."""

    tipo: str
    texto: str
    total: int
    primeras: list[Diferencia]

    @property
    def mas(self) -> int:
        return self.total - len(self.primeras)


def cierres_de(usuario: Usuario) -> QuerySet[CierreDiario]:
    """Return the closes, the newest day first: all for the operator of the installation, none for anybody else."""
    found = CierreDiario.objects.order_by("-dia")
    return found if usuario.is_staff else found.none()


def diferencias(cierre: CierreDiario, *, most: int) -> list[Grupo]:
    """Return the differences of a close by kind, in the order of the kinds.

    Args:
        most: of each kind, so many.
    """
    return [
        Grupo(tipo, tipo.label, cierre.diferencias[tipo], list(cierre.detalle.filter(tipo=tipo)[:most]))
        for tipo in Diferencia.Tipo
        if cierre.diferencias.get(tipo)
    ]


def ultimo_dia(ahora: datetime) -> date:
    """Return the last day that can be closed."""
    dia = ahora.date()
    while not se_puede_cerrar(dia, ahora):
        dia -= timedelta(days=1)
    return dia
