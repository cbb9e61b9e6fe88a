"""The remedies for a message that did not arrive: the sentences that several codes share."""

from typing import Final

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
AJUSTE: Final = "Pida a quien administra el sistema que revise los datos de Twilio en su configuración."
REMITENTE: Final = "Elija otro remitente, o pida a quien administra Twilio que revise este."
SERVICIO: Final = "Pida a quien administra Twilio que revise el Messaging Service y sus remitentes."
SEGUIR_MANANA: Final = "Siga mañana, o pida a quien administra Twilio que suba el límite."
