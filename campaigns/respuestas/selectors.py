"""Selectors of answers. Each one starts from the tenant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.entrantes.selectors import entrantes_de
from campaigns.ley.jornada import MARGEN, jornada_desde
from campaigns.ley.selectors import ajustes_de
from campaigns.models import CampanaSMS, Entrante, RespuestaGuardada
from campaigns.values.estados import SMS_FINALES
from campaigns.vista_previa.avisos import por_que_no_ahora
from core.models import Usuario

# Who wrote expects an answer, at whatever hour they wrote: so long it may leave outside the shop's windows. The law's
# hours are for contacts that the shop begins (Ley 2300 de 2023, art. 3).
LIBRE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Cuando:
    """The hour of an answer.

    Args:
        libre_hasta: until when it may leave at any hour; None when the client wrote too long ago.
        espera: why it does not leave now, for people; "" when it does.
    """

    libre_hasta: datetime | None
    espera: str


def guardadas_de(usuario: Usuario) -> QuerySet[RespuestaGuardada]:
    return RespuestaGuardada.objects.filter(usuario=usuario.tenant_id)


def ultimo_de(usuario: Usuario, telefono: str) -> Entrante | None:
    """The last text that the shop got from this phone."""
    if not telefono:
        return None
    return entrantes_de(usuario).filter(telefono=telefono).order_by("-pk").first()


def cuando_sale(usuario: Usuario, ultimo: Entrante) -> Cuando:
    """Tell when an answer would leave.

    Args:
        ultimo: the client's last text.
    """
    # The last messages leave a moment before, as at the close of a window.
    libre_hasta = ultimo.recibido + LIBRE - MARGEN
    now = timezone.now()
    if now < libre_hasta:
        return Cuando(libre_hasta, "")
    ajustes = ajustes_de(usuario.tenant_id)
    return Cuando(None, por_que_no_ahora(jornada_desde(ajustes, now), ajustes.zona))


def en_camino(usuario: Usuario, telefono: str) -> list[CampanaSMS]:
    """The answers to a phone that have no row in the ledger yet, the latest first: they wait for their turn, an hour or
    an approval, or were cancelled before it came."""
    if not telefono:
        return []
    texts = entrantes_de(usuario).filter(telefono=telefono)
    answers = CampanaSMS.objects.filter(usuario=usuario.tenant_id, respuesta_a__in=texts, prueba=False)
    return list(answers.filter(completado_en=None, logs=None).order_by("-pk")[:10])


def se_mueve(campana: CampanaSMS, estado: str) -> bool:
    """Tell whether an answer's state may change within seconds.

    Args:
        estado: of its row in the ledger; "" while it has none.
    """
    young = campana.creado > timezone.now() - timedelta(minutes=2)
    return young and (not estado or estado not in SMS_FINALES or estado == "enviado")
