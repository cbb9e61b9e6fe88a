"""The events that a shop's program may be told of, by its hooks.

The database writes them, in the transaction of what they tell of: the triggers are in campaigns/migrations/.
"""

from django.db.models import TextChoices


class Evento(TextChoices):
    CAMPANA_CREADA = "campana.creada", "Se creó una campaña"
    CAMPANA_INICIADA = "campana.iniciada", "Una campaña empezó a enviar"
    CAMPANA_PAUSADA = "campana.pausada", "Una campaña se pausó"
    CAMPANA_TERMINADA = "campana.terminada", "Una campaña terminó"
    CAMPANA_CANCELADA = "campana.cancelada", "Una campaña se canceló"
    SMS_ENVIADO = "sms.enviado", "Twilio aceptó un mensaje"
    SMS_FALLIDO = "sms.fallido", "Un mensaje no se pudo enviar"
    SMS_ENTREGADO = "sms.entregado", "Un mensaje llegó"
    SMS_NO_ENTREGADO = "sms.no_entregado", "Un mensaje no llegó"
    RESPUESTA_RECIBIDA = "respuesta.recibida", "Un cliente respondió"
    BAJA_REGISTRADA = "baja.registrada", "Alguien pidió no recibir mensajes"
    BAJA_RETIRADA = "baja.retirada", "Alguien volvió a aceptarlos"
    IMPORTACION_TERMINADA = "importacion.terminada", "Terminó una importación"
    CLIENTE_CREADO = "cliente.creado", "Se creó un cliente"
    CLIENTE_ACTUALIZADO = "cliente.actualizado", "Cambió un cliente"
    PRUEBA = "prueba", "Una prueba"  # of one hook, when a person asks for it; no hook is made for it


ELEGIBLES = [(tipo.value, tipo.label) for tipo in Evento if tipo != Evento.PRUEBA]
