"""Sentences that ask to be left alone, or to be written to again; on text as `letras.normalizar` leaves it.

Near misses decide how narrow a pattern is: tests/campaigns/values/ has them. Verbs stand in every person that a client
speaks to a shop in: tú, vos, usted, ustedes, você, you.
"""

import re
from collections.abc import Iterable
from typing import Final

from campaigns.values.vocabulario import OBJETO
from core.text.patron import patron


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return patron("|".join(rf"(?:\b{pattern})" for pattern in patterns))


COSA: Final = rf"(?:{'|'.join(sorted(OBJETO))}|nada|anything)\b"
MENSAJES: Final = (
    r"(?:mensaj(?:es?|itos?)|sms|textos?|msjs?|msgs?|mjs|publicidad|propaganda|promocion(?:es)?|promos|spam"
    r"|notificaciones|alertas|mensage(?:m|ns)|publicidade|promocoes|recordatorios|texts|messages)\b"
)
SUYOS: Final = rf"(?!promocion\b|texto\b){MENSAJES}"
TANTOS: Final = (
    r"(?:(?:ess[ae]s|as|os|todos|todas|tantos|tantas|tanto|tanta|los|las|la|el|esos|esas|estos|estas|sus?|tus?|mas"
    r"|de) )*"
)
DEMAS: Final = r"(?:mas|nunca|jamas|otra vez|en (?:su|tu|la) (?:\w+ )?vida|any ?more|again|ever|mais)\b"
CUAL: Final = (
    r"(?:(?:mas|sus|tus|estos|esos|esta|esa|este tipo de|ese tipo de|ningun|ninguna|any|more|these|those|your|such"
    r"|mais|seus|suas|esses|essas|(?:whatsapp|llamadas|correos) ni|servicio|de|ni|un|otro|la|los|el envio de|el) )*"
)
FIN: Final = (
    r"(?= (?:(?:por|x) favor|porfa\w*|please|pls|plz|(?:muchas |mil )?gracias|thanks?|obrigad[oa]|ok|okay|ya|ahora"
    r"|senor\w*|amigos|hola|atte|att)\b| ?$)"
)
MI_NUMERO: Final = (
    r"(?:al?|en|de|por) (?:este|mi|mis|esta|este medio|el)? ?(?:numero|celular|telefono|linea|medio|cel)\b"
)

NO: Final = (
    r"(?:no|ni|nunca) (?:(?:quiero|deseo|quisiera|necesito) (?:que|q) )?(?:me |nos |m )?"
    r"(?:vuelvan? a |vuelvas a |volver a |sigan? |sigas |esten? |estes |anden? )?"
)
ESCRIBIR: Final = (
    r"(?!molesta[sn]?\b)(?:escrib|contact|molest|llam|textee?|moleste)(?:an|a|as|en|e|es|ir|ar|irme|arme|iendo|ando|iendome|andome|ais"
    r"|eis|n|enme|anme|ime|ame|eme)"
)
FASTIDIAR: Final = r"(?:jod[ae]n|joda|jodas|spamee[ns]?|hinchen|hinches|rompan|chinguen|frieguen|fastidien|acosen)"
ENVIAR: Final = r"(?:envi|mand)(?:en|e|es|eis|ar|arme|ando|andome|enme)"
PRONOMBRE: Final = r"(?:me|nos)"
QUITAR: Final = (
    r"(?:saqu(?:en?|es)|sac(?:ar|as?|an)|(?:quit|borr|elimin|retir)(?:en?|em|es|as?|an|ar)|baj(?:en?|ar|an?|as)"
    r"|remuev(?:an?|e)|remov(?:er|a|am|e)|exclu(?:ya|yan|ir|a|am)|tir(?:a|e|em|ar|ame)|descadastr(?:e|em|ar))"
)
LISTA: Final = (
    r"(?:de|da|das|do|dos|dess[ae]|dest[ae]|from|off) (?:(?:la|las|el|los|su|sus|tu|tus|esta|este|esa|ese|ahi|aqui|aca"
    r"|de|todas|todos|sua|suas|seu|seus|essa|esse|your|the|this|mailing|sms|lista de|ya) )*"
    r"(?:listas?|bases?|grupo|contactos|contatos|sistema|cadastro|database|difusion|lists?|registros)\b"
    r"(?! (?:de|del) (?:espera|invitados|regalos|boda"
    r"|compras|precios)\b)"
)
DOY: Final = (
    r"(?:dar(?:me|nos)|deme|denme|den?nos|dame|dadme|desen|dese|dense|darse|darle|dar|de|den|me (?:doy|das?|dan|den|de"
    r"|puede dar|pueden dar|puedes dar|podrian dar|podria dar|podrias dar|quiero dar))"
)
PODER: Final = r"(?:puede[ns]? |podria[ns]? |quiere[ns]? |van a |va a |pode[mn]? |poderia[m]? )?"

