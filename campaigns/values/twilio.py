"""Twilio's vocabulary: what each of its error codes and message statuses means here.

Nothing else in the product names one, but for the gateway. Each code has a page, https://www.twilio.com/docs/api/errors,
and all of them are one file: https://www.twilio.com/docs/api/errors/twilio-error-codes.json
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.db.models import TextChoices

from campaigns.values.remedios import (
    AJUSTE,
    CONSOLA,
    CORREGIR,
    NO_INSISTIR,
    PEDIR,
    REGISTRO,
    REINTENTAR,
    REMITENTE,
    REVISAR,
    SALDO,
    SEGUIR_MANANA,
    SERVICIO,
    TEXTO,
)


class Kind(Enum):
    """The subject of a code."""

    RECIPIENT = "recipient"  # the phone: no message was created
    CONTENT = "content"  # the text as rendered for the recipient: no message was created
    ACCOUNT = "account"  # the account or the installation: every message would be refused alike
    SENDER = "sender"  # the sender: every message from it would be refused alike
    THROTTLED = "throttled"  # the rate: the message was not looked at
    TOO_SHORT = "too short"  # the time in which it may still be delivered: no message was created
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
        code: five or six digits.
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
TTL_TOO_SMALL: Final = "30012"

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
    Code("30014", Kind.RECIPIENT, "Número de teléfono inválido", CORREGIR, Retry.OTHER_NUMBER),
    Code("21219", Kind.RECIPIENT, "La cuenta es de prueba y ese número no está verificado", SALDO),
    Code("21268", Kind.RECIPIENT, "El número es de un servicio especial", PEDIR, Retry.OTHER_NUMBER),
    Code("14101", Kind.RECIPIENT, "Número de teléfono inválido", CORREGIR, Retry.OTHER_NUMBER),
    Code("21408", Kind.RECIPIENT, "La cuenta no tiene permiso para enviar SMS a ese país", CONSOLA),
    Code("21604", Kind.RECIPIENT, "Falta el número del destinatario", CORREGIR, Retry.OTHER_NUMBER),
    Code(
        "21608",
        Kind.RECIPIENT,
        "La cuenta es de prueba y ese número no está verificado",
        "La cuenta es de prueba: verifique el número en Twilio o pase la cuenta a una de pago.",
    ),
    Code("14111", Kind.RECIPIENT, "La cuenta es de prueba y ese número no está verificado", SALDO),
    Code(
        "572005",
        Kind.RECIPIENT,
        "La cuenta es de prueba y falta verificar ese número",
        "La cuenta es de prueba: termine de verificar el número en Twilio o pase la cuenta a una de pago.",
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
    Code("63003", Kind.RECIPIENT, "Twilio no encuentra el número del destinatario", PEDIR, Retry.OTHER_NUMBER),
    Code("63024", Kind.RECIPIENT, "El número del destinatario no es válido", CORREGIR, Retry.OTHER_NUMBER),
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
    Code("21618", Kind.CONTENT, "Twilio no deja salir este texto", TEXTO),
    Code("30038", Kind.CONTENT, "El texto parece un código de verificación y Twilio no lo deja salir", TEXTO),
    Code(
        "21619",
        Kind.CONTENT,
        "El mensaje no tiene texto ni contenido",
        "Escriba un texto: quedó vacío para ese cliente.",
    ),
    Code("10001", Kind.ACCOUNT, "La cuenta de Twilio no está activa", SALDO),
    Code("10002", Kind.ACCOUNT, "La cuenta de Twilio es de prueba y no permite este envío", SALDO),
    Code(CREDENTIALS, Kind.ACCOUNT, "Twilio rechazó las credenciales", AJUSTE),
    Code("20005", Kind.ACCOUNT, "La cuenta de Twilio no está activa", SALDO),
    Code("20006", Kind.ACCOUNT, "La cuenta de Twilio no tiene permiso para enviar", SALDO),
    Code("20008", Kind.ACCOUNT, "Esa operación no se permite con credenciales de prueba", AJUSTE),
    Code("20010", Kind.ACCOUNT, "La cuenta de Twilio tiene deshabilitado el envío", SALDO),
    Code("20403", Kind.ACCOUNT, "La cuenta de Twilio no tiene permiso para enviar", SALDO),
    Code("20404", Kind.ACCOUNT, "Twilio no encuentra la cuenta configurada", AJUSTE),
    Code("21609", Kind.ACCOUNT, "La dirección pública para los avisos de estado no es válida", AJUSTE),
    Code("21624", Kind.ACCOUNT, "Twilio no acepta la vigencia pedida para el mensaje", AJUSTE),
    Code("21626", Kind.ACCOUNT, "Twilio no acepta los avisos de estado pedidos", AJUSTE),
    Code("30013", Kind.ACCOUNT, "Twilio no acepta la vigencia pedida para el mensaje", AJUSTE),
    Code("30045", Kind.ACCOUNT, "Twilio no acepta la vigencia pedida para el mensaje", AJUSTE),
    Code("30028", Kind.ACCOUNT, "Twilio no acepta la versión de su API que se pide", AJUSTE),
    Code("30029", Kind.ACCOUNT, "Twilio no acepta la retención del texto que se pide", AJUSTE),
    Code("30030", Kind.ACCOUNT, "Twilio no acepta la retención del número que se pide", AJUSTE),
    Code("30031", Kind.ACCOUNT, "Twilio no acepta el precio máximo pedido para el mensaje", AJUSTE),
    Code("30037", Kind.ACCOUNT, "La cuenta de Twilio tiene deshabilitado el envío de mensajes", SALDO),
    Code("63038", Kind.ACCOUNT, "La cuenta alcanzó su límite diario de mensajes", SEGUIR_MANANA),
    Code("90007", Kind.ACCOUNT, "Twilio no acepta la vigencia pedida para el mensaje", AJUSTE),
    Code("90010", Kind.ACCOUNT, "La cuenta de Twilio no está activa", SALDO),
    Code("90014", Kind.ACCOUNT, "Twilio no acepta la vigencia pedida para el mensaje", AJUSTE),
    # A trial account sends only Twilio's own texts: https://www.twilio.com/docs/api/errors/572006
    Code("572002", Kind.SENDER, "La cuenta es de prueba y ese remitente no está asignado al destinatario", SALDO),
    Code("572006", Kind.ACCOUNT, "La cuenta es de prueba y solo envía los textos de Twilio", SALDO),
    Code("14102", Kind.SENDER, "El remitente no es válido", REMITENTE),
    Code("14108", Kind.SENDER, "El remitente no puede enviar SMS", REMITENTE),
    Code("21210", Kind.SENDER, "El número remitente no está verificado", REMITENTE),
    Code("21212", Kind.SENDER, "El número remitente no es válido", REMITENTE),
    Code("21267", Kind.SENDER, "La cuenta es de prueba y no puede enviar con un nombre como remitente", REMITENTE),
    Code("21401", Kind.SENDER, "El remitente no es un número ni un nombre que pueda enviar SMS", REMITENTE),
    Code("21407", Kind.SENDER, "El tipo de número del remitente no permite SMS", REMITENTE),
    Code("21601", Kind.SENDER, "El remitente no es un número de Twilio con SMS", REMITENTE),
    Code("21603", Kind.SENDER, "Falta el número remitente", REMITENTE),
    Code("21606", Kind.SENDER, "El remitente no puede enviar SMS desde esta cuenta", REMITENTE),
    Code("21607", Kind.SENDER, "La cuenta es de prueba y solo envía desde su número de prueba", REMITENTE),
    Code("21616", Kind.SENDER, "El remitente corresponde a varios números de la cuenta", REMITENTE),
    Code("21654", Kind.SENDER, "Falta la plantilla de contenido que pide el remitente", REMITENTE),
    Code("21655", Kind.SENDER, "La plantilla de contenido no es válida", REMITENTE),
    Code("21656", Kind.SENDER, "Las variables de la plantilla de contenido no son válidas", REMITENTE),
    Code("21657", Kind.SENDER, "El remitente no se admite en ese destino", REMITENTE),
    Code("21658", Kind.SENDER, "Un dato del envío es demasiado largo para Twilio", REMITENTE),
    Code("21659", Kind.SENDER, "El remitente no pertenece a esta cuenta de Twilio", REMITENTE),
    Code("21660", Kind.SENDER, "El remitente pertenece a otra cuenta de Twilio", REMITENTE),
    Code("21661", Kind.SENDER, "El remitente no puede enviar SMS", REMITENTE),
    Code("21701", Kind.SENDER, "El Messaging Service no existe", SERVICIO),
    Code("21702", Kind.SENDER, "El Messaging Service no está disponible para enviar", SERVICIO),
    Code("21703", Kind.SENDER, "El Messaging Service no tiene remitentes", SERVICIO),
    Code("21704", Kind.SENDER, "El Messaging Service no tiene remitentes", SERVICIO),
    Code("21705", Kind.SENDER, "El Messaging Service no es válido", SERVICIO),
    Code("21711", Kind.SENDER, "El remitente no está en el Messaging Service", SERVICIO),
    Code("21712", Kind.SENDER, "El remitente está en otro Messaging Service", SERVICIO),
    Code("21900", Kind.SENDER, "El registro del remitente en India (DLT) no es válido", REMITENTE),
    Code("21901", Kind.SENDER, "La plantilla registrada en India (DLT) no es válida", REMITENTE),
    Code("21910", Kind.SENDER, "El remitente es de otro canal que el destinatario", REMITENTE),
    Code("30015", Kind.SENDER, "Twilio no admite el canal del remitente", REMITENTE),
    Code("30016", Kind.SENDER, "El remitente es de otro canal que el destinatario", REMITENTE),
    Code("63001", Kind.SENDER, "El canal del remitente rechazó las credenciales", REMITENTE),
    Code("63002", Kind.SENDER, "El canal no encuentra el remitente", REMITENTE),
    Code("63007", Kind.SENDER, "Twilio no encuentra el remitente configurado", REMITENTE),
    Code("63008", Kind.SENDER, "El canal del remitente está mal configurado", REMITENTE),
    Code(TOO_MANY_REQUESTS, Kind.THROTTLED, "Demasiadas solicitudes a Twilio; se intentará más tarde", REINTENTAR),
    Code("21611", Kind.THROTTLED, "La cola del remitente está llena; se intentará más tarde", REINTENTAR),
    # A message may be asked to live until the window closes; just before that it is too short for some ways. The rest
    # waits for the next window: https://www.twilio.com/docs/api/errors/30012
    Code(TTL_TOO_SMALL, Kind.TOO_SHORT, "Faltaba muy poco para el cierre del horario", REINTENTAR),
    Code("14107", Kind.THROTTLED, "Demasiados mensajes entre los mismos dos números en poco tiempo", REINTENTAR),
    Code("63017", Kind.THROTTLED, "La cuenta envía más rápido de lo que Twilio permite", REINTENTAR),
    Code("63018", Kind.THROTTLED, "El remitente envía más rápido de lo que su canal permite", REINTENTAR),
    # Nothing is sent again by itself on account of these.
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
        "30009",
        Kind.DELIVERY,
        "Faltó una parte del mensaje",
        "Al teléfono no le llegaron todas las partes: un texto más corto llega mejor.",
    ),
    Code(
        "30010",
        Kind.DELIVERY,
        "El precio supera el máximo permitido",
        "Suba el precio máximo por mensaje en Twilio, o deje ese destino por fuera.",
    ),
    Code("30011", Kind.DELIVERY, "El teléfono no recibe MMS en esa región", PEDIR),
    Code("30017", Kind.DELIVERY, "La red del operador está congestionada", REINTENTAR),
    Code("30018", Kind.DELIVERY, "El operador exige registrar antes al remitente", REGISTRO),
    Code("30019", Kind.DELIVERY, "El mensaje es más largo de lo que el operador admite", TEXTO),
    Code("30020", Kind.DELIVERY, "Falla interna de Twilio", REINTENTAR),
    Code("30021", Kind.DELIVERY, "Falla interna de Twilio", REINTENTAR),
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
    Code("30027", Kind.DELIVERY, "Se alcanzó el tope diario del operador", SEGUIR_MANANA),
    Code("30032", Kind.DELIVERY, "El número gratuito no está verificado", REGISTRO),
    Code("30033", Kind.DELIVERY, "El registro del remitente está suspendido (A2P 10DLC)", REGISTRO),
    Code("30034", Kind.DELIVERY, "Remitente sin registrar (A2P 10DLC)", REGISTRO),
    Code("30035", Kind.DELIVERY, "El remitente aún se está configurando", REGISTRO),
    Code(
        "30036",
        Kind.DELIVERY,
        "Venció antes de poder entregarse",
        "El mensaje venció antes de salir: reintente con más tiempo hasta el cierre, o más despacio.",
    ),
    Code("30042", Kind.DELIVERY, "El operador bloqueó al remitente por genérico o por sus símbolos", REMITENTE),
    Code("30044", Kind.DELIVERY, "La cuenta es de prueba y el mensaje tiene demasiadas partes", SALDO),
    Code("30046", Kind.DELIVERY, "Twilio no pudo entregar el mensaje", REINTENTAR),
    Code("30047", Kind.DELIVERY, "Twilio no pudo entregar el mensaje", REINTENTAR),
    Code("30410", Kind.DELIVERY, "El operador no respondió a tiempo", REINTENTAR),
    Code(
        "30450",
        Kind.DELIVERY,
        "Twilio lo bloqueó por sospecha de fraude con SMS",
        "Si el destino es legítimo, pida a quien administra Twilio que lo permita en SMS Pumping Protection.",
    ),
    Code("30500", Kind.DELIVERY, "Falla interna de Twilio", REINTENTAR),
    Code("63009", Kind.DELIVERY, "Falla interna del canal de entrega", REINTENTAR),
    Code("63010", Kind.DELIVERY, "Falla interna de Twilio", REINTENTAR),
    Code("63012", Kind.DELIVERY, "Falla interna del canal de entrega", REINTENTAR),
    Code("63014", Kind.DELIVERY, "El destinatario bloquea los mensajes", NO_INSISTIR),
    Code("63033", Kind.DELIVERY, "El destinatario bloquea los mensajes", NO_INSISTIR),
    Code("63023", Kind.DELIVERY, "Falla del canal de entrega", REINTENTAR),
    Code("63036", Kind.DELIVERY, "Ese número no se alcanza por RCS", REINTENTAR),
)
CODES: Final = {row.code: row for row in ROWS}

# What is known of the codes that have no row. Twilio splits its codes into finer ones, so a family outlives a table:
# https://www.twilio.com/en-us/changelog/updates-to-the-error-code-dictionary-to-clarify-number-validatio
FAMILIES: Final = (
    (re.compile("216[56][0-9]"), Kind.SENDER, REMITENTE),
    (re.compile("217[01][0-9]"), Kind.SENDER, SERVICIO),
    (re.compile("57[0-9]{4}"), Kind.ACCOUNT, SALDO),  # what a trial account may not do
)


def look_up(code: str) -> Code:
    """Return the code's row; for a code that has none, one that knows no more than its family, or of kind UNKNOWN."""
    if row := CODES.get(code):
        return row
    for family, kind, remedy in FAMILIES:
        if family.fullmatch(code):
            return Code(code, kind, "", remedy)
    return Code(code, Kind.UNKNOWN)


