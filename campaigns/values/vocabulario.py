"""The words that `intencion` knows, without accents."""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Said before and after any word that asks for something.
CORTESIA: Final = _words(
    "por favor porfavor porfa porfis please pls plz gracias muchas thanks thank you hola ola hi hello hey buenas buenos"
    " buen dia dias tardes noches senor senores senora ok okay ya just now ahora amigos"
)
# What one leaves, and the words that tie it to the rest. They never stand beside an ambiguous word such as "para".
OBJETO: Final = _words(
    "mensaje mensajes sms texto textos text texts message messages publicidad propaganda promocion promociones promo"
    " promos oferta ofertas spam lista list suscripcion subscripcion subscription"
)
NEXO: Final = _words(
    "de del la el los las mi mis su sus esta este estos estas esto a me the my this these it from your"
)
PEDIR: Final = _words("quiero deseo necesito solicito pido quisiera gustaria recibir dar i want to would like all")

# These say one thing only, even with an object or "quiero" beside them …
CLARAS: Final = _words(
    "baja salir salirme stop stopall unsubscribe unsuscribe unsub optout desuscribir desuscribirme desuscribirse"
    " desuscripcion desuscribanme desinscribir desinscribirme"
)
# … these only alone, or with courtesy: "para mí", "pare en la esquina", "alto ahí" and "end of sale" are something
# else. Twilio's own words are among them: https://help.twilio.com/articles/223134027
SOLAS: Final = _words(
    "alto pare paren parar para parad cancelar cancela cancele cancelen cancel end quit exit revoke revocar basta"
    " detener detenganse bajar remover eliminar eliminarme eliminenme borrar borrarme borrenme retirar retirarme"
    " retirenme saquenme saqueme quitenme terminar nomas"
)
CANCELAR: Final = _words("cancelar cancela cancele cancelen cancel eliminar borrar")  # with an object: the subscription
BASTAS: Final = _words("no-mas no-more ya-no ya-no-mas")  # whole messages, their words joined

ALTAS: Final = _words("alta inicio iniciar start unstop volver suscribir suscribirme subscribe reactivar")
ALTAS_EXACTAS: Final = _words("si yes")
AYUDAS: Final = _words("ayuda help info informacion")
