"""Error codes of refused requests: which decision each one means, and how to say it to a person."""

from enum import Enum
from typing import Final

from campaigns.values import twilio
from campaigns.values.twilio import Kind


class Decision(Enum):
    """The decision about the message that an error code of a refused request means."""

    PERMANENT = "permanent"
    RETRYABLE = "retryable"
    ACCOUNT = "account"


# A code that is about a delivery decides nothing here: like an unknown one it goes by its family.
DECISIONS: Final = {
    Kind.RECIPIENT: Decision.PERMANENT,
    Kind.CONTENT: Decision.PERMANENT,
    Kind.ACCOUNT: Decision.ACCOUNT,
    Kind.SENDER: Decision.ACCOUNT,
    Kind.THROTTLED: Decision.RETRYABLE,
    Kind.TOO_SHORT: Decision.RETRYABLE,
}

# Words of ours for what has no code of Twilio's.
TRANSPORT: Final = {
    "connect_failed": "No fue posible conectarse con Twilio",
    "connect_timeout": "Twilio no respondió a la conexión",
    "connection_refused": "Twilio no aceptó la conexión",
    "connection_reset": "La conexión con Twilio se cortó; no se sabe si el mensaje salió",
    "dns": "No se encontró la dirección de Twilio",
    "proxy": "El proxy de salida no permitió la conexión",
    "read_timeout": "Twilio no contestó a tiempo; no se sabe si el mensaje salió",
    "remote_closed": "Twilio cerró la conexión sin contestar; no se sabe si el mensaje salió",
    "too_late": "El proceso se detuvo antes de enviarlo; se intentará de nuevo",
    "tls_certificate": "El certificado del servidor de Twilio no es válido",
    "tls_handshake": "No fue posible una conexión segura con Twilio",
    "unreadable_answer": "La respuesta de Twilio no se entiende; no se sabe si el mensaje salió",
    "unreachable": "No hay red hacia Twilio",
    "write_timeout": "El envío a Twilio se detuvo; no se sabe si el mensaje salió",
}


def decision_for(code: str) -> Decision:
    """Decide what an error code that came with HTTP 4xx means.

    A code we do not know fails its recipient when it belongs to a messaging family (21xxx, 30xxx, 60xxx,
    63xxx): one odd number must not stop a campaign. Any other unknown code is about the account or the
    request itself and would meet every recipient alike, so it stops sending and keeps the rows.
    """
    known = DECISIONS.get(twilio.look_up(code).kind)
    if known is not None:
        return known
    if len(code) == 5 and code[:2] in {"21", "30", "60", "63"}:
        return Decision.PERMANENT
    return Decision.ACCOUNT


def stops_everybody(code: str) -> bool:
    """Tell whether the code is known to be an account's or a sender's: whatever the status that it came with, the next
    message would meet the same."""
    return DECISIONS.get(twilio.look_up(code).kind) is Decision.ACCOUNT


def is_the_rate(code: str) -> bool:
    """Tell whether the code says that too much came at a time."""
    return twilio.look_up(code).kind is Kind.THROTTLED


def explain(code: str, fallback: str = "") -> str:
    """Return a code in Spanish for people.

    Args:
        code: of an outcome.
        fallback: Twilio's own text, used when the code is not known.
    """
    return twilio.look_up(code).text or TRANSPORT.get(code) or fallback or f"Error {code}"


def explain_both(code: str, theirs: str) -> str:
    """Return a code in Spanish with Twilio's own words, which say what no table can: how many, which one, until when.

    Args:
        theirs: Twilio's text; may be empty.
    """
    return beside(explain(code, theirs), theirs)


def beside(ours: str, theirs: str) -> str:
    """Return both texts, or the one there is."""
    return f"{ours} («{theirs}»)" if theirs and theirs != ours else ours
