"""People whom a call names by their phones: read, found among the clients or made clients, kept with their words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from django.db import connection

from campaigns.audiencia.juicio import TEXTOS
from campaigns.audiencia.seleccion import Audiencia, Llamado, Seleccion
from campaigns.mensaje import texto, variables
from campaigns.mensaje.variables import DE_VARIABLE, NOMBRE_SOLO, RESERVADAS, Hueco
from campaigns.models import MENSAJE_MAX, CampanaSMS, Destinatario
from campaigns.values import codigos
from campaigns.values.twilio import TEST_NUMBERS
from clientes import ficha, phones
from clientes.importacion.filas import DOCUMENTO_MAX, MUY_LARGO
from clientes.importacion.por_telefono import Persona, hallar_o_crear
from clientes.models import NOMBRE_MAX, Cliente
from core.errors import InvalidInputError
from core.text.limpio import limpio

MAXIMO: Final = 100_000
VARIABLES_MAX: Final = 20
VALOR_MAX: Final = 300
ERRORES_MAX: Final = 20  # that an answer tells of
CAMPO: Final = "destinatarios"
CAMPOS: Final = ("telefono", "nombre", "documento", "variables")
LARGOS: Final = {"nombre": NOMBRE_MAX, "documento": DOCUMENTO_MAX}

NO_ES_OBJETO = 'Se esperaba un objeto, como {"telefono": "3001234567"}.'
FALTA_TELEFONO = "Falta el teléfono, entre comillas."
NO_ES_TEXTO = "Escríbalo entre comillas: es un texto."
CON_NULO = "Tiene un carácter nulo."
NO_EXISTE = "Este campo no existe."
QUISO_DECIR = "Este campo no existe. ¿Quiso decir «{otro}»?"
NO_SON_VARIABLES = 'Se esperaba un objeto de textos, como {"pedido": "1234"}.'
MUCHAS_VARIABLES = f"Son más de {VARIABLES_MAX} variables."
MAL_NOMBRE = (
    "Una variable se escribe con minúsculas sin tilde, números y «_», y empieza por una letra: hasta 30 caracteres."
)
RESERVADA = "«{nombre}» no es una variable: es una marca del texto."
NO_ES_VALOR = "Es un texto entre comillas, o un número entero."
SIN_VALOR = (
    "El texto usa {{{nombre}}} y aquí no tiene valor: escríbalo, o ponga en el texto {{{nombre}|lo que va si falta}}."
)
SIN_OMISION = (
    "El texto usa {{{nombre}}}, y quienes llegan por «{campo}» no lo tienen: ponga en el texto"
    " {{{nombre}|lo que va si falta}}."
)
NO_ES_DE_PRUEBA = (
    "Una llave de prueba no crea clientes: use el teléfono de un cliente, o uno de prueba de Twilio, como +15005550006."
)
ORIGEN: Final = "Campaña «{nombre}», por la API"
# Of who is no client: its place in the call, which the caller knows it by.
VEREDICTO: Final = f"{CAMPO}.{{indice}}: {{texto}}"
REPETIDO: Final = f"Tiene el mismo teléfono que {CAMPO}.{{otro}}."


@dataclass(frozen=True, slots=True)
class Error:
    """Something wrong with one recipient of a call.

    Args:
        lugar: the path in the call, such as `3.variables.pedido`.
    """

    lugar: str
    code: str
    detail: str


class DestinatariosInvalidosError(Exception):
    """Some recipients of a call are not as they must be; nothing was done.

    Args:
        errores: the first of them, ERRORES_MAX at most.
    """

    def __init__(self, errores: Sequence[Error]) -> None:
        super().__init__(f"{len(errores)} errors")
        self.errores = list(errores[:ERRORES_MAX])


@dataclass(frozen=True, slots=True)
class Leido:
    """A recipient of a call, as it says of them.

    Args:
        telefono: as it was written; "" when there is none.
        reading: what it means.
        valores: of the variables that the text uses.
    """

    telefono: str
    reading: phones.Reading
    nombre: str
    documento: str
    valores: Mapping[str, str]


def leer(filas: Sequence[Any], mensaje: str) -> list[Leido]:
    """Read the recipients of a call.

    Args:
        filas: MAXIMO at most, as JSON gives them.
        mensaje: the text: values that it does not use are not kept.

    Raises:
        DestinatariosInvalidosError: naming each place. A phone that is none is no error: its verdict is in the logs.
    """
    used = frozenset(hueco.nombre for hueco in variables.huecos(mensaje)) - RESERVADAS
    leidos, errores = list[Leido](), list[Error]()
    for indice, fila in enumerate(filas):
        leido, malos = _leer(fila, used)
        errores += [replace(error, lugar=".".join(filter(None, (str(indice), error.lugar)))) for error in malos]
        if len(errores) >= ERRORES_MAX:
            break
        if leido:
            leidos.append(leido)
    if errores:
        raise DestinatariosInvalidosError(errores)
    return leidos


def _leer(fila: Any, used: frozenset[str]) -> tuple[Leido | None, list[Error]]:
    if not isinstance(fila, dict):
        return None, [Error("", "invalid", NO_ES_OBJETO)]
    errores = [_desconocido(campo) for campo in list(fila)[: len(CAMPOS) + 1] if campo not in CAMPOS]
    textos = {campo: _texto(fila, campo, errores) for campo in ficha.CAMPOS}
    if fila.get("telefono") is None:
        errores.append(Error("telefono", "required", FALTA_TELEFONO))
    # A phone that nobody can read is one that is none.
    leidos, malos = ficha.leer({campo: value for campo, value in textos.items() if value})
    # Nor is a filler a reason to refuse who is known by the phone: they have no document.
    malos = [bad for bad in malos if bad.field != "telefono" and bad.code != ficha.RELLENO]
    errores += [Error(bad.field or "", bad.code, bad.message) for bad in malos]
    textos = {**textos, **leidos}
    for campo, maximo in LARGOS.items():
        if len(textos[campo]) > maximo:
            errores.append(Error(campo, "max_length", MUY_LARGO.format(campo=campo, maximo=maximo)))
    valores = _valores(fila.get("variables"), used, errores)
    if errores:
        return None, errores
    reading = phones.read(textos["telefono"]) if "telefono" in leidos else phones.NOTHING
    return Leido(textos["telefono"], reading, textos["nombre"], textos["documento"], valores), []


def _desconocido(campo: str) -> Error:
    near = next(iter(get_close_matches(campo[:40], CAMPOS, n=1)), "")
    shown = campo[:80].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return Error(shown, "unknown_field", QUISO_DECIR.format(otro=near) if near else NO_EXISTE)


def _texto(fila: Mapping[str, Any], campo: str, errores: list[Error]) -> str:
    value = fila.get(campo)
    if value is None:
        return ""
    if not isinstance(value, str):
        errores.append(Error(campo, "invalid", NO_ES_TEXTO))
    elif "\0" in value:
        errores.append(Error(campo, "null_characters_not_allowed", CON_NULO))
    else:
        return value
    return ""


def _valores(given: Any, used: frozenset[str], errores: list[Error]) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        errores.append(Error("variables", "invalid", NO_SON_VARIABLES))
        return {}
    if len(given) > VARIABLES_MAX:
        errores.append(Error("variables", "max_length", MUCHAS_VARIABLES))
        return {}
    valores = {}
    for nombre, value in given.items():
        if wrong := _mala_variable(nombre, value):
            errores.append(replace(wrong, lugar=f"variables.{wrong.lugar}"))
        elif nombre in used and (clean := limpio(str(value)) if value is not None else ""):
            valores[nombre] = clean
    return valores


def _mala_variable(nombre: str, value: Any) -> Error | None:
    shown = nombre[:40].replace("\0", "\N{REPLACEMENT CHARACTER}")
    if not DE_VARIABLE.fullmatch(nombre):
        return Error(shown, "invalid", MAL_NOMBRE)
    if nombre in RESERVADAS:
        return Error(shown, "invalid", RESERVADA.format(nombre=nombre))
    if value is not None and type(value) not in {str, int}:  # a bool is an int for isinstance
        return Error(shown, "invalid", NO_ES_VALOR)
    if isinstance(value, int) and abs(value) >= 10**VALOR_MAX:  # Python writes no number of 5,000 digits
        return Error(shown, "max_length", MUY_LARGO.format(campo=nombre, maximo=VALOR_MAX))
    if isinstance(value, str) and "\0" in value:
        return Error(shown, "null_characters_not_allowed", CON_NULO)
    if isinstance(value, str) and len(value) > VALOR_MAX:
        return Error(shown, "max_length", MUY_LARGO.format(campo=nombre, maximo=VALOR_MAX))
    return None


def llamar(
    *,
    tienda_id: int,
    mensaje: str,
    leidos: Sequence[Leido],
    audiencia: Audiencia | None = None,
    nombre: str = "",
    de_prueba: bool = False,
    llave_de_prueba: bool = False,
) -> Audiencia:
    """Find the clients of the call, make clients of the others, and return the audience with them before all others.

    In the caller's transaction.

    Args:
        leidos: of `leer`, with the same text.
        audiencia: who else is written to, if anybody.
        nombre: of the campaign, which the new clients keep as their origin.
        de_prueba: the caller undoes it all.
        llave_de_prueba: the campaign is a test key's, which makes clients of Twilio's test numbers alone: real
            campaigns would write to the others.

    Raises:
        ConflictError: somebody else is writing many rows into the shop's clients.
        DestinatariosInvalidosError: somebody has no value for what the text uses, too long a text, or a phone with
            which a test key makes no client.
        InvalidInputError: likewise those of the audience.
    """
    huecos, enlazado = variables.huecos(mensaje), texto.con_enlace(mensaje)  # every link is as long
    if audiencia:
        _exigir_omision(huecos, audiencia)
    personas: dict[str, Persona] = {}
    for leido in leidos:
        read = leido.reading
        if read.e164:
            persona = Persona(leido.telefono, read.e164, read.mobile, read.country, leido.nombre, leido.documento)
            personas.setdefault(read.e164, persona)
    hallados = hallar_o_crear(
        tienda_id=tienda_id,
        personas=list(personas.values()),
        origen=ORIGEN.format(nombre=nombre),
        de_prueba=de_prueba,
    )
    llamados, errores, primeros = list[Llamado](), list[Error](), dict[str, int]()
    for indice, leido in enumerate(leidos):
        e164 = leido.reading.e164
        if not e164 or primeros.setdefault(e164, indice) != indice:
            llamados.append(_sin_cliente(indice, leido, primeros.get(e164)))
            continue
        hallado = hallados[e164]
        suyo = not (leido.nombre or hallado.nuevo)
        llamado = Llamado(hallado.id, hallado.nombre if suyo else leido.nombre, leido.valores, suyo)
        real = llave_de_prueba and hallado.nuevo and not e164.startswith(TEST_NUMBERS)
        error = Error("telefono", "test_key", NO_ES_DE_PRUEBA) if real else None
        if error := error or _sin_valor(llamado, huecos) or _muy_largo(llamado, enlazado):
            errores.append(replace(error, lugar=f"{indice}.{error.lugar}"))
            if len(errores) >= ERRORES_MAX:
                break
        llamados.append(llamado)
    if errores:
        raise DestinatariosInvalidosError(errores)
    return replace(audiencia, llamados=tuple(llamados)) if audiencia else _solo(llamados)


def _solo(llamados: Sequence[Llamado]) -> Audiencia:
    return Audiencia(incluir=Seleccion(), field=CAMPO, llamados=tuple(llamados))


def _exigir_omision(huecos: Sequence[Hueco], audiencia: Audiencia) -> None:
    """Raises InvalidInputError: the text has a variable that the others of the audience have no value of."""
    for hueco in huecos:
        if hueco.omision is None and hueco.nombre != NOMBRE_SOLO:
            text = SIN_OMISION.format(nombre=hueco.nombre, campo=audiencia.field)
            raise InvalidInputError(text, field="mensaje", code="missing_default")


def _sin_cliente(indice: int, leido: Leido, primero: int | None) -> Llamado:
    """Return one who is no client: whose phone is none, or that of an earlier one."""
    if primero is not None:
        codigo, said = codigos.TELEFONO_DUPLICADO, REPETIDO.format(otro=primero)
    else:
        codigo = codigos.TELEFONO_INVALIDO if leido.telefono else codigos.SIN_TELEFONO
        said = TEXTOS[codigo]
    error = VEREDICTO.format(indice=indice, texto=said)
    return Llamado(-indice - 1, leido.nombre, leido.valores, False, codigo, error, leido.reading.e164)


def _sin_valor(llamado: Llamado, huecos: Sequence[Hueco]) -> Error | None:
    for hueco in huecos:
        value = llamado.nombre if hueco.nombre == NOMBRE_SOLO else llamado.valores.get(hueco.nombre)
        if not value and hueco.omision is None:
            lugar = NOMBRE_SOLO if hueco.nombre == NOMBRE_SOLO else f"variables.{hueco.nombre}"
            return Error(lugar, "required", SIN_VALOR.format(nombre=hueco.nombre))
    return None


def _muy_largo(llamado: Llamado, enlazado: str) -> Error | None:
    largo = len(texto.render(enlazado, llamado.nombre, valores=llamado.valores))
    return Error("variables", "max_length", texto.demasiado_largo(largo)) if largo > MENSAJE_MAX else None


GUARDAR_SQL: Final = """
INSERT INTO campaigns_destinatario (campana_id, quien, nombre, valores, codigo, error, telefono)
SELECT %(campana)s, quien, nombre, valores, codigo, error, telefono FROM jsonb_to_recordset(%(filas)s::jsonb)
    AS r(quien bigint, nombre text, valores jsonb, codigo text, error text, telefono text)
