"""The text of a message: its placeholders and its rendering.

Plain substitution, never `str.format`: a template is a shop's text, not a program, and a client's name may
hold braces of its own.
"""

import re

from campaigns.models import MENSAJE_MAX
from core.errors import InvalidInputError

NOMBRE = "{nombre}"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")

VACIO = "El mensaje está vacío."
DESCONOCIDO = "Marcador desconocido: {placeholder}. El único disponible es {nombre}."
LARGO = "El mensaje mide {largo} caracteres ya personalizado; el máximo de Twilio es {maximo}."


def validate(mensaje: str, *, field: str = "mensaje") -> None:
    """Refuse an empty text, an unknown placeholder, or a text too long before any name is put in.

    Raises:
        InvalidInputError: naming `field`.
    """
    if not mensaje.strip():
        raise InvalidInputError(VACIO, field=field, code="blank")
    for placeholder in PLACEHOLDER.findall(mensaje):
        if placeholder != NOMBRE:
            text = DESCONOCIDO.replace("{placeholder}", placeholder)
            raise InvalidInputError(text, field=field, code="unknown_placeholder")
    validate_length(mensaje, longest_nombre=0, field=field)


def validate_length(mensaje: str, *, longest_nombre: int, field: str = "mensaje") -> None:
    """Refuse a text that would exceed Twilio's limit for the longest name among its recipients.

    Args:
        longest_nombre: characters of the longest name.

    Raises:
        InvalidInputError: naming `field`.
    """
    largo = rendered_length(mensaje, longest_nombre)
    if largo > MENSAJE_MAX:
        raise InvalidInputError(LARGO.format(largo=largo, maximo=MENSAJE_MAX), field=field, code="max_length")


def rendered_length(mensaje: str, nombre_length: int) -> int:
    """Characters of the text with a name of `nombre_length` characters in it."""
    times = mensaje.count(NOMBRE)
    return len(mensaje) + times * (nombre_length - len(NOMBRE))


def render(mensaje: str, nombre: str) -> str:
    """The text for one client; the engine does the same in SQL when a Lote opens."""
    return mensaje.replace(NOMBRE, nombre)
