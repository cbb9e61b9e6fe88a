"""Marks that would reach people as they stand are refused with their place, and what only looks like one stays."""

import pytest

from campaigns.mensaje.marcas import primera_mala
from campaigns.mensaje.texto import sin_retornos, validate
from core.errors import InvalidInputError
from tests.growth import growth

# Half a mark, a doubled one, another tool's, a link that something touches.
MALAS = [
    "Hola {{nombre}}",
    "Hola {nombre, aprovecha",
    "Hola nombre}",
    "Hola [nombre]",
    "Hola %nombre%",
    "Hola *|NOMBRE|*",
    "Hola <<nombre>>",
    "Hola ${nombre}",
    "Hola #nombre#",
    "Hola {{ nombre }}",
    "Hola {{{nombre}}}",
    "Hola { nombre }",
    "Hola {NOMBRE}",
    "Hola {}",
    "Hola [[nombre]]",
    "Hola %%nombre%%",
    "Hola «nombre»",
    "Hola <nombre>",
    "Hola %FIRSTNAME%",
    "Hola *|FNAME|*",
    "Hola {{contact.first_name}}",
    "Hola {{ nombre | default: 'x' }}",
    "Hola $nombre",
    "Hola $nombre$",
    "Hola @nombre@",
    "Hola -nombre-",
    "Hola %(nombre)s",
    "Hola #{nombre}",
    "Hola [Nombre del cliente]",
    "Hola [nombre|amigo]",
    "Hola [FIRST_NAME]",
    "Hola (nombre)",
    "Hola ((nombre))",
    "Hola |nombre|",
    "Hola __nombre__",
    "Hola _nombre_",
    "Hola *nombre*",
    "Hola ｛nombre｝",
    "Hola {% nombre %}",
    "Hola <%= nombre %>",
    "Hola &lt;nombre&gt;",
    "{enlace_baja}gracias",
    "Baja{enlace_baja}",
    "{enlace_baja}/x",
    "{enlace_baja}{nombre}",
    "{enlace_baja}😀",
    "{enlace_baja}.gracias",
    "{nombre}{enlace_baja}",
    "salir [unsubscribe_url]",
    "Hola {nom\u200bbre}",
    "Hola {nombre}}",
    "Hola {{nombre}",
    "Hola }",
    "{enlace_baja}-ya",
    "Hola !nombre!",
    "Hola [apellido]",
    "Hola %apellido%",
    "Hola [cliente]",
    "Hola %Nombre Completo%",
    "Hola [NAME]",
    "Hola [[first name]]",
    "Hola {nombre} {ciudad}",
    "Hola {first_name}",
    "Hola $FNAME",
    "Hola :nombre:",
    "x\n[nombre]",
    "Hola @{nombre}",
    "Hola %{nombre}",
    "Hola {nombre\n}",
    "Hola [email]",
    "Hola {{1}}",
    "Hola ##nombre##",
    "Hola @nombre, 20%",
    "Hola @first_name",
    "Hola %nombre, ven",
    "Hola nombre% ven",
    "Hola --nombre--",
    "Hola ~~first_name~~",
    "Hola ::nombre::",
    "Hola ^^nombre^^",
    "Hola ++nombre++",
    "Hola [prénom]",
    "Hola [[1]]",
    "Hola [tu nombre aquí]",
    "Hola [NOMBRE AQUÍ]",
    "Hola <insertar nombre>",
    "Hola [Inserte el nombre del cliente]",
    "Hola [your name here]",
    "Hola [nombre, ven",
    "Hola {!Contact.FirstName}",
    "Hola {0}",
    "Hola <? nombre ?>",
    "Hola <?php nombre ?>",
    "Hola ❴nombre❵",
    "Hola ⦃nombre⦄",
    "Hola &#123;nombre&#125;",
    "Hola &lbrace;nombre&rbrace;",
    "www.{enlace_baja}",
    "Baja: WWW.{enlace_baja}",
]
# The text's own brackets, percent, `<` and `#`, and links that phones find.
BUENAS = [
    "Hola {nombre}",
    "Baja: {enlace_baja}",
    "Baja:{enlace_baja}",
    "({enlace_baja})",
    "{enlace_baja}.",
    "Visite tienda.co. {enlace_baja}",
    "Salir: [{enlace_baja}]",
    "Salir: <{enlace_baja}>",
    "¿Qué <? ¿nada?",
    "AT&T y R&#39;s",
    "{enlace_baja}\nGracias",
    "{enlace_baja}",
    "Hola {nombre}, {nombre}!",
    "20% de descuento",
    "50%20%",
    "[oferta] 2x1",
    "[HOY] 30%",
    "<3 te queremos",
    "a < b y c > d",
    "#NombreDeMarca",
    "#1 en zapatos #",
    "$20.000",
    "$ 5",
    "Promo *2x1* hoy",
    "*Nuevo*",
    "_hola_",
    "~10~",
    "10% off en nombre propio",
    "mándanos tu nombre",
    "(nombre y cédula)",
    "100% algodón %",
    "Lista: -uno -dos",
    "-Zapatos- y -bolsos-",
    "a|b|c",
    "#promo# ",
    "<- aquí ->",
    "[enviado]",
    "Correo: ana@tienda.com, luis@tienda.com",
    "ventas@cliente.co",
    "«Luna»",
    "“nombre”",
    "hola :) :D",
    "¡nombre!",
    "US$50",
    "C# y F#",
    "10 % nombre 20 %",
    "@tienda síguenos",
    "{nombre}: [1] o [2]",
    "5 > 3 <br",
    "3*4*5",
    "Hola {nombre}. <nuevo>",
    "[Zapatos Luna] Hola {nombre}",
    "(ver términos) {enlace_baja}",
    "hoy | mañana | tarde",
    "**Gran venta**",
    "== Luna ==",
    "--- Luna ---",
    "IVA 19%, descuento 10%",
    "Oferta $10.000 - $20.000",
    "[cupón LUNA20]",
    "{enlace_baja} ",
    "Salir:\n{enlace_baja}",
    'más en "{enlace_baja}"',
    "{enlace_baja}, gracias",
    "{enlace_baja}! Gracias",
    "¡Feliz día, {nombre}!",
    "R$50 e U$S 10$",
    "1%s",
    "100 % {nombre} %s %(x)s \\ $1",
    "«{nombre}», hoy 20%",
    "Síguenos @nombre.tienda",
    "Escriba a @zapatosluna o nombre@luna.co",
    "50%nombres propios",
    "[nombres y apellidos de los ganadores en luna.co]",
    "--- hoy ---",
    "~~20%~~",
    "Llame ya :: Zapatos Luna ::",
    "[Bogotá] [1] [x]",
    "T_T ^_^ :D ;-) <3 (╯°□°)╯",
    '{"oferta": "20%"}'[1:-1],
]


