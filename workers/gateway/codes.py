"""Twilio's error codes: which decision each one means, and how to say it to a person.

Source: https://www.twilio.com/docs/api/errors (one page per code).
"""

from enum import Enum


class Kind(Enum):
    """The decision an error code of a refused request carries."""

    PERMANENT = "permanent"
    RETRYABLE = "retryable"
    ACCOUNT = "account"


class TwilioCodes:
    """Codes of a refused request (HTTP 4xx: no message was created), and of messages that failed later."""

    RECIPIENT: dict[str, str] = {
        "21211": "Número de teléfono inválido",
        "21214": "El número del destinatario no se puede alcanzar",
        "21217": "El número del destinatario no parece válido",
        "21265": "El destinatario es un código corto y no recibe mensajes",
        "21266": "El remitente y el destinatario son el mismo número",
        "21408": "La cuenta no tiene permiso para enviar SMS a ese país",
        "21604": "Falta el número del destinatario",
        "21608": "La cuenta es de prueba y ese número no está verificado",
        "21610": "El destinatario pidió no recibir mensajes",
        "21612": "No hay ruta desde este remitente hasta el destinatario",
        "21614": "El número no es de un celular",
        "21635": "El número es de una línea fija",
    }

    # The product refuses these before a campaign starts. One that still comes back is about the text as
    # rendered for this recipient, so it fails this recipient and not the campaign.
    CONTENT: dict[str, str] = {
        "14103": "El texto del mensaje no es válido",
        "21602": "El mensaje no tiene texto",
        "21617": "El mensaje supera los 1.600 caracteres",
        "21619": "El mensaje no tiene texto ni contenido",
    }

    ACCOUNT: dict[str, str] = {
        "10001": "La cuenta de Twilio no está activa",
        "20003": "Twilio rechazó las credenciales",
        "20005": "La cuenta de Twilio no está activa",
        "20008": "Esa operación no se permite con credenciales de prueba",
        "20403": "La cuenta de Twilio no tiene permiso para enviar",
        "20404": "Twilio no encuentra la cuenta configurada",
        "21212": "El número remitente no es válido",
        "21603": "Falta el número remitente",
        "21606": "El remitente no puede enviar SMS desde esta cuenta",
        "21609": "La dirección pública para los avisos de estado no es válida",
        "21659": "El remitente no pertenece a esta cuenta de Twilio",
        "21660": "El remitente pertenece a otra cuenta de Twilio",
        "21701": "El Messaging Service no existe",
        "21703": "El Messaging Service no tiene remitentes",
        "21704": "El Messaging Service no tiene remitentes",
        "21705": "El Messaging Service no es válido",
        "63007": "Twilio no encuentra el remitente configurado",
        "63038": "La cuenta alcanzó su límite diario de mensajes",
        "90010": "La cuenta de Twilio no está activa",
    }

    # All of them about the sender's rate.
    RETRYABLE: dict[str, str] = {
        "20429": "Demasiadas solicitudes a Twilio; se intentará más tarde",
        "21611": "La cola del remitente está llena; se intentará más tarde",
    }

    # These come in a status callback, after the request was accepted: they describe a delivery, and
    # nothing is sent again on their account.
    DELIVERY: dict[str, str] = {
        "30001": "La cola de envío se desbordó",
        "30002": "La cuenta de Twilio fue suspendida",
        "30003": "El teléfono está apagado o fuera de cobertura",
        "30004": "El mensaje fue bloqueado",
        "30005": "El número no existe o ya no está en servicio",
        "30006": "Es una línea fija o un operador inalcanzable",
        "30007": "El operador filtró el mensaje",
        "30008": "El operador no informó la causa",
        "30010": "El precio del mensaje supera el máximo permitido",
        "30022": "Se superó el ritmo que el operador permite al remitente",
        "30023": "Se alcanzó el tope diario que el operador permite al remitente",
        "30024": "El operador no tiene registrado al remitente",
        "30032": "El número gratuito remitente no está verificado",
        "30034": "El remitente no está registrado ante los operadores (A2P 10DLC)",
        "30036": "El mensaje venció antes de poder entregarse",
    }

    # Ours, for what has no Twilio code.
    TRANSPORT: dict[str, str] = {
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

    KINDS: dict[str, Kind] = {
        **dict.fromkeys(RECIPIENT, Kind.PERMANENT),
        **dict.fromkeys(CONTENT, Kind.PERMANENT),
        **dict.fromkeys(ACCOUNT, Kind.ACCOUNT),
        **dict.fromkeys(RETRYABLE, Kind.RETRYABLE),
    }

    TEXTS: dict[str, str] = {**RECIPIENT, **CONTENT, **ACCOUNT, **RETRYABLE, **DELIVERY, **TRANSPORT}


def kind_of(code: str) -> Kind:
    """Return the decision for an error code that came with HTTP 4xx.

    A code we do not know fails its recipient when it belongs to a messaging family (21xxx, 30xxx, 60xxx,
    63xxx): one odd number must not stop a campaign. Any other unknown code is about the account or the
    request itself and would meet every recipient alike, so it stops sending and keeps the rows.
    """
    known = TwilioCodes.KINDS.get(code)
    if known is not None:
        return known
    if len(code) == 5 and code[:2] in {"21", "30", "60", "63"}:
        return Kind.PERMANENT
    return Kind.ACCOUNT


def explain(code: str, fallback: str = "") -> str:
    """Say a code in Spanish for people.

    Args:
        code: a code of an outcome or of a status callback.
        fallback: Twilio's own text, used when the code is not in the table.
    """
    return TwilioCodes.TEXTS.get(code) or fallback or f"Error {code}"
