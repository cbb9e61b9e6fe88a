"""What a sentence of a shop stops: our messages, or an appointment, an order, anything else. Pure.

It stops our messages where it says so (mensajes, publicidad, la lista, la suscripción), or where it stops something
and names nothing, as "para salir". On words as `campaigns.values.letras` leaves them.
"""

import re
from typing import Final

# What is ours to stop; but a waiting list is the shop's business.
NUESTRO: Final = (
    r"(?:mensaj\w+|mensage(?:m|ns)|sms|textos?|msjs?|msgs?|publicidade?|propaganda|promociones|promocoes|promos"
    r"|ofertas|spam"
    r"|avisos?|alertas?|notificacion(?:es)?|notificac\w+|recordatorios?|lembretes?|informacion|informacoes|info"
    r"|novedades"
    r"|novidades|noticias|comunicacion(?:es)?|comunicados?|correos|boletin(?:es)?|newsletters?|listas?"
    r"|suscripcion(?:es)?"
    r"|subscripcion(?:es)?|inscricao|assinatura|cadastro|bases?|difusion|contactos|contatos|messages?|texts?"
    r"|texting|alerts?"
    r"|notifications?|reminders?|updates?|offers|promotions|marketing|ads|news|lists?|subscriptions?|numero|number)\b"
    r"(?! (?:de|del|da|do|of|para) (?:espera|invitad\w+|regal\w+|bodas?|compras?|precios?|tareas|deseos|clase"
    r"|convidados)\b)"
)
# Words between a verb and what it names.
UNIDO: Final = (
    r"(?:(?:ya|ahora|el|la|los|las|un|una|tu|tus|su|sus|mi|mis|te|le|se|me|nos|nuestr[oa]s?|est[aeo]s?|es[aeo]s?"
    r"|mas|mais"
    r"|tod[oa]s?|de|del|da|das|do|dos|al?|o|os|as|com|con|em|en|desde|por|recibir|receber|envios?|recepcion|tipo"
    r"|servicios?|servico|textos?|the|our"
    r"|your|my|these|this|any|all|more|further|future|from|to|receiving|getting|receive|get|such|yourself"
    r"|promocional(?:es)?"
    r"|comercial(?:es)?|publicitari[oa]s?|automatic[oa]s|marketing|sms|text|promotional|noss[oa]s?|seus?|suas?"
    r"|otr[oa]s?"
    r"|futur[oa]s|tienda|masiv[oa]s) ){0,6}"
)
RESPUESTA: Final = r"responde\w*|contest\w*|envi[ae]\w*|escrib\w*|reply|text|send|mand[ae]\w*|digit\w*"
# Nothing is named.
NADA: Final = (
    r"(?= ?$| (?:ahora|ya|gratis|sin costo|cuando|en cualquier|por favor|gracias|any ?time|at any|now|free|here"
    r"|aqui|mas|mais"
    rf"|nada|anything|al? \d+|al? este|a qualquer|definitiv\w+|permanente\w*|o|or|y|and|{RESPUESTA})\b)"
)
QUERER: Final = r"(?:quier\w+|quis\w+|quer\w*|dese\w+|gustaria|interesa\w*|want|wish|like|prefier\w+|autoriz\w+)"

# They say by themselves that it is our messages, unless something else is named: "darte de baja del gimnasio".
FUERTES: Final = (
    r"(?:(?:dar(?:te|se|me|nos|les?)?|damos|das|doy|dado|causar|solicitar|pedir|tu|la|su|una) (?:de )?baja"
    r"|^(?:de )?baja|desu[bs]*scri\w+|desinscri\w+"
    r"|unsu[bs]*cri\w+|opt(?:ing)? ?out|descadastr\w+|autoexclu\w+)"
)
# These stop anything: what they name decides.
PARAR: Final = (
    r"(?:sal(?:ir|irte|irse|irme|te|ga|gas|es)|sair|cancel\w*|parar(?:l[oa]s)?|deten(?:er|erlos|te|ga)"
    r"|termin(?:ar|a|e)|finalizar"
    r"|elimin(?:ar|arte|arse|arlos|a|e)|borr(?:ar|arte|arse|a|e)|retir(?:ar|arte|arse|a|e)|remover(?:te|se)?"
    r"|quitar(?:te|se)?"
    r"|suspend(?:er|erlos|e|a)|desactivar|inactivar|bloquear|anular|rechazar|excluir|abandonar|end|stop|quit|exit|leave"
    r"|(?:be )?remov(?:e|ed)|discontinue|decline|block"
    r"|(?:te|le|lo|la) (?:sac|quit|borr|elimin|retir|remov|exclu)\w+)"
)
RECIBIR: Final = r"(?:recib\w+|receb\w+|receive|receiving|get|getting)"
NO_RECIBIR: Final = (
    rf"(?:(?:no|nao|sin|not|dont|never|nunca)(?: (?:volver a|vuelvas? a|volveras? a|seguir|sigas?|{QUERER}|to|te"
    rf"|le|longer|mas|mais))"
    rf"{{0,4}} {RECIBIR}|(?:dej\w+ de|parar de|deixar de|stop|evitar) {RECIBIR})"
)
NO_QUERER: Final = rf"(?:no|nao|dont|do not|no longer)(?: te| le| ya)? {QUERER}"
ESCRIBIR: Final = (
    r"(?:(?:no|nunca)(?: (?:te|le|vol\w+ a|mas|vamos a|que|quier\w+|dese\w+)){0,4} (?:escrib|contact|molest|llam"
    r"|texte)\w+"
    r"|(?:dej|par)\w+ de (?:escrib|contact|molest|llam|envi|mand)\w+"
    r"|(?:wont|will not|not|stop|dont) (?:be )?(?:text|contact|messag|writ|bother)(?:ing|ed|e|s)?\b(?! \w+"
    r" (?:order|appointment)))"
)
ENVIAR: Final = r"(?:no|nunca|nao|wont|not)(?: \w+){0,3} (?:envi|mand|lleg|send)\w*"

