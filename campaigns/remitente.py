"""Whose name stands on a message: what a client answers, and what opt-outs by SMS are about."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import CampanaSMS
from core.models import Usuario


def remitente_de_envio() -> str:
    """The sender of every message: a Messaging Service, or else a number or a name; "" without an account."""
    return str(settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_FROM)


def remitentes_de(nombres: Iterable[str]) -> list[str]:
    """Which of the names that Twilio gives what a client wrote to are senders of ours.

    Carriers in Colombia put a short code of theirs in the place of a long number, and then none is.
    """
    return [
        nombre
        for nombre in nombres
        if nombre and nombre in (settings.TWILIO_MESSAGING_SERVICE_SID, settings.TWILIO_FROM)
    ]


def tiendas_de(remitente: str) -> QuerySet[Usuario]:
    """The shops that have sent from this sender: all of them, for they share it."""
    sent = CampanaSMS.objects.filter(usuario=OuterRef("pk"), iniciado_en__isnull=False)
    return Usuario.objects.filter(Exists(sent), rol=Usuario.Rol.ADMIN)
