"""The words that `intencion` knows, without accents: Spanish of both sides of the sea, English and Portuguese."""

from typing import Final


def conjunto(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Said before and after any word that asks for something.
CORTESIA: Final = conjunto(
    "por x favor porfavor porfa fa porfis porfas please pls plz gracias muchas mil thanks thank you hola ola hi"
    " hello hey buenas"
    " buenos buen dia dias tardes noches senor senores senora ok okay ya just now ahora amigos obrigado obrigada"
    " bom boa"
    " oi saludos cordial atte att atentamente che ahorita inmediatamente urgente amigo senorita feliz noche"
    " tarde bendiciones fw fwd rv"
)
# What one leaves, and the words that tie it to the rest. They never stand beside an ambiguous word such as "para".
OBJETO: Final = conjunto(
    "mensaje mensajes sms texto textos text texts message messages publicidad propaganda promocion promociones promo"
    " promos oferta ofertas spam lista list suscripcion subscripcion subscription msj msjs msg msgs mjs"
    " mensajitos mensagem"
    " mensagens publicidade promocoes assinatura inscricao cadastro alertas avisos notificaciones boletin newsletter"
)
NEXO: Final = conjunto(
    "de del la el los las mi mis su sus tu tus esta este estos estas esto a me the my this these it from your da do das"
    " dos meu minha sua suas seu seus essa esse o os"
)
PEDIR: Final = conjunto(
    "quiero deseo necesito solicito pido quisiera gustaria recibir dar i want to would like all quero desejo gostaria"
    " queria preciso receber im dame deme denme denos dennos solicitar solicita pedir"
)
# What the wish is for: the writer's own number.
NUMERO: Final = conjunto(
    "numero celular cel tel telefono whatsapp movil number phone cc cedula dni nit es para al numer nro num em en"
)

# These say one thing only, even with an object or "quiero" beside them …
CLARAS: Final = conjunto(
    "baja salir salirme stop stopall unsubscribe unsuscribe unsub optout desuscribir desuscribirme desuscribirse"
    " desuscripcion desuscribanme desuscribame desuscribeme desuscribime desuscriban desinscribir desinscribirme"
    " desinscribanme desinscribeme desubscribir desubscribirme unsubscribed unsubscribeme dessuscribir desuscrivir"
    " bajenme bajeme darme-baja sair descadastrar descadastre descadastro descadastrem desinscrever desinscreva"
)
# … these only alone, or with courtesy: "para mí", "pare en la esquina", "alto ahí" and "end of sale" are something
# else. Twilio's own words are among them: https://help.twilio.com/articles/223134027
SOLAS: Final = conjunto(
    "alto pare paren parar para parad cancelar cancela cancele cancelen cancel end quit exit revoke revocar basta"
    " detener detenganse bajar remover eliminar eliminarme eliminenme eliminame eliminame eliminen elimineme borrar"
    " borrarme borrenme borrame borreme retirar retirarme retirenme retirame retireme saquenme saqueme sacame sacarme"
    " quitenme quitame quiteme quitarme terminar nomas bajame bajarme cancelenme parem chega remove removeme"
    " descadastra excluir excluirme excluyanme excluyame excluyeme desafiliar desafiliarme desafilienme desafiliame"
    " desafilieme arret stopit retire cease bajas"
)
CANCELAR: Final = conjunto(
    "cancelar cancela cancele cancelen cancel eliminar borrar"
)  # with an object: the subscription
BASTAS: Final = conjunto(
    "no-mas no-more ya-no ya-no-mas nao-mais ya-basta me-salgo suspender-envio no-mas-ya no-mas-no"
)  # whole messages, joined

ALTAS: Final = conjunto("alta inicio iniciar start unstop volver suscribir suscribirme subscribe reactivar")
ALTAS_EXACTAS: Final = conjunto("si yes")
AYUDAS: Final = conjunto("ayuda help info informacion")

# "Baja" before one of these is no wish.
ADJETIVO: Final = conjunto(
    "calidad temporada talla presion california estatura resolucion velocidad senal gama tension intensidad autoestima"
    " medica maternidad laboral motion sign light loss watch costura luz cama precio precios"
)