DEJEN: Final = r"(?:(?:dejen|dejes?|deja|dejar?)(?:me|nos)?|dejad|paren|pare|parar?|parad|parem|cesen)"

# "Why did you stop texting me?" misses our messages.
NO_DEJARON: Final = r"(?<!\bdid you )(?<!\bdid u )(?<!\bhave you )"

# With a "no" of their own.
CON_NO: Final = _any(
    (
        # Writing is what we do, so no object is needed: no me escriban (más | a este número).
        rf"{NO}(?:{ESCRIBIR}|{FASTIDIAR})(?: {DEMAS}(?! de\b)|(?: {DEMAS})? {MI_NUMERO}| {CUAL}{COSA}|{FIN})",
        # Sending may be about an order, so the object decides: no me envíen (más mensajes | nada).
        rf"{NO}(?:{ENVIAR}|lleguen?)(?: {CUAL}{COSA}| {DEMAS}{FIN}|{FIN})",
        (
            rf"no (?:quiero|deseo|quisiera|me interesan?|autorizo|necesito|acepto) (?:volver a |seguir )?(?:recib\w+"
            rf" )?{CUAL}{MENSAJES}"
        ),
        (
            rf"no (?:quiero|deseo|autorizo|quisiera|me interesa) (?:volver a |seguir )?recibi(?:r|endo)(?: {CUAL}{COSA}"
            rf"| mas{FIN}|{FIN})"
        ),
        rf"no (?:estoy|me encuentro) interesad[oa] en (?:seguir )?(?:recib\w+ )?{CUAL}{MENSAJES}",
        r"no (?:quiero|deseo) saber (?:mas |nada |nada mas )?de (?:ustedes|uds|ud|usted|vosotros)\b",
        rf"no (?:quiero|deseo) mas{FIN}",
        r"no autorizo (?:el |al )?(?:uso|tratamiento|manejo) de mis datos\b",
        rf"no ?mas {CUAL}{MENSAJES}",
        rf"no mas (?:{ESCRIBIR}|{ENVIAR})",
        r"no more (?:messages?|texts?|sms|spam|ads?|promos?|promotions?)\b",
        (
            rf"(?:do not|dont|never|stop) (?:text|message|contact|write|call|spam)(?: to)?(?: me| us| this"
            rf" number)?(?: {DEMAS}|{FIN})"
        ),
        rf"(?:do not|dont) (?:want|send)(?: me| us| to receive| to get)* {CUAL}{COSA}",
        r"no longer (?:want|wish) to (?:receive|get)\b",
        r"(?:por ?que|como es que)(?: todavia| aun)? no me (?:dan|han dado|sacan|quitan|borran|eliminan)\b",
        # Portuguese.
        (
            rf"nao (?:quero|desejo|gostaria de)(?: mais)?(?: receber)?(?: mais)?(?: {CUAL}{COSA}|(?<=receber){FIN}"
            rf"|(?<=receber mais){FIN})"
        ),
        rf"nao (?:quero|desejo) mais(?: saber de {CUAL}{MENSAJES}|{FIN})",
        rf"nao (?:quero|desejo) receber(?: mais)?(?: {CUAL}{COSA}|{FIN})",
        rf"nao (?:me )?(?:mande|mandem|manda|envie|enviem|envia)(?: mais)?(?: {CUAL}{COSA}|{FIN})",
        (
            rf"nao (?:me )?(?:escreva|escrevam|ligue|liguem|perturbe|perturbem|incomode|incomodem|contate"
            rf"|contatem)(?: mais)?{FIN}"
        ),
        rf"(?:nao mais|chega de) {CUAL}{MENSAJES}",
        rf"nao autorizo {CUAL}{MENSAJES}",
        rf"^(?:no|sin|sem|zero|cero|nada de) {MENSAJES}{FIN}",
        rf"^{MENSAJES} no{FIN}",
        r"no (?:les |le )?doy (?:mi )?(?:permiso|autorizacion|consentimiento)\b",
        rf"^no recibir(?: mas)?(?: {CUAL}{MENSAJES})?{FIN}",
    )
)
# What follows a "no me manden mensajes" that is only about when.
A_VECES: Final = (
    r" (?:tan|a (?:esta|estas|esa|esas) horas?|de (?:noche|madrugada)|(?:en|por) la (?:noche|madrugada|manana|tarde)"
    r"|los (?:domingos|sabados|fines|lunes)|despues de|antes de|a cada rato|mientras|hasta|so early|so late|at"
    r" night)\b"
)
CUANDO: Final = patron(A_VECES)
# After a "no" these say the contrary: see `intencion.NEGADO`.
SIN_NO: Final = _any(
    (
        (
            rf"{DOY} de baja\b(?! (?:del?|da|do|mi|el|la|al|un|una) (?!{CUAL}{COSA}|(?:su|sus|tu|esta|este|esa|mi) "
            rf"|lista|base|sistema|numero|celular))"
        ),
        rf"{DOY} de baja (?:mi|este|el|al) (?:numero|celular|telefono|cel)\b",
        r"darme baja\b",
        (
            r"(?:pedi|solicite|escribi|mande|envie|puse|respondi)(?: (?:ya|la|una|mi|me|el|un|dar|darme|de|que"
            r"|palabra|mensaje|con))* (?:baja|salir|stop)(?= ?$| (?:y|pero|para|hace|desde|muchas|varias|mil|dos|tres"
            r"|ayer|antes|\d))"
        ),
        r"de baja (?:de (?:la|su|sus|esta|los) |a? ?(?:mi|este) |la )?(?:lista|suscripcion|mensajes|sms|base|numero)\b",
        (
            rf"{DEJEN}(?: ya)? de (?:estar )?(?:escribir|molestar|contactar|llamar|textear|joder|chingar|fregar|romper"
            r"|hinchar|fastidiar|acosar|escribiendo|molestando|incomodar|perturbar|encher|ligar|escrever"
            r"|me (?:escrever|ligar|perturbar|incomodar|encher))(?:me|nos)?\b"
        ),
        # As above, sending may be about an order.
        (
            rf"{DEJEN}(?: ya)? de (?:estar )?(?:me )?(?:enviar|mandar|enviando|mandando)(?:me|nos)?"
            rf"(?: {CUAL}{COSA}| {DEMAS}| (?:cosas|eso|esto|esas cosas|isso)\b| {MI_NUMERO}|{FIN})"
        ),
        # "Para mensajes" is "for messages", "basta un mensaje" is "one will do", and one promoción may be what is sold.
        rf"basta (?:ya )?(?:de {TANTOS}|con tant[oa]s? )?{SUYOS}",
        r"basta (?:ya )?con tanto mensaje\b",
        (
            r"(?:solicit(?:o|amos|ar)|pido|ruego|exijo|prefiero|preferiria|quisiera|agradez\w+|agradeceria|necesito|favor"
            rf"|prefiro|gostaria de) (?:no|nao) (?:seguir |volver a )?rec[ei]b\w+ {CUAL}{MENSAJES}(?!{A_VECES})"
        ),
        (
            r"abst(?:ener|enga)\w* de (?:seguir )?(?:(?:escrib|contact|molest|texte)\w+\b|(?:envi|mand)\w+"
            rf" {CUAL}{MENSAJES})(?!{A_VECES})"
        ),
        (
            r"(?:eliminar|borrar|quitar|retirar|sacar) (?:el |este |mi )?(?:numero|celular|telefono|contacto)"
            r" (?:de|da) (?:la |su |sus |tu )?(?:bases?|listas?)\b(?! de (?:espera|invitados))"
        ),
        rf"(?:dejar de|para no|no volver a|nao|parar de|deixar de) rec[ei]b\w+ {CUAL}{MENSAJES}",
        rf"(?:stop|quit|no longer) (?:receiv|get)\w* {CUAL}{MENSAJES}",
        rf"(?:quiero|quero|deseo|desejo|want to) (?:dejar de|parar de|deixar de|stop) rec(?:ibir|eber|eiving){FIN}",
        r"enough (?:with|of) (?:(?:the|these|your|all) )*(?:texts|messages|sms|spam)\b",
        r"basta (?:ya )?de (?:escribir|molestar|mandar|enviar)\w*",
        (
            rf"(?:paren?(?:le)?|parale|parar|parem|detener|detengan?|detenganse|suspend(?:an?|er)) (?:ya )?"
            rf"(?:con |com |de |a )?(?:el envio de )?{TANTOS}{SUYOS}"
        ),
        rf"alto (?:ya )?(?:al? |con |de |el envio de )+{TANTOS}{SUYOS}",
        rf"{QUITAR}(?:me|nos|lo) (?:ya )?{LISTA}",
        rf"{PRONOMBRE} {PODER}{QUITAR} (?:ya )?{LISTA}",
        (
            rf"{QUITAR} (?:mi|este|el|meu|esse) (?:numero|celular|telefono|contacto|cel|contato)\b(?! (?:de (?:mesa"
            rf"|pedido|orden)))"
        ),
        (
            r"(?:borren|eliminen|borrar|eliminar|supriman|suprimir|borra|elimina|borre|elimine) (?:todos )?mis datos\b"
            r"(?! de (?:envio|entrega|facturacion|la factura|pago|la direccion))"
        ),
        r"desafili(?:arme|enme|ame|eme)\b(?! de (?!la lista|su lista|sus|los mensajes))",
        r"(?:eliminacion|supresion|borrado|borrar|eliminar|suprimir) (?:de )?(?:todos )?(?:mis )?datos\b",
        r"(?:revoco|revocar|retiro|retirar) (?:mi|la|el) (?:autorizacion|consentimiento|permiso)\b",
        r"derecho (?:de|a la|a) (?:supresion|oposicion|revocacion|revocatoria)\b",
        r"derecho al olvido\b",
        r"(?:dejenme|dejeme|dejame|deixem?|deixa)(?: me)? (?:en paz|tranquil[oa]|em paz)\b",
        r"me deix[ae]m? em paz\b",
        rf"(?:salir|salirme|sacarme|sair) {LISTA}",
        rf"^(?:sacar|quitar|borrar|eliminar) {LISTA}{FIN}",
        rf"^dejar de recibir{FIN}",
        r"salir(?:me)? de (?:esto|estos mensajes|sus mensajes)\b",
        (
            r"(?:cancel(?:ar|en|e|a|o|em)|(?:anul|desactiv)(?:ar|en|e|a)|eliminar) (?:ya )?"
            r"(?:(?:mi|la|esta|su|el|los|sus|as?|os?|minhas?|envio|de|todos|estos|todo"
            r"|recepcion|recebimento) )*"
            r"(?:suscripcion|subscripcion|mensajes|sms|publicidad|promociones|inscricao"
            r"|assinatura|mensagens|cadastro|notificaciones)\b"
        ),
        r"cancel (?:my |the |this |these |all |your )*(?:subscription|messages?|texts?|sms)\b",
        (
            rf"{NO_DEJARON}(?:stop|quit) (?:texting|messaging|sending|contacting|spamming|bothering|calling|writing"
            r"|harassing)\b"
        ),
        (
            rf"{NO_DEJARON}stop (?:(?:all|the|these|those|your|any|with|it|this|sending|promo) )*(?:messages?|texts|sms"
            r"|spam|ads|promos|promotions)\b"
        ),
        r"(?:remove|delete) (?:me|my (?:number|phone|name|info|contact))\b",
        r"take (?:me|my number) (?:off|out)\b",
        r"(?:lose|forget) (?:my|this) number\b",
        r"(?:want|like|please|get me) (?:to be )?(?:out of|off) (?:this|the|your) list\b",
        r"unsu[bs]*cri(?:be|bed|bing|bir|birme)\b",
        r"desu[bs]*cri[bv](?:ir|irme|eme|ame|anme|irse|an|o)\b",
        r"opt (?:me )?out\b",
        r"leave me alone\b",
        r"(?:descadastr|desinscrev)\w+",
    )
)
# "De alta en la garantía" is another register.
EN_OTRA: Final = r"(?! (?:en|del?|al?) (?!(?:la |su |esta )?lista|(?:los|sus) mensajes))"
VOLVER: Final = _any((rf"(?:dar(?:me|nos)|deme|denme) de alta\b{EN_OTRA}", r"(?:quiero|deseo) volver a recibir\b"))

