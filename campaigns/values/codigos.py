"""Why a recipient was not sent to, when it was this product that decided: slug → text for people.

Twilio's own codes are numbers and live with the gateway.
"""

from typing import Final

SIN_TELEFONO: Final = "sin_telefono"
TELEFONO_INVALIDO: Final = "telefono_invalido"
TELEFONO_DUPLICADO: Final = "telefono_duplicado"
CLIENTE_INACTIVO: Final = "cliente_inactivo"
CLIENTE_ELIMINADO: Final = "cliente_eliminado"
RNE: Final = "rne"
SIN_CONSENTIMIENTO: Final = "sin_consentimiento"
FRECUENCIA: Final = "frecuencia"
CAMPANA_CANCELADA: Final = "campana_cancelada"
PLAZO_VENCIDO: Final = "plazo_vencido"
# It may have been sent all the same, so it is never sent again.
DESCONOCIDO: Final = "desconocido"
BAJA: Final = "baja"

TEXTOS: Final = {
    SIN_TELEFONO: "El cliente no tiene teléfono.",
    TELEFONO_INVALIDO: "El teléfono no es un número válido.",
    TELEFONO_DUPLICADO: "Otro cliente de la campaña tiene el mismo teléfono y ya recibe el mensaje.",
    CLIENTE_INACTIVO: "El cliente está desactivado.",
    CLIENTE_ELIMINADO: "El cliente fue eliminado antes del envío.",
    RNE: "El número está en el Registro de Números Excluidos (RNE).",
    SIN_CONSENTIMIENTO: "El cliente no tiene registrado su consentimiento.",
    FRECUENCIA: "El teléfono ya recibió hoy los mensajes que permite el tope de frecuencia.",
    CAMPANA_CANCELADA: "La campaña fue cancelada antes de enviar este mensaje.",
    PLAZO_VENCIDO: "El plazo de la campaña venció antes de enviar este mensaje.",
    DESCONOCIDO: "No fue posible saber si el mensaje salió: Twilio no respondió a la consulta dentro del plazo.",
    BAJA: "Pidió no recibir mensajes.",
}