IRSE: Final = re.compile(
    rf"\b{FUERTES}\b(?! (?:de|del|da|do|from|el|la|a la|al|tu|su|un|una) (?!{UNIDO}{NUESTRO}))"
    rf"|\b{PARAR}\b(?:{NADA}| {UNIDO}{NUESTRO})"
    rf"|\b{NO_RECIBIR}\b(?:(?: mas| mais| anymore| any more)?{NADA}| {UNIDO}{NUESTRO})"
    r"|\brecibirl[oa]s\b|\bwant out\b"
    rf"|\b(?:not|no|nao)(?: est\w+)? (?:interest|interes|interess)\w+ (?:in|en|em) {UNIDO}{NUESTRO}"
    rf"|\b{NO_QUERER} {UNIDO}{NUESTRO}|\b{NO_QUERER} (?:mas|saber mas|saber nada|saber)? ?(?:de nosotros)\b"
    rf"|\b{ESCRIBIR}"
    rf"|\b{ENVIAR} {UNIDO}{NUESTRO}"
    rf"|^(?:no mas|no more|basta de|evitar|evita|nao mais|chega de) {UNIDO}{NUESTRO}"
)
# To go on getting our messages: its contrary is to leave.
SEGUIR: Final = re.compile(rf"\b{RECIBIR} {UNIDO}{NUESTRO}|\bque te (?:escrib|contact)\w+")
CONTRARIO: Final = re.compile(
    rf"\b(?:de lo contrario|en caso contrario|si no|caso contrario|otherwise|if not|else)$|\b(?:no|nao|dont"
    rf"|not)(?: l[oa]s?| l[oa])? {QUERER}(?: it| them)?$"
)
PARA_QUE: Final = re.compile(r"\b(?:para|si|to|if|se|cuando|when)\b|\b(?:cancel|confirm|acept|rechaz|reprogram)\w*")


# What a client may cancel or decline of the shop's: beside it a bare "para cancelar" is about it.
COMPROMISO: Final = re.compile(
    r"\b(?:citas?|turnos?|reservas?|reservacion|tu pedido|su pedido|la orden|entrega|visita|consulta|tu compra|su"
    r" compra|domicilio"
    r"|asist\w+|confirm\w*|appointments?|bookings?|reservation|your order|delivery|visit|agendamento|reuniao|seu"
    r" pedido|attend\w*)\b"
)
SUELTO: Final = re.compile(rf"\b(?:cancel\w*|anular|rechazar|declinar|terminar|finalizar|decline)\b{NADA}")


def hay_compromiso(texto: str) -> bool:
    """Tell whether a text speaks of an appointment, an order or the like."""
    return bool(COMPROMISO.search(texto))


def es_irse(texto: str, *, compromiso: bool = False) -> bool:
    """Tell whether what a sentence says is that no more messages come.

    Args:
        compromiso: the text speaks of something else that can be cancelled.
    """
    return bool(IRSE.search(SUELTO.sub(" ", texto) if compromiso else texto))


def es_recibir(texto: str) -> bool:
    """Tell whether a sentence speaks of going on getting messages."""
    return bool(SEGUIR.search(texto)) and not es_irse(texto)


def es_lo_contrario(texto: str) -> bool:
    """Tell whether a sentence says no more than "if not"."""
    return bool(CONTRARIO.search(texto))


def dice_para_que(texto: str) -> bool:
    """Tell whether a sentence says what something is for."""
    return bool(PARA_QUE.search(texto))
