"""The text of a message: its placeholders and its rendering.

Plain substitution, never `str.format`: a template is a shop's text, not a program, and a client's name may
hold braces of its own.
"""

import re

from campaigns.mensaje.enlace import muestra
from campaigns.models import MENSAJE_MAX
from core.errors import InvalidInputError

NOMBRE = "{nombre}"
ENLACE = "{enlace_baja}"  # the link by which this client opts out
MARCADORES = (NOMBRE, ENLACE)
PLACEHOLDER = re.compile(r"\{[^{}]*\}")

VACIO = "El mensaje está vacío."
DESCONOCIDO = "Marcador desconocido: {placeholder}. Los disponibles son {nombre} y {enlace_baja}."
LARGO = "El mensaje mide {largo} caracteres ya personalizado; el máximo de Twilio es {maximo}."


def validate(mensaje: str, *, field: str = "mensaje") -> None:
    """Refuse an empty text, an unknown placeholder, or a text too long before any name is put in.

    Raises:
        InvalidInputError: naming `field`.
    """
    if not mensaje.strip():
        raise InvalidInputError(VACIO, field=field, code="blank")
    for placeholder in PLACEHOLDER.findall(mensaje):
        if placeholder not in MARCADORES:
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
    return len(con_enlace(mensaje)) + times * (nombre_length - len(NOMBRE))


def con_enlace(mensaje: str, enlace: str | None = None) -> str:
    """The text with the opt-out link in its place.

    Args:
        enlace: the client's own; None for one that is as long and leads nowhere.
    """
    if ENLACE not in mensaje:
        return mensaje
    return mensaje.replace(ENLACE, muestra() if enlace is None else enlace)


def render(mensaje: str, nombre: str, enlace: str | None = None) -> str:
    """The text for one client; the engine does the same in SQL when a Lote opens.

    The link goes in before the name: what looks like a placeholder in a name is a name.

    Args:
        enlace: the client's own opt-out link; None for one that is as long and leads nowhere.
    """
    return con_enlace(mensaje, enlace).replace(NOMBRE, nombre)


def editor() -> dict[str, str]:
    """What the message's editor knows: the placeholders, and the link that stands in for every client's."""
    return {"marcador": NOMBRE, "marcador_enlace": ENLACE, "enlace": muestra()}