"""
TANDA: Final = 10_000


def guardar(campana: CampanaSMS, llamados: Sequence[Llamado]) -> None:
    """Keep what a call says of its recipients, for when their Lotes open."""
    with connection.cursor() as cursor:
        for at in range(0, len(llamados), TANDA):
            rows = [
                {
                    "quien": one.quien,
                    "nombre": None if one.suyo else one.nombre,
                    "valores": {} if one.codigo else one.valores,
                    "codigo": one.codigo,
                    "error": one.error,
                    "telefono": one.telefono,
                }
                for one in llamados[at : at + TANDA]
            ]
            cursor.execute(GUARDAR_SQL, {"campana": campana.pk, "filas": json.dumps(rows, ensure_ascii=False)})


def guardados(campana: CampanaSMS, ids: Sequence[int]) -> Audiencia:
    """Return these recipients of the campaign, each with what its call says of them.

    Args:
        ids: of one of its Lotes, or of several.
    """
    if not campana.con_destinatarios:
        return Audiencia.de_ids(ids)
    known, nombres = dict[int, Destinatario](), dict[int, str]()
    for at in range(0, len(ids), TANDA):
        rows = {row.quien: row for row in Destinatario.objects.filter(campana=campana, quien__in=ids[at : at + TANDA])}
        nombres |= Cliente.objects.filter(usuario=campana.usuario_id, pk__in=rows).values_list("pk", "nombre")
        known |= rows
    called = [_guardado(known[quien], nombres) for quien in ids if quien in known]
    others = tuple(pk for pk in ids if pk not in known and pk > 0)
    return Audiencia(Seleccion(cliente_ids=others), llamados=tuple(called))


def _guardado(row: Destinatario, nombres: Mapping[int, str]) -> Llamado:
    suyo = row.nombre is None
    nombre = nombres.get(row.quien, "") if row.nombre is None else row.nombre
    return Llamado(row.quien, nombre, row.valores, suyo, row.codigo, row.error, row.telefono)
