"""Why a recipient was not sent to, when it was this product that decided.

Twilio's own codes are numbers: campaigns.values.twilio.
"""

from typing import Final

from campaigns.values.remedios import NADA, REINTENTAR

# Exclusions, each a row of campaigns.audiencia.juicio. One that nothing else names needs no constant.
SIN_TELEFONO: Final = "sin_telefono"
TELEFONO_INVALIDO: Final = "telefono_invalido"
TELEFONO_DUPLICADO: Final = "telefono_duplicado"
CLIENTE_INACTIVO: Final = "cliente_inactivo"
CLIENTE_ELIMINADO: Final = "cliente_eliminado"
RNE: Final = "rne"
SIN_CONSENTIMIENTO: Final = "sin_consentimiento"
FRECUENCIA: Final = "frecuencia"
PAIS_NO_PERMITIDO: Final = "pais_no_permitido"
BAJA: Final = "baja"
BAJA_DUDOSA: Final = "baja_dudosa"
# Not an end: it waits for a cap on what the shop sends, in a Lote that opens when there is room.
TOPE: Final = "tope"
# Ends of a recipient that could have been sent to.
CAMPANA_CANCELADA: Final = "campana_cancelada"
PLAZO_VENCIDO: Final = "plazo_vencido"
NO_ACEPTADO: Final = "no_aceptado"
# It may have been sent all the same, so it is never sent again.
DESCONOCIDO: Final = "desconocido"
# Of an uncertain row, not an end: PostgreSQL came back without its last commits, and it may have been sent in those.
CUARENTENA: Final = "cuarentena"

# The texts of these codes for people, and what to do about them; the exclusions have theirs in their rows.
TEXTOS: Final = {
    TOPE: "Espera a que un tope de la tienda o un límite de la instalación lo deje salir.",
    CAMPANA_CANCELADA: "La campaña fue cancelada antes de enviar este mensaje.",
    PLAZO_VENCIDO: "El plazo de la campaña venció antes de enviar este mensaje.",
    NO_ACEPTADO: "Twilio no aceptó el mensaje en ninguno de los intentos.",
    CUARENTENA: "La base de datos volvió a un estado anterior: se consulta en Twilio si el mensaje ya salió.",
    DESCONOCIDO: "No fue posible saber si el mensaje salió: Twilio no lo mostró ni permitió descartarlo en el plazo.",
}
REMEDIOS: Final = {
    TOPE: "No hay nada que hacer: sale cuando haya cupo, si la campaña no vence antes.",
    CAMPANA_CANCELADA: NADA,
    PLAZO_VENCIDO: "Reintente la campaña: quienes faltan aún pueden recibir el mensaje.",
    NO_ACEPTADO: REINTENTAR,
    CUARENTENA: "No hay nada que hacer: se resuelve solo cuando Twilio responda.",
    DESCONOCIDO: "Pregunte al cliente si le llegó antes de escribirle otra vez.",
}
