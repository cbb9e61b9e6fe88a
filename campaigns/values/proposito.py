"""The thing that a shop's sentence stops: our messages, or an appointment, an order, anything else. Pure.

It stops our messages where it says so (mensajes, publicidad, la lista, la suscripción), or where it stops something
and names nothing, as "para salir". On words as `campaigns.values.letras` leaves them.
"""

from typing import Final

from campaigns.values.vocabulario import ADJETIVO, CORTESIA, conjunto
from core.text.patron import patron

# What is ours to stop; but a waiting list is the shop's business.
NUESTRO: Final = (
    r"(?:mensaj\w+|mensage(?:m|ns)|sms|textos?|msjs?|msgs?|publicidade?|propaganda|promociones|promocoes|promos"
    r"|ofertas|spam|avisos?|alertas?|notificacion(?:es)?|notificac\w+|recordatorios?|lembretes?|informacion"
    r"|informacoes|info|novedades|novidades|noticias|comunicacion(?:es)?|comunicados?|correos|boletin(?:es)?"
    r"|newsletters?|listas?|sistema|suscripcion(?:es)?(?! (?:al?|a las?|a los|a tu|del) (?!list|mensaj|sms|bolet"
    r"|newsl|canal|servicio de|nuestr|la |las |los |tu )\w)|subscripcion(?:es)?|inscricao|assinatura|cadastro|bases?"
    r"|difusion|contactos|contatos|messages?|texts?|texting|alerts?|notifications?|reminders?|updates?|offers"
    r"|promotions|marketing|ads|news|lists?|subscriptions?|numero|number)\b(?! (?:de|del|da|do|of|para) (?:espera"
    r"|invitad\w+|regal\w+|bodas?|compras?|precios?|tareas|deseos|clase|convidados)\b)"
)
# Words between a verb and what it names.
ENTRE: Final = (
    r"(?:ya|ahora|el|la|los|las|un|una|tu|tus|su|sus|mi|mis|te|le|se|me|nos|nuestr[oa]s?|est[aeo]s?|es[aeo]s?|mas"
    r"|mais|tod[oa]s?|de|del|da|das|do|dos|al?|o|os|as|com|con|em|en|desde|por|recibir|receber|envios?|recepcion|tipo"
    r"|servicios?|servico|textos?|the|our|your|my|these|this|any|all|more|further|future|from|to|receiving|getting"
    r"|receive|get|such|yourself|promocional(?:es)?|comercial(?:es)?|publicitari[oa]s?|automatic[oa]s|marketing|sms"
    r"|text|promotional|noss[oa]s?|seus?|suas?|otr[oa]s?|futur[oa]s|tienda|masiv[oa]s)"
)
UNIDO: Final = rf"(?:{ENTRE} ){{0,6}}"
RESPUESTA: Final = r"responde\w*|contest\w*|envi[ae]\w*|escrib\w*|reply|text|send|mand[ae]\w*|digit\w*"
# Spanish "or", and the Portuguese article before what a client may have booked or ordered.
NO_ARTICULO: Final = (
    r"o(?! (?:seu|teu|meu|nosso|horario|atendimento|agendamento|pedido|servico|corte|plano|seguro|orcamento|exame"
    r"|encontro|evento|curso|jantar|almoco|voo|treino|retorno|frete|envio|passeio|ingresso|contrato|boleto|pagamento|compromisso"
    r"|convite|procedimento|tratamento|debito|aluguel|quarto|carro|aparelho)\b)"
)
# Nothing is named.
NADA: Final = (
    r"(?= ?$| (?:ahora|ya|gratis|sin costo|cuando|en cualquier|por favor|gracias|any ?time|at any|now|free|here|aqui"
    r"|mas(?! tarde| temprano| rapido)|mais(?! tarde| cedo)"
    rf"|nada|anything|al? \d+|al? este|a qualquer|definitiv\w+|permanente\w*|{NO_ARTICULO}|or|y|and|{RESPUESTA})\b)"
)
QUERER: Final = (
    r"(?:quier\w+|quis\w+|quer\w*|queir\w+|dese\w+|gustaria|interesa\w*|want|wish|like|prefier\w+|autoriz\w+)"
)

