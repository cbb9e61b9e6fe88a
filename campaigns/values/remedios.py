"""What to do about a message that did not arrive: code → a sentence for whoever runs the campaign.

Twilio's codes: https://www.twilio.com/docs/api/errors (one page per code).
"""

from typing import Final

from campaigns.values import codigos

CORREGIR: Final = "Corrija el teléfono en la ficha del cliente."
PEDIR: Final = "Pida al cliente un número de celular que pueda recibir SMS y corríjalo en su ficha."
NO_INSISTIR: Final = "No le vuelva a escribir: el cliente lo pidió. Solo él puede volver a inscribirse."
CONSOLA: Final = "Pida a quien administra Twilio que habilite ese país en Messaging → Settings → Geo permissions."
REINTENTAR: Final = "Vuelva a intentarlo más tarde: suele ser pasajero."
TEXTO: Final = "Cambie el texto: quite enlaces acortados y palabras de propaganda, y diga quién escribe."
REGISTRO: Final = "Pida a quien administra Twilio que registre el remitente ante los operadores."
SALDO: Final = "Pida a quien administra Twilio que revise el saldo y el estado de la cuenta."
NADA: Final = "No hay nada que hacer: no se cobró ni salió."
REVISAR: Final = "Revise el detalle del destinatario; si se repite, busque el código en la ayuda de Twilio."

REMEDIOS: Final[dict[str, str]] = {
    codigos.SIN_TELEFONO: "Escriba el teléfono en la ficha del cliente.",
    codigos.TELEFONO_INVALIDO: CORREGIR,
    codigos.TELEFONO_DUPLICADO: "Ese número ya recibió el mensaje. Si son dos personas, corrija el teléfono de una.",
    codigos.CLIENTE_INACTIVO: "Si debe recibir mensajes, active al cliente en su ficha.",
    codigos.CLIENTE_ELIMINADO: NADA,
    codigos.RNE: "No le escriba publicidad: el número está en el Registro de Números Excluidos.",
    codigos.SIN_CONSENTIMIENTO: "Pida al cliente su consentimiento y regístrelo en su ficha.",
    codigos.FRECUENCIA: "Reintente la campaña otro día: hoy ya recibió los mensajes que su tienda permite.",
    codigos.CAMPANA_CANCELADA: NADA,
    codigos.PLAZO_VENCIDO: "Reintente la campaña: quienes faltan aún pueden recibir el mensaje.",
    codigos.DESCONOCIDO: "Pregunte al cliente si le llegó antes de escribirle otra vez.",
    "baja": NO_INSISTIR,
    "21211": CORREGIR,
    "21214": PEDIR,
    "21217": CORREGIR,
    "21265": PEDIR,
    "21266": "El cliente tiene como teléfono el del remitente: corrija su ficha.",
    "21408": CONSOLA,
    "21604": CORREGIR,
    "21608": "La cuenta es de prueba: verifique el número en Twilio o pase la cuenta a una de pago.",
    "21610": NO_INSISTIR,
    "21611": REINTENTAR,
    "21612": "Ese número no se alcanza desde el remitente: pida al cliente otro, o use otro remitente.",
    "21614": PEDIR,
    "21635": PEDIR,
    "14103": "Revise el texto: lleva algo que Twilio no acepta.",
    "21602": "Escriba un texto: quedó vacío para ese cliente.",
    "21617": "Acorte el texto: con el nombre de ese cliente pasa de 1.600 caracteres.",
    "21619": "Escriba un texto: quedó vacío para ese cliente.",
    "20429": REINTENTAR,
    "no_aceptado": REINTENTAR,
    "30001": REINTENTAR,
    "30002": SALDO,
    "30003": "El teléfono está apagado o sin señal: vuelva a intentarlo otro día.",
    "30004": "El operador o el cliente bloquean los mensajes: pídale otro medio de contacto.",
    "30005": PEDIR,
    "30006": PEDIR,
    "30007": TEXTO,
    "30008": REINTENTAR,
    "30010": "Suba el precio máximo por mensaje en Twilio, o deje ese destino por fuera.",
    "30022": "Se envió más rápido de lo que el operador permite: baje el ritmo del remitente.",
    "30023": "Se llegó al tope diario del operador: siga mañana o use otro remitente.",
    "30024": REGISTRO,
    "30032": REGISTRO,
    "30034": REGISTRO,
    "30036": "El mensaje venció antes de salir: envíe con más tiempo o más despacio.",
}

# What happened after Twilio had accepted the message; of a refusal the row itself carries the text.
ENTREGAS: Final[dict[str, str]] = {
    "30001": "La cola de envío se desbordó",
    "30002": "La cuenta de Twilio fue suspendida",
    "30003": "Teléfono apagado o fuera de cobertura",
    "30004": "Mensaje bloqueado",
    "30005": "El número no existe o ya no está en servicio",
    "30006": "Línea fija u operador inalcanzable",
    "30007": "El operador filtró el mensaje",
    "30008": "El operador no informó la causa",
    "30010": "El precio supera el máximo permitido",
    "30022": "Se superó el ritmo que permite el operador",
    "30023": "Se alcanzó el tope diario del operador",
    "30024": "El operador no tiene registrado al remitente",
    "30032": "El número gratuito no está verificado",
    "30034": "Remitente sin registrar (A2P 10DLC)",
    "30036": "Venció antes de poder entregarse",
}


def remedio(codigo: str) -> str:
    """What to do about this code; a general advice when it is not known."""
    return REMEDIOS.get(codigo, REVISAR)


def motivo_de_entrega(codigo: str) -> str:
    """What a code of a status callback means."""
    return ENTREGAS.get(codigo) or (f"Código {codigo}" if codigo else "Twilio no dijo la causa")