def retried(retry: Retry) -> list[str]:
    """Return the codes after which trying again may do this."""
    return [row.code for row in ROWS if row.retry is retry]


# By callback, of a message that had been accepted: more was handed over than could leave.
# https://www.twilio.com/docs/api/errors/30001 and https://www.twilio.com/docs/api/errors/30036
OVERFLOWED: Final = ("30001", "30036", *(row.code for row in ROWS if row.kind is Kind.THROTTLED))
# With status `failed` it certainly did not leave, nor did what Twilio gave too little time:
# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
DROPPED: Final = (*OVERFLOWED, TTL_TOO_SMALL)


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
    # Twilio's OpenAPI description has it and its pages say no more. Some of it reached the phone, so it must not count
    # as lost; a word on the whole message may still follow.
    PARTIALLY_DELIVERED = "partially_delivered", 4, True, True, "Entregado en parte"
    DELIVERED = "delivered", 5, True, False, "Entregado"
    UNDELIVERED = "undelivered", 5, False, True, "No entregado"
    FAILED = "failed", 5, False, True, "Falló"
    READ = "read", 6, True, False, "Leído"
    CANCELED = "canceled", 5, False, False, "Cancelado"

    def __new__(cls, value: str, rank: int, arrived: bool | None, explained: bool) -> "Entrega":
        status = str.__new__(cls, value)
        status._value_ = value
        status.rank, status.arrived, status.explained = rank, arrived, explained
        return status

    @property
    def final(self) -> bool:
        """Tell whether the status is Twilio's last word on the message, but for a reader's."""
        return self.arrived is not None


