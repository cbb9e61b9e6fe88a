"""The texts that clients write, and what each must be taken for. One row a text: add the next misread one here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.values.intencion import Intencion, intencion, normalizar, ofrecida
from campaigns.values.vocabulario import ALTAS, CLARAS, SOLAS
from tests.campaigns.values import respuestas
from tests.growth import growth

BAJA = [
    # one word: case, accents, punctuation, emoji, spacing, insistence
    "BAJA", "baja", "Bája", " Baja. ", "BAJA!!!", "«BAJA»", "baja 🙏", "SALIR", "salir", "Cancelar", "CANCELAR.",
    "ALTO", "alto!", "PARAR", "pare", "Pare.", "PARE YA", "paren", "para", "¡Basta!", "STOP", "Stop.", "s.t.o.p",
    "S T O P", "STOPPPP", "ＳＴＯＰ", "🛑", "stop 🛑", "ST\u200bOP", "StopAll", "stop all", "STOP STOP STOP",
    "baja baja", "unsubscribe", "UNSUSCRIBE", "CANCEL",
    "end", "quit", "revoke", "OPTOUT", "opt-out", "Desuscribir", "no más", "NO MAS", "ya no", "no more",
    # with courtesy
    "baja por favor", "BAJA, gracias", "Hola, baja porfa", "stop please", "Please stop",
    "Buenas tardes. Salir. Gracias",
    # sentences, Spanish
    "quiero darme de baja", "Quisiera salir de la lista", "quiero la baja", "¿cómo me doy de baja?", "dar de baja",
    "me pueden dar de baja por favor?", "Denme de baja de sus mensajes", "baja de la lista", "cancelar suscripción",
    "Quiero cancelar la suscripcion", "cancelar mensajes", "por favor no me escriban más", "No me escriban",
    "no me escribas más!!", "no me vuelvan a escribir", "nunca me escriban", "no me escriban a este número",
    "no me escriban mas q no soy cliente", "no quiero que me escriban", "no me sigan escribiendo", "no me molesten",
    "no me contacten", "No me llamen más", "no me envíen más mensajes", "no me manden publicidad", "No envíen más sms",
    "no me manden más", "no me manden nada", "no más mensajes", "No mas publicidad por favor",
    "no quiero recibir mensajes",
    "ya no quiero recibir más mensajes", "No deseo recibir publicidad", "no quiero más", "No quiero sus promociones",
    "No quiero más mensajes de ustedes", "no quiero volver a recibir mensajes", "no me interesa recibir mensajes",
    "dejen de escribirme", "Dejen de molestar!!", "deja de mandarme mensajes", "paren de escribirme",
    "Basta de mensajes", "¡Ya basta de tantos mensajes!", "basta de spam", "Paren los mensajes",
    "paren ya los mensajes", "Paren con los mensajes", "pare los sms", "Parar mensajes", "Detener mensajes",
    "detengan el envío de mensajes", "¿pueden detener sus mensajes?", "Alto a los mensajes", "alto a la publicidad",
    "sáquenme de la lista", "Bórrenme", "elimínenme de su base de datos", "quiten mi número", "eliminen mis datos",
    "revoco mi autorización", "no autorizo el uso de mis datos", "Señores: les pido no enviar más mensajes. Gracias",
    # sentences, English
    "stop texting me", "Stop sending me messages", "please don't text me", "do not contact me", "Don't text me anymore",
    "no more messages", "remove me", "remove me from your list", "take me off this list", "please unsubscribe me",
    "how do I unsubscribe?", "opt me out", "I want to opt out", "leave me alone", "I don't want these messages",
    "don't send me any more messages", "I no longer wish to receive texts",
]  # fmt: skip

ALTA = [
    "ALTA", "alta.", "Si", "SÍ", "sí!", "INICIO", "Start", "START!", "YES", "yes.", "UNSTOP", "Volver",
    "volver por favor",
    "quiero volver a recibir mensajes", "quiero darme de alta", "por favor denme de alta",
]  # fmt: skip

AYUDA = ["AYUDA", "ayuda por favor", "HELP", "info", "¿Ayuda?"]

OTRO = [
    # the contrary
    "no pares", "No paren", "no pares de escribirme", "no paren de enviarme promociones", "don't stop", "no stop",
    "no quiero darme de baja", "no me den de baja", "no dejen de escribirme", "No dejen de mandarme sus ofertas",
    "no paren los mensajes", "No paren con las promos", "no hace falta detener los mensajes",
    "no detengan la publicidad",
    "I don't want to unsubscribe", "no cancelen", "no me borren de la lista",
    # an order, an appointment, a delivery
    "cancel my order", "cancelar mi pedido", "Quiero cancelar la cita de mañana", "quiero cancelar", "cancela el envío",
    "no me envíen el pedido hoy", "no me manden más cebolla", "no quiero recibir el pedido hoy", "pare el pedido",
    "no me escriban más de una vez al día", "eliminen el arroz de la orden", "quítenme la cebolla",
    "no quiero más grande, quiero mediano", "don't send me the red one", "borren la mesa 4 y reserven la 5",
    # the same letters, other words
    "¿tienen talla baja?", "la calidad está muy baja", "Estoy en la planta baja", "¿cuándo baja el precio?",
    "estoy de baja médica", "uno no más por favor", "no más de 20 mil pesos", "¿a qué hora pueden salir?",
    "quiero salir a la calle", "el bus para en la 80", "para mi hija", "para mí", "alto ahí, ¿cuánto cuesta?",
    "para mensajes", "para los mensajes uso WhatsApp", "basta un mensaje y voy", "basta con un mensaje",
    "¿basta con su mensaje para el descuento?", "¿cuándo van a parar la promoción?", "alto volumen de mensajes",
    "detener el pedido", "paren el texto del pastel", "el costo es alto, mensajes aparte",
    "soy muy alto", "pare en la esquina", "basta con uno", "can I stop by tomorrow?", "the bus stop is closed",
    "nonstop flights?", "is this the end of the sale?", "quit smoking kit", "alta calidad",
    "si tienen en azul lo quiero",
    "Sí, gracias", "si quiero el descuento", "yes I want the red one", "inicio de clases", "¿vuelven a tener?",
    "ayuda con mi pedido", "STOPWATCH", "bajaron los precios?", "¿qué pasa si cancelo?", "salirse",
    # nothing that the law calls a revocation: a person decides
    "no", "No gracias", "no me interesa", "número equivocado", "wrong number", "quién es?", "déjeme pensarlo",
    "los voy a denunciar", "hola", "gracias", "👍", "", "   ", "1", "😡😡😡",
]  # fmt: skip

TABLE = [(text, Intencion(kind)) for kind, texts in
         (("baja", BAJA), ("alta", ALTA), ("ayuda", AYUDA), ("otro", OTRO)) for text in texts]  # fmt: skip


@pytest.mark.parametrize(("texto", "expected"), TABLE, ids=[f"{kind}: {text[:40]!r}" for text, kind in TABLE])
def test_it_reads_a_text(texto: str, expected: Intencion) -> None:
    assert intencion(texto) == expected


@pytest.mark.parametrize("tabla", respuestas.TABLAS)
def test_every_text_of_the_tables_is_read_right(tabla: str) -> None:
    medida = respuestas.medir(respuestas.leer(tabla))
    assert medida.errores == []
    assert (medida.precision, medida.recall) == (1, 1)


def test_the_tables_are_large() -> None:
    rows = respuestas.leer(respuestas.TABLAS[0])
    assert len(rows) >= 250
    assert len({(row.texto, row.enviado) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("mensaje", "word"),
    [
        ("Hola Ana, 20 % de descuento. Responde NO para salir.", "no"),
        ("Promo! Responda BASTA YA para no recibir más", ""),  # two words are no keyword
        ("Responde FUERA para no recibir mas mensajes", "fuera"),
        ("Envía «ADIOS» al 85432 para dejar de recibir", "adios"),
        ("Reply Q to opt out", "q"),
        ("Responde SI para recibir tu cupón", ""),
        ("Hola {nombre}!", ""),
        ("", ""),
    ],
)
def test_it_finds_the_word_that_a_text_offers(mensaje: str, word: str) -> None:
    assert ofrecida(mensaje) == word


@pytest.mark.parametrize("texto", ["NO", "no.", "No, gracias", "¡Nooo!"])
def test_the_offered_word_works(texto: str) -> None:
    assert intencion(texto) == Intencion.OTRO
    assert intencion(texto, ofrecida="no") == Intencion.BAJA


def test_the_offered_word_works_only_alone() -> None:
    assert intencion("no sé", ofrecida="no") == Intencion.OTRO
    assert intencion("", ofrecida="") == Intencion.OTRO


def test_no_word_asks_for_two_things() -> None:
    assert not (CLARAS | SOLAS) & ALTAS


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=300))
def test_it_takes_any_text(texto: str) -> None:
    assert intencion(texto) in Intencion
    assert normalizar(normalizar(texto)) == normalizar(texto)


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_it_takes_any_text_that_is_answered(texto: str, enviado: str) -> None:
    assert intencion(texto, ofrecida=ofrecida(enviado), enviado=enviado) in Intencion
    assert intencion(enviado + texto, enviado=enviado) in Intencion


@pytest.mark.parametrize(
    "piece", ["no me ", "“", "> a\n", "responde ", "X para ", "- A", "de la ", "(a", "+ ", "para no "]
)
def test_what_repeats_takes_no_longer_than_its_length(piece: str) -> None:
    long = piece * (1600 // len(piece))
    assert intencion(long, ofrecida=ofrecida(long), enviado=long + "x") in Intencion


def test_a_long_text_takes_no_longer() -> None:
    """Two thousand "no" are no reason to backtrack."""
    assert intencion("no me " * 2000) == Intencion.OTRO
    assert intencion("a" * 100_000) == Intencion.OTRO


@pytest.mark.parametrize(
    "piece", ["1,", "1/", "1:", "1234 ", "A o ", "al 1234 ", "text ", "( 1234 :", "X para ", "> a\n"]
)
def test_what_a_stranger_writes_costs_what_it_weighs(piece: str) -> None:
    """A list of words to choose from was read again from each of its words: a second for one SMS."""

    def read(text: str) -> object:
        return intencion(text, ofrecida=ofrecida(text)), intencion("NO", ofrecida="no", enviado=text)

    assert growth(read, lambda n: (piece * n)[:n], 160) < 30


@pytest.mark.parametrize(
    ("texto", "found"),
    [
        ("> a", Intencion.OTRO),
        ("> a text me", Intencion.OTRO),
        ("> a\n> a\nhola", Intencion.OTRO),
        ("> 👍 to “hola”", Intencion.OTRO),
        ("> a SALIR", Intencion.DUDA),
        ("> 👍 a «SALIR»", Intencion.DUDA),
        ("👍 to “> 👍 to SALIR”", Intencion.DUDA),
        ("👍 to “SALIR”", Intencion.DUDA),
    ],
)
def test_a_line_behind_a_mark_that_looks_like_a_reaction_is_read_once(texto: str, found: Intencion) -> None:
    """It was read for a reaction without end, and the text was lost with the error."""
    assert intencion(texto) is found


def test_a_choice_of_words_is_still_one() -> None:
    assert ofrecida("Para no recibir más mensajes responde SALIR, BAJA, PARAR o NO al 85432") == "baja no parar salir"
