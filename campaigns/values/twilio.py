"""Twilio's vocabulary: what each of its error codes and message statuses means here.

Nothing else in the product names one, but for the gateway. Each code has a page: https://www.twilio.com/docs/api/errors
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.db.models import TextChoices

from campaigns.values.remedios import (
    CONSOLA,
    CORREGIR,
    NO_INSISTIR,
    PEDIR,
    REGISTRO,
    REINTENTAR,
    REVISAR,
    SALDO,
    TEXTO,
)


class Kind(Enum):
    """The subject of a code."""

    RECIPIENT = "recipient"  # the phone: no message was created
    CONTENT = "content"  # the text as rendered for the recipient: no message was created
    ACCOUNT = "account"  # the account or the installation: every message would be refused alike
    SENDER = "sender"  # the sender: every message from it would be refused alike
    THROTTLED = "throttled"  # the rate: the message was not looked at
    DELIVERY = "delivery"  # told by a status callback of a message that had been accepted
    UNKNOWN = "unknown"


class Retry(Enum):
    """The effect that trying a failed recipient again may have."""

    AGAIN = "again"  # send to the same number
    OTHER_NUMBER = "other number"  # send only if the client has another number now
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Code:
    """One error code of Twilio's.

    Args:
        code: five digits.
        text: what it means, for people, without a full stop.
        remedy: what to do about it, a sentence for the person who runs the campaign.
    """

    code: str
    kind: Kind
    text: str = ""
    remedy: str = REVISAR
    retry: Retry = Retry.AGAIN


UNSUBSCRIBED: Final = "21610"  # the phone sent STOP to the sender
TOO_MANY_REQUESTS: Final = "20429"
CREDENTIALS: Final = "20003"

ROWS: Final = (
    Code("21211", Kind.RECIPIENT, "Número de teléfono inválido", CORREGIR, Retry.OTHER_NUMBER),
    Code("21214", Kind.RECIPIENT, "El número del destinatario no se puede alcanzar", PEDIR, Retry.OTHER_NUMBER),
    Code("21217", Kind.RECIPIENT, "El número del destinatario no parece válido", CORREGIR, Retry.OTHER_NUMBER),
    Code("21265", Kind.RECIPIENT, "El destinatario es un código corto y no recibe mensajes", PEDIR, Retry.OTHER_NUMBER),
    Code(
        "21266",
        Kind.RECIPIENT,
        "El remitente y el destinatario son el mismo número",
        "El cliente tiene como teléfono el del remitente: corrija su ficha.",
        Retry.OTHER_NUMBER,
    ),
    Code("21408", Kind.RECIPIENT, "La cuenta no tiene permiso para enviar SMS a ese país", CONSOLA),
    Code("21604", Kind.RECIPIENT, "Falta el número del destinatario", CORREGIR, Retry.OTHER_NUMBER),
    Code(
        "21608",
        Kind.RECIPIENT,
        "La cuenta es de prueba y ese número no está verificado",
        "La cuenta es de prueba: verifique el número en Twilio o pase la cuenta a una de pago.",
    ),
    Code(UNSUBSCRIBED, Kind.RECIPIENT, "El destinatario pidió no recibir mensajes", NO_INSISTIR, Retry.NEVER),
    Code(
        "21612",
        Kind.RECIPIENT,
        "No hay ruta desde este remitente hasta el destinatario",
        "Ese número no se alcanza desde el remitente: pida al cliente otro, o use otro remitente.",
    ),
    Code("21614", Kind.RECIPIENT, "El número no es de un celular", PEDIR, Retry.OTHER_NUMBER),
    Code("21635", Kind.RECIPIENT, "El número es de una línea fija", PEDIR, Retry.OTHER_NUMBER),
    # The product refuses these before a campaign starts. One that still comes back is about the text as rendered for
    # this recipient, so it fails this recipient and not the campaign.
    Code(
        "14103", Kind.CONTENT, "El texto del mensaje no es válido", "Revise el texto: lleva algo que Twilio no acepta."
    ),
    Code("21602", Kind.CONTENT, "El mensaje no tiene texto", "Escriba un texto: quedó vacío para ese cliente."),
    Code(
        "21617",
        Kind.CONTENT,
        "El mensaje supera los 1.600 caracteres",
        "Acorte el texto: con el nombre de ese cliente pasa de 1.600 caracteres.",
    ),
    Code(
        "21619",
        Kind.CONTENT,
        "El mensaje no tiene texto ni contenido",
        "Escriba un texto: quedó vacío para ese cliente.",
    ),
    Code("10001", Kind.ACCOUNT, "La cuenta de Twilio no está activa"),
    Code(CREDENTIALS, Kind.ACCOUNT, "Twilio rechazó las credenciales"),
    Code("20005", Kind.ACCOUNT, "La cuenta de Twilio no está activa"),
    Code("20008", Kind.ACCOUNT, "Esa operación no se permite con credenciales de prueba"),
    Code("20403", Kind.ACCOUNT, "La cuenta de Twilio no tiene permiso para enviar"),
    Code("20404", Kind.ACCOUNT, "Twilio no encuentra la cuenta configurada"),
    Code("21609", Kind.ACCOUNT, "La dirección pública para los avisos de estado no es válida"),
    Code("63038", Kind.ACCOUNT, "La cuenta alcanzó su límite diario de mensajes"),
    Code("90010", Kind.ACCOUNT, "La cuenta de Twilio no está activa"),
    Code("21212", Kind.SENDER, "El número remitente no es válido"),
    Code("21603", Kind.SENDER, "Falta el número remitente"),
    Code("21606", Kind.SENDER, "El remitente no puede enviar SMS desde esta cuenta"),
    Code("21659", Kind.SENDER, "El remitente no pertenece a esta cuenta de Twilio"),
    Code("21660", Kind.SENDER, "El remitente pertenece a otra cuenta de Twilio"),
    Code("21701", Kind.SENDER, "El Messaging Service no existe"),
    Code("21703", Kind.SENDER, "El Messaging Service no tiene remitentes"),
    Code("21704", Kind.SENDER, "El Messaging Service no tiene remitentes"),
    Code("21705", Kind.SENDER, "El Messaging Service no es válido"),
    Code("63007", Kind.SENDER, "Twilio no encuentra el remitente configurado"),
    Code(TOO_MANY_REQUESTS, Kind.THROTTLED, "Demasiadas solicitudes a Twilio; se intentará más tarde", REINTENTAR),
    Code("21611", Kind.THROTTLED, "La cola del remitente está llena; se intentará más tarde", REINTENTAR),
    # Nothing is sent again on account of these.
    Code("30001", Kind.DELIVERY, "La cola de envío se desbordó", REINTENTAR),
    Code("30002", Kind.DELIVERY, "La cuenta de Twilio fue suspendida", SALDO),
    Code(
        "30003",
        Kind.DELIVERY,
        "Teléfono apagado o fuera de cobertura",
        "El teléfono está apagado o sin señal: vuelva a intentarlo otro día.",
    ),
    Code(
        "30004",
        Kind.DELIVERY,
        "Mensaje bloqueado",
        "El operador o el cliente bloquean los mensajes: pídale otro medio de contacto.",
    ),
    Code("30005", Kind.DELIVERY, "El número no existe o ya no está en servicio", PEDIR),
    Code("30006", Kind.DELIVERY, "Línea fija u operador inalcanzable", PEDIR),
    Code("30007", Kind.DELIVERY, "El operador filtró el mensaje", TEXTO),
    Code("30008", Kind.DELIVERY, "El operador no informó la causa", REINTENTAR),
    Code(
        "30010",
        Kind.DELIVERY,
        "El precio supera el máximo permitido",
        "Suba el precio máximo por mensaje en Twilio, o deje ese destino por fuera.",
    ),
    Code(
        "30022",
        Kind.DELIVERY,
        "Se superó el ritmo que permite el operador",
        "Se envió más rápido de lo que el operador permite: baje el ritmo del remitente.",
    ),
    Code(
        "30023",
        Kind.DELIVERY,
        "Se alcanzó el tope diario del operador",
        "Se llegó al tope diario del operador: siga mañana o use otro remitente.",
    ),
    Code("30024", Kind.DELIVERY, "El operador no tiene registrado al remitente", REGISTRO),
    Code("30032", Kind.DELIVERY, "El número gratuito no está verificado", REGISTRO),
    Code("30034", Kind.DELIVERY, "Remitente sin registrar (A2P 10DLC)", REGISTRO),
    Code(
        "30036",
        Kind.DELIVERY,
        "Venció antes de poder entregarse",
        "El mensaje venció antes de salir: envíe con más tiempo o más despacio.",
    ),
)
CODES: Final = {row.code: row for row in ROWS}


def look_up(code: str) -> Code:
    """Return the code's row; for a code that has none, one of kind UNKNOWN that says nothing."""
    return CODES.get(code) or Code(code, Kind.UNKNOWN)