# What a shop says that its goods have little of, or make less: "baja en sal", "baja de peso".
QUE_BAJA: Final = (
    r"(?! (?:(?:en|de|la|el|las|los|tus?|sus?) )*(?:peso|kilos|tallas?|grasas?|calorias|sal|azucar\w*|sodio|carbo\w*"
    r"|lactosa|gluten|colesterol|alcohol|medidas|nivel|costos?|tasas?|interes\w*|emision\w*|consumo|mantenimiento"
    rf"|fiebre|temperatura|app|{'|'.join(sorted(ADJETIVO))})\b)"
)
# They say by themselves that it is our messages, unless something else is named: "darte de baja del gimnasio".
FUERTES: Final = (
    r"(?:(?:dar(?:te|se|me|nos|les?)?|damos|das|doy|dado|causar|solicitar|pedir|tu|la|su|una) (?:de )?baja"
    rf"|para baja(?= ?$)|^(?:de )?baja{QUE_BAJA}|desu[bs]*scri\w+|desinscri\w+|unsu[bs]*cri\w+|unsub|opt(?:ing)? ?out"
    r"|descadastr\w+|autoexclu\w+)"
)
# These stop anything: what they name decides.
PARAR: Final = (
    r"(?:sal(?:ir|irte|irse|irme|te|ga|gas|es)|sair|cancel\w*|parar(?:l[oa]s)?|deten(?:er|erlos|te|ga)|termin(?:ar|a"
    r"|e)|finalizar|elimin(?:ar|arte|arse|arlos|a|e)|borr(?:ar|arte|arse|a|e)|retir(?:ar|arte|arse|a|e)|remover(?:te"
    r"|se)?|quitar(?:te|se)?|suspend(?:er|erlos|e|a)|desactivar|inactivar|bloquear|anular|rechazar|excluir|abandonar"
    r"|end|stop|quit|exit|leave|(?:be )?remov(?:e|ed)|discontinue|decline|block|(?:te|le|lo|la) (?:sac|quit|borr"
    r"|elimin|retir|remov|exclu)\w+)"
)
RECIBIR: Final = r"(?:recib\w+|receb\w+|receive|receiving|get|getting)"
NO_RECIBIR: Final = (
    rf"(?:(?:no|nao|sin|not|dont|never|nunca)(?: (?:volver a|vuelvas? a|volveras? a|seguir|sigas?|{QUERER}|to|te|le"
    rf"|longer|mas|mais)){{0,4}} {RECIBIR}|(?:dej\w+ de|parar de|deixar de|stop|evitar) {RECIBIR})"
)
NO_QUERER: Final = rf"(?:no|nao|dont|do not|no longer)(?: te| le| ya)? {QUERER}"
ESCRIBIR: Final = (
    r"(?:(?:no|nunca)(?: (?:te|le|vol\w+ a|mas|vamos a|que|ser|quier\w+|dese\w+)){0,4} (?:escrib|contact|molest"
    r"|texte)\w+|(?:dej|par)\w+ de (?:escrib|contact|molest|envi|mand)\w+|(?:wont|will not|not|stop|dont) (?:be"
    r" )?(?:text|contact|messag|writ|bother)(?:ing|ed|e|s)?\b(?! \w+ (?:order|appointment)))"
)
ENVIAR: Final = r"(?:no|nunca|nao|wont|not)(?: \w+){0,3} (?:envi|mand|lleg|send)\w*"

# Only what was offered is declined: "Reply N to decline" names it elsewhere, or not at all.
SIN_OFERTA: Final = r"(?<!decline)(?<!rechazar)"