# Nothing that asks to be left alone, yet hardly written by one who wants more: a person decides.
QUEJA: Final = _any(
    (
        (
            rf"(?:hart|cansad|aburrid|fastidi|jart|mamad|cansan|cansons?|abus|acos|intens|insistent)\w*(?:"
            rf" \w+){{0,4}} {MENSAJES}"
        ),
        (
            rf"(?:no (?:me )?(?:{ENVIAR}|{ESCRIBIR}) )?(?:tantos|tantas|tanta|demasiados|demasiada|mucha|muchos|too"
            rf" many|so many|muitas) {SUYOS}"
        ),
        r"(?:no (?:me )?(?:manden|envien|escriban|mandes|escribas) tant[oa]s?)\b",
        (
            r"(?:de donde|como|quien|donde)(?: \w+){0,2} (?:sac|consigu|obtuv|tien|dio\b|dieron)\w*(?: \w+){0,2}"
            r" (?:mi|meu) (?:numero|telefono|celular|contacto)\b(?! de)"
        ),
        r"(?:who gave you|how did you get|where did you get) my (?:number|phone)\b",
        (
            rf"(?:denunci(?:ar|o|are)|report(?:ar|are|o|ando|ed|ing)|bloque(?:ar|are|o)|demandar)\b"
            rf"(?: \w+){{0,4}} (?:spam|{SUYOS})"
        ),
        r"(?:es|esto es|this is|its|puro|pura|eso es|isso e) spam\b",
        r"(?:los|las|te|lo) (?:voy a bloquear|bloqueo|bloquee)\b|^(?:numero )?bloquead[oa]s?$",
        (
            rf"no (?:les |los |le |he )?(?:autorice|autorizado|di permiso|di autorizacion|solicite|pedi)(?:"
            rf" \w+){{0,2}} {MENSAJES}"
        ),
        r"ya (?:les|te|le) (?:dije|he dicho|pedi|escribi) (?:mil veces )?que no\b",
        r"(?:deix|dej|par|chega|basta)\w* (?:de|con) (?:el |tanto |tanta |o )?spam\b",
        r"^spam$",
        # They ask the reason, and mind.
        rf"(?:por ?que|xq|pq|why) no ?(?:mas|more) {CUAL}{MENSAJES}",
        (
            r"(?:por ?que|xq|pq) no (?:(?:me|nos) )?(?:dejan?|paran?|dejas|paras)"
            r" (?:de (?:escrib|molest|mand|envi|llam)|en paz)"
        ),
        r"(?:por ?que|xq|pq) (?:me |nos )?(?:siguen?|sigues|continuam?) (?:escrib|mand|envi|molest|llam)",
        (
            r"why (?:(?:dont|wont|cant) (?:you|u) (?:just )?(?:stop|quit)|(?:do|are) (?:you|u) (?:keep|still))"
            r" (?:text|messag|send|call|writ|contact)"
        ),
        r"no (?:me|nos) (?:escrib|contact|llam|mand|envi)[ae]n?(?: \w+){0,3} (?:por|x) favor\b",
        rf"^(?:por favor |hola |buenas |porfa )*{QUITAR}(?:me|nos) (?:porque|por que|xq|pq|ya que|pues)\b",
        rf"{QUITAR}(?:me|nos) de (?:aqui|aca|ahi|esto|este chat)\b",
        r"no quier\w+ (?:saber )?nada (?:mas )?(?:de|con) (?:ustedes|uds|vos|vosotros|su tienda|esta tienda)\b",
        r"^(?:la |mi )?baja del? (?:este |su |el )?servicio\b",
        rf"{NO}(?:{ESCRIBIR}|{ENVIAR})(?: mas)? por (?:aca|aqui|ahi|este chat|sms)\b",
    )
)