@pytest.mark.parametrize("mensaje", MALAS)
def test_it_finds_a_mark(mensaje: str) -> None:
    mark = primera_mala(mensaje)
    assert mark is not None
    assert mensaje[mark.lugar - 1 :].startswith(mark.escrito) or mark.clase == "pegado"


@pytest.mark.parametrize("mensaje", BUENAS)
def test_it_leaves_the_texts_own_signs(mensaje: str) -> None:
    assert primera_mala(mensaje) is None


@pytest.mark.parametrize(
    ("mensaje", "code", "words"),
    [
        ("Hola {{nombre}}", "unknown_placeholder", ("«{{nombre}}»", "en el carácter 6", "¿Quiso escribir {nombre}?")),
        ("Hola {nombre, ven", "unbalanced_brace", ("«{nombre»", "en el carácter 6", "¿Quiso escribir {nombre}?")),
        ("Hola nombre}", "unbalanced_brace", ("«nombre}»", "en el carácter 6", "¿Quiso escribir {nombre}?")),
        ("Hola\n[Nombre] ven", "unknown_placeholder", ("«[Nombre]»", "línea 2, carácter 1", "{nombre}?")),
        ("Baja: *|UNSUB|*", "unknown_placeholder", ("«*|UNSUB|*»", "¿Quiso escribir {enlace_baja}?")),
        ("Hola {ciudad}", "unknown_placeholder", ("Marcador desconocido: {ciudad}.", "en el carácter 6")),
        ("Hola {Nombre}", "unknown_placeholder", ("Marcador desconocido: {Nombre}.", "¿Quiso escribir {nombre}?")),
        ("Hola %apellido%", "unknown_placeholder", ("«%apellido%»", "Los disponibles son {nombre} y {enlace_baja}.")),
        ("Salir: {enlace_baja}gracias", "glued_link", ("«{enlace_baja}gracias»", "Deje un espacio")),
    ],
)
def test_it_says_where_and_what_was_meant(mensaje: str, code: str, words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        validate(mensaje)
    assert refused.value.code == code
    assert refused.value.field == "mensaje"
    for word in words:
        assert word in refused.value.message


@pytest.mark.parametrize(
    "letters",
    ["{", "[nombre", "[[", "<", "%a", "a_", "__a", "-a", "--a", "@nombre.", "[nombre ", "{enlace_baja}", "%%", "(a"],
)
def test_a_long_text_costs_what_it_weighs(letters: str) -> None:
    assert growth(primera_mala, lambda n: letters * n, 300) < 30


@pytest.mark.parametrize("mensaje", ["a\r\nb", "a\rb", "a\nb"])
def test_a_line_end_is_one_character(mensaje: str) -> None:
    assert sin_retornos(mensaje) == "a\nb"
