"""Why a message did not arrive, and what to do about it, for the person who runs the campaign."""

from campaigns.audiencia.juicio import REMEDIOS
from campaigns.values import twilio


def remedio(codigo: str) -> str:
    """Return what to do about this code of ours or of Twilio's; a general advice when it is not known."""
    return REMEDIOS.get(codigo) or twilio.look_up(codigo).remedy


def motivo_de_entrega(codigo: str) -> str:
    """Return what a code of a status callback means."""
    # Also a code of a refusal: a Messaging Service accepts first and looks afterwards.
    if known := twilio.look_up(codigo).text:
        return known
    return f"Código {codigo}" if codigo else "Twilio no dijo la causa"