# What Twilio answers of its test numbers: https://www.twilio.com/docs/iam/test-credentials#test-sms-messages
# They are of no country and nobody's.
TEST_NUMBERS: Final = "+1500555"
TEST_TO: Final = {
    "+15005550001": "21211",
    "+15005550002": "21612",
    "+15005550003": "21408",
    "+15005550004": "21610",
    "+15005550009": "21614",
}
# +15005550006 is good; so is, other than with Twilio's test credentials, every sender that a shop has.
TEST_FROM: Final = {"+15005550001": "21212", "+15005550007": "21606", "+15005550008": "21611"}


def known_status(status: str) -> str:
    """Return the status as it is; "" for one that is none of these."""
    return status if status in Entrega.values else ""


def sql_list(statuses: Iterable[str]) -> str:
    """Return the statuses as SQL writes a list of texts: `'sent', 'read'`."""
    return ", ".join(f"'{status}'" for status in statuses)


def dropped_sql(entrega: str, codigo: str) -> str:
    """Return an SQL condition: Twilio accepted the message and dropped it before it left.

    Args:
        entrega, codigo: SQL expressions of the status and of Twilio's code.
    """
    return f"({entrega} = '{Entrega.FAILED.value}' AND {codigo} IN ({sql_list(DROPPED)}))"


FINAL: Final = [status.value for status in Entrega if status.final]
ARRIVED: Final = [status.value for status in Entrega if status.arrived]
LOST: Final = [status.value for status in Entrega if status.arrived is False]
# Statuses of a message that certainly went out to an operator.
NOT_SENT: Final = (Entrega.FAILED, Entrega.CANCELED)
LEFT: Final = [status.value for status in Entrega if status.rank >= Entrega.SENT.rank and status not in NOT_SENT]
EXPLAINED: Final = [status.value for status in Entrega if status.explained]