def retried(retry: Retry) -> list[str]:
    """Return the codes after which trying again may do this."""
    return [row.code for row in ROWS if row.retry is retry]


class Entrega(TextChoices):
    """Twilio's status of a message.

    https://www.twilio.com/docs/messaging/api/message-resource#message-status-values

    Args:
        rank: a later status replaces an earlier one, never the reverse: callbacks come twice and out of order.
            https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
        arrived: whether the message did; None while that is not known.
        explained: whether an error code comes with it.
    """

    rank: int
    arrived: bool | None
    explained: bool

    ACCEPTED = "accepted", 0, None, False, "Aceptado"
    SCHEDULED = "scheduled", 0, None, False, "Programado"
    QUEUED = "queued", 1, None, False, "En cola"
    SENDING = "sending", 2, None, False, "Saliendo"
    SENT = "sent", 3, None, False, "Enviado al operador"
    DELIVERED = "delivered", 4, True, False, "Entregado"
    UNDELIVERED = "undelivered", 4, False, True, "No entregado"
    FAILED = "failed", 4, False, True, "Falló"
    READ = "read", 5, True, False, "Leído"
    CANCELED = "canceled", 4, False, False, "Cancelado"

    def __new__(cls, value: str, rank: int, arrived: bool | None, explained: bool) -> "Entrega":
        status = str.__new__(cls, value)
        status._value_ = value
        status.rank, status.arrived, status.explained = rank, arrived, explained
        return status

    @property
    def final(self) -> bool:
        """Tell whether the status is Twilio's last word on the message, but for a reader's."""
        return self.arrived is not None


def known_status(status: str) -> str:
    """Return the status as it is; "" for one that is none of these."""
    return status if status in Entrega.values else ""


def sql_list(statuses: Iterable[str]) -> str:
    """Return the statuses as SQL writes a list of texts: `'sent', 'read'`."""
    return ", ".join(f"'{status}'" for status in statuses)


FINAL: Final = [status.value for status in Entrega if status.final]
ARRIVED: Final = [status.value for status in Entrega if status.arrived]
LOST: Final = [status.value for status in Entrega if status.arrived is False]
EXPLAINED: Final = [status.value for status in Entrega if status.explained]
