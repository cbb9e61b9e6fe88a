"""Sentences that ask to be left alone, or to be written to again; on text as `intencion.normalizar` leaves it.

Near misses decide how narrow a pattern is: tests/campaigns/values/test_intencion.py has them.
"""

import re
from collections.abc import Iterable
from typing import Final

from campaigns.values.vocabulario import CORTESIA, OBJETO


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:\b{pattern})" for pattern in patterns))


COSA: Final = rf"(?:{'|'.join(sorted(OBJETO))}|nada|anything)\b"
MENSAJES: Final = r"(?:mensajes?|sms|textos?|publicidad|propaganda|promocion(?:es)?|promos|spam)\b"
SUYOS: Final = rf"(?!promocion\b|texto\b){MENSAJES}"
TANTOS: Final = r"(?:(?:todos|todas|tantos|tantas|tanto|tanta|los|las|la|el|esos|esas|estos|estas|sus?|mas) )*"
DEMAS: Final = r"(?:mas|nunca|jamas|otra vez|any ?more|again|ever)\b"
CUAL: Final = r"(?:(?:mas|sus|estos|esos|esta|este tipo de|ningun|ninguna|any|more|these|your|such) )*"
FIN: Final = rf"(?= (?:{'|'.join(sorted(CORTESIA))})\b| ?$)"
MI_NUMERO: Final = (
    r"(?:al?|en|de|por) (?:este|mi|mis|esta|este medio|el)? ?(?:numero|celular|telefono|linea|medio|cel)\b"
)

NO: Final = r"(?:no|nunca) (?:quiero que )?(?:me |nos )?(?:vuelvan? a |vuelvas a |sigan? |sigas )?"
ESCRIBIR: Final = r"(?:escrib|contact|molest|llam)(?:an|a|as|en|e|es|ir|ar|irme|arme|iendo|ando|iendome|andome)"
ENVIAR: Final = r"(?:envi|mand)(?:en|e|es|ar|arme|ando|andome)"
QUITAR: Final = r"(?:saquen?|quiten?|borren?|eliminen?|retiren?|sacar|quitar|borrar|eliminar)"
LISTA: Final = r"de (?:la|las|su|sus|esta|este|esa) (?:listas?|bases?|grupo|contactos|sistema)\b"
DOY: Final = r"(?:dar(?:me|nos)|deme|denme|dame|desen|me (?:doy|das?|dan|den|puede dar|pueden dar|podrian dar))"

# With a "no" of their own.
CON_NO: Final = _any(
    (
        # Writing is what we do, so no object is needed: no me escriban (más | a este número).
        rf"{NO}(?:{ESCRIBIR}|textee?n?|jodan)(?: {DEMAS}(?! de\b)|(?: {DEMAS})? {MI_NUMERO}| {CUAL}{COSA}|{FIN})",
        # Sending may be about an order, so the object decides: no me envíen (más mensajes | nada).
        rf"{NO}(?:{ENVIAR}|lleguen?)(?: {CUAL}{COSA}| {DEMAS}{FIN}|{FIN})",
        rf"no (?:quiero|deseo|quisiera|me interesa|autorizo) (?:volver a |seguir )?(?:recib\w+ )?{CUAL}{MENSAJES}",
        rf"no (?:quiero|deseo|autorizo) (?:volver a |seguir )?recibi(?:r|endo)(?: {CUAL}{COSA}| mas{FIN}|{FIN})",
        rf"no (?:quiero|deseo) mas{FIN}",
        r"no autorizo (?:el |al )?(?:uso|tratamiento|manejo) de mis datos\b",
        rf"no mas {CUAL}{MENSAJES}",
        r"no more (?:messages?|texts?|sms|spam|ads?|promos?|promotions?)\b",
        rf"(?:do not|dont|never) (?:text|message|contact|write|call|spam)(?: to)?(?: me| us)?(?: {DEMAS}|{FIN})",
        rf"(?:do not|dont) (?:want|send)(?: me| us| to receive| to get)* {CUAL}{COSA}",
        r"no longer (?:want|wish) to (?:receive|get)\b",
    )
)
# After a "no" these say the contrary: see `intencion.NEGADO`.
SIN_NO: Final = _any(
    (
        rf"{DOY} de baja\b",
        r"de baja (?:de (?:la|su|sus|esta|los) |a? ?(?:mi|este) |la )?(?:lista|suscripcion|mensajes|sms|base|numero)\b",
        r"(?:dejen|deje|dejar?|paren|pare|parar?) de (?:escribir|enviar|mandar|molestar|contactar|llamar)(?:me|nos)?\b",
        # "Para mensajes" is "for messages", "basta un mensaje" is "one will do", and one promoción may be what is sold.
        rf"basta (?:ya )?(?:de {TANTOS})?{SUYOS}",
        rf"(?:paren?|parar|detener|detengan?|detenganse) (?:ya )?(?:con |de )?(?:el envio de )?{TANTOS}{SUYOS}",
        rf"alto (?:ya )?(?:al? |con |de |el envio de )+{TANTOS}{SUYOS}",
        rf"{QUITAR}(?:me|nos) (?:ya )?{LISTA}",
        rf"{QUITAR} (?:mi|este) (?:numero|celular|telefono|contacto|cel)\b",
        r"(?:borren|eliminen|borrar|eliminar|supriman|suprimir) (?:todos )?mis datos\b",
        r"(?:revoco|revocar|retiro|retirar) (?:mi|la|el) (?:autorizacion|consentimiento)\b",
        r"(?:stop|quit) (?:texting|messaging|sending|contacting|spamming|bothering|calling|writing)\b",
        r"(?:remove|delete) (?:me|my (?:number|phone|name))\b",
        r"take (?:me|my number) (?:off|out)\b",
        r"unsubscribe\b",
        r"opt (?:me )?out\b",
        r"leave me alone\b",
    )
)
VOLVER: Final = _any((r"(?:dar(?:me|nos)|deme|denme) de alta\b", r"(?:quiero|deseo) volver a recibir\b"))