# An article tells that a thing is named; without one it may be the shop's own name.
DE_OTRA: Final = (
    r"(?! (?:del|da|do|al?|un|una|el|la|tu|su|(?:de|from|a) (?:la|las|los|el|un|una|tus?|sus?|est\w+|the|this|your"
    r"|our|nuestr\w+))"
    rf" (?!{UNIDO}(?:\w+ )?{NUESTRO}))"
)
IRSE: Final = patron(
    rf"\b{FUERTES}\b{DE_OTRA}|\b{PARAR}\b(?:{SIN_OFERTA}{NADA}| {UNIDO}{NUESTRO})|\b{NO_RECIBIR}\b(?:(?: mas| mais"
    rf"| anymore| any more)?{NADA}| {UNIDO}{NUESTRO})"
    r"|\b(?:no|dej\w+ de)(?: \w+){0,3} recibirl[oa]s\b|\bwant out\b|\b(?:not|no longer|dont)(?: \w+){0,3} hear from\b"
    rf"|\b(?:not|no|nao)(?: est\w+)? (?:interest|interes|interess)\w+ (?:in|en|em) {UNIDO}{NUESTRO}|\b{NO_QUERER}"
    rf" {UNIDO}{NUESTRO}|\b{NO_QUERER} (?:mas|saber mas|saber nada|saber)? ?(?:de nosotros)\b|\b{ESCRIBIR}|\b{ENVIAR}"
    rf" {UNIDO}{NUESTRO}|^(?:no mas|no more|basta de|evitar|evita|nao mais|chega de) {UNIDO}{NUESTRO}"
)
# Beside the wish itself these say nothing: "quiero darme de baja, gracias".
DELANTE: Final = CORTESIA | conjunto("para si quiero deseo quisiera yo quero desejo pra to i want would like me opcion")
DETRAS: Final = patron(
    rf"(?: (?:(?!ahora\b){ENTRE}\b|{NUESTRO}|(?:gratis|definitivamente|por|favor|porfa|gracias|please|thanks"
    r"|obrigad[oa])\b))*"
    rf"(?P<nombre> (?:de|da|do|from) \w+(?: \w+)?)?(?: (?:{RESPUESTA})\b.*)?"
)
NOMBRADO: Final = patron(rf"\b{NUESTRO}")
# To go on getting our messages: its contrary is to leave.
SEGUIR: Final = patron(rf"\b{RECIBIR} {UNIDO}{NUESTRO}|\bque te (?:escrib|contact)\w+")
SIGUE: Final = patron(rf"\b(?:segu\w+|sig\w+|continu\w+|keep) {RECIBIR}\b")
CONTRARIO: Final = patron(
    rf"\b(?:de lo contrario|en caso contrario|si no|caso contrario|otherwise|if not|else)$|\b(?:no|nao|dont|not)(?:"
    rf" l[oa]s?| l[oa])? {QUERER}(?: it| them)?$"
)
PARA_QUE: Final = patron(r"\b(?:para|si|to|if|se|cuando|when)\b|\b(?:cancel|confirm|acept|rechaz|reprogram)\w*")


# What a client may cancel or decline of the shop's: beside it a bare "para cancelar" is about it.
COMPROMISO: Final = patron(
    r"\b(?:citas?|turnos?|reservas?|reservacion|tu pedido|su pedido|la orden|entrega|visita|consulta|tu compra|su"
    r" compra|domicilio|asist\w+|confirm\w*|appointments?|bookings?|reservation|your order|delivery|visit|agendamento"
    r"|reuniao|seu pedido|attend\w*)\b"
)
SUELTO: Final = patron(rf"\b(?:cancel\w*|anular|rechazar|declinar|terminar|finalizar|decline)\b{NADA}")


def hay_compromiso(texto: str) -> bool:
    """Tell whether a text speaks of an appointment, an order or the like."""
    return bool(COMPROMISO.search(texto))


def es_irse(texto: str, *, compromiso: bool = False) -> bool:
    """Tell whether what a sentence says is that no more messages come.

    Args:
        compromiso: the text speaks of something else that can be cancelled.
    """
    return bool(IRSE.search(SUELTO.sub(" ", texto) if compromiso else texto))


def es_solo_irse(texto: str) -> bool:
    """Tell whether a sentence says that no more messages come, and nothing else: "salir ahora" is a way to travel."""
    found = IRSE.search(texto)
    if not found or SUELTO.search(texto) or not DELANTE.issuperset(texto[: found.start()].split()):
        return False
    rest = DETRAS.fullmatch(texto, found.end())
    return bool(rest and (not rest["nombre"] or NOMBRADO.search(texto)))


def es_recibir(texto: str) -> bool:
    """Tell whether a sentence speaks of going on getting messages."""
    return bool(SEGUIR.search(texto)) and not es_irse(texto)


def es_seguir(texto: str) -> bool:
    """Tell whether a sentence speaks of getting our messages as until now."""
    return bool(SIGUE.search(texto)) and es_recibir(texto)


def es_lo_contrario(texto: str) -> bool:
    """Tell whether a sentence says no more than "if not"."""
    return bool(CONTRARIO.search(texto))


def dice_para_que(texto: str) -> bool:
    """Tell whether a sentence says what something is for."""
    return bool(PARA_QUE.search(texto))
