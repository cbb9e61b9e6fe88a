"""The words that are answered by themselves."""

from typing import Final

from campaigns.models.respuesta import PALABRA_MAX
from campaigns.values.intencion import Intencion, intencion, normalizar, sin_adornos
from core.errors import InvalidInputError

# A text that asks to leave or to come back, or may do so, is dealt with as such and gets no other answer.
CONTESTABLES: Final = frozenset({Intencion.OTRO, Intencion.AYUDA})
RESERVADA: Final = (
    "«{palabra}» puede pedir una baja o un alta: el sistema la atiende, y no se le puede poner otra respuesta."
)
SIN_LETRAS: Final = "Escriba una palabra con letras o números, como HORARIO. Un saludo solo no sirve."
LARGA: Final = f"La palabra puede tener hasta {PALABRA_MAX} caracteres."


def clave_de(texto: str) -> str:
    """Return what a text says, as words are compared: without accents, case, signs and courtesy.

    >>> clave_de("¡Hola! HORARIOS, por favor")
    'horarios'
    """
    return " ".join(sin_adornos(normalizar(texto).split()))


def leer(palabra: str) -> str:
    """Return a word as it is compared; "" when none is given.

    Raises:
        InvalidInputError: it has no letters, is too long, or asks for something that is dealt with already.
    """
    if not palabra.strip():
        return ""
    clave = clave_de(palabra)
    if not clave:
        raise InvalidInputError(SIN_LETRAS, field="palabra", code="invalid")
    if len(clave) > PALABRA_MAX:
        raise InvalidInputError(LARGA, field="palabra", code="max_length")
    if not {intencion(palabra), intencion(clave)} <= CONTESTABLES:
        raise InvalidInputError(RESERVADA.format(palabra=palabra.strip()), field="palabra", code="reserved")
    return clave
