"""Selectors of clients' texts. Each one starts from the tenant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from campaigns.models import Entrante, SMSLog
from campaigns.values.intencion import Intencion
from clientes.models import Cliente
from core.dates import de_este_mundo
from core.models import Usuario

SIN_LEER_MAX: Final = 1_000  # beyond it the page says "more than"
# What the list may be narrowed to.
FILTROS: Final = {
    "": Q(),
    "sin_leer": Q(leido_en__isnull=True),
    "por_decidir": Q(tipo=Intencion.DUDA),
    "bajas": Q(tipo=Intencion.BAJA),
    "altas": Q(tipo=Intencion.ALTA),
    "otros": Q(tipo__in=[Intencion.OTRO, Intencion.AYUDA]),
}


def entrantes_de(usuario: Usuario) -> QuerySet[Entrante]:
    return Entrante.objects.filter(usuario=usuario.tenant_id)


def sin_leer(usuario: Usuario) -> int:
    """Count the texts that wait for a person, up to one more than SIN_LEER_MAX."""
    return entrantes_de(usuario).filter(leido_en__isnull=True)[: SIN_LEER_MAX + 1].count()


def por_decidir(usuario: Usuario, telefono: str = "") -> int:
    """Count the texts that may be an opt-out, of one phone or of all, up to one more than SIN_LEER_MAX."""
    rows = entrantes_de(usuario).filter(tipo=Intencion.DUDA)
    return (rows.filter(telefono=telefono) if telefono else rows)[: SIN_LEER_MAX + 1].count()


@dataclass(frozen=True, slots=True)
class Globo:
    """A text of a conversation.

    Args:
        momento: when it came, or when we sent it or gave up.
        orden: of those of one moment.
        entrante, log: the one that it is.
    """

    momento: datetime
    orden: tuple[int, int]
    entrante: Entrante | None = None
    log: SMSLog | None = None

    @property
    def clave(self) -> str:
        """Return the place of the text in the list: the page before it begins with it."""
        return f"{self.momento.isoformat()}~{self.orden[0]}~{self.orden[1]}"


def conversacion(usuario: Usuario, telefono: str, *, antes: str = "", n: int) -> list[Globo]:
    """The last `n` texts between the shop and a phone, the latest first.

    Args:
        telefono: E.164, or whatever Twilio gave.
        antes: the `clave` of the earliest text that was seen; "" begins at the end.
    """
    clientes = Cliente.objects.filter(usuario=usuario.tenant_id, telefono_e164=telefono).exclude(telefono_e164="")
    # Messages are found by the clients of the phone: there is no index of every message by its phone.
    sent = SMSLog.objects.filter(cliente__in=clientes, telefono=telefono, campana__prueba=False)
    # Of an answer it is shown too that it could not be sent.
    logs = sent.exclude(mensaje="", campana__respuesta_a=None).select_related("campana")
    entrantes = entrantes_de(usuario).filter(telefono=telefono).exclude(telefono="").select_related("campana")
    cursor = _leer(antes)
    if cursor is not None:
        logs = logs.filter(actualizado__lte=cursor[0])
        entrantes = entrantes.filter(recibido__lte=cursor[0])
    # Several texts may share one timestamp, so some of these may have been shown already.
    some = n + (20 if cursor else 0)
    found = [Globo(e.recibido, (1, e.pk), entrante=e) for e in entrantes.order_by("-recibido", "-pk")[:some]]
    found += [Globo(log.actualizado, (0, log.pk), log=log) for log in logs.order_by("-actualizado", "-pk")[:some]]
    found.sort(key=_lugar, reverse=True)
    return [globo for globo in found if cursor is None or _lugar(globo) < cursor][:n]


def _lugar(globo: Globo) -> tuple[datetime, tuple[int, int]]:
    return globo.momento, globo.orden


def _leer(clave: str) -> tuple[datetime, tuple[int, int]] | None:
    """Read a `clave` that came back; None when it is none."""
    when, _, order = clave.partition("~")
    first, _, second = order.partition("~")
    try:
        momento = datetime.fromisoformat(when.replace(" ", "+"))  # a "+" of an address is a space
        # At the calendar's edges PostgreSQL's driver fails; no text was sent there.
        ours = momento.tzinfo and de_este_mundo.holds(momento)
        return (momento, (int(first), int(second))) if ours else None
    except ValueError:
        return None
