"""The text of a message: its placeholders and its rendering.

Plain substitution, never `str.format`: a template is a shop's text, not a program, and a client's name may
hold braces of its own.
"""

from collections.abc import Mapping
from typing import Final

from campaigns.mensaje.enlace import muestra
from campaigns.mensaje.marcas import ENLACE, MARCADORES, NOMBRE, Marca, primera_mala
from campaigns.mensaje.variables import NOMBRE_SOLO, poner, sin_variables
from campaigns.models import MENSAJE_MAX
from core.errors import InvalidInputError

__all__ = ["ENLACE", "MARCADORES", "NOMBRE"]

EJEMPLO = "Maria Fernanda Gomez"  # a name as long as most, and without letters that force UCS-2

VACIO = "El mensaje está vacío."
DISPONIBLES: Final = "Los disponibles son {nombre} y {enlace_baja}."
DESCONOCIDO: Final = "Marcador desconocido: {placeholder}. " + DISPONIBLES
LARGO_PARA_MIRAR: Final = 10 * MENSAJE_MAX  # of a text that is far too long nothing more is said than that
# By the class of a `Marca`.
MAL_ESCRITO: Final = {
    "desconocido": DESCONOCIDO,
    "ajeno": "«{placeholder}» parece un marcador de otro programa y saldría tal cual. " + DISPONIBLES,
    "suelto": "A «{placeholder}» le falta una llave, y saldría tal cual. " + DISPONIBLES,
    "pegado": "En «{placeholder}» hay algo pegado al enlace, y el enlace no abriría. Deje un espacio a cada lado.",
}
CODIGOS: Final = {
    "desconocido": "unknown_placeholder",
    "ajeno": "unknown_placeholder",
    "suelto": "unbalanced_brace",
    "pegado": "glued_link",
}
CON_OMISION: Final = "|"  # only a text with such a sign can have a variable with a default
LARGO = "El mensaje mide {largo} caracteres ya personalizado; el máximo de Twilio es {maximo}."


def validate(mensaje: str, *, field: str = "mensaje", conocidas: frozenset[str] | None = None) -> None:
    """Refuse an empty text, a placeholder that would reach people as it stands, or a text too long before any name is
    put in.

    Args:
        conocidas: of a text whose recipients have values, the variables of which some has one. Its length is not
            known without them.

    Raises:
        InvalidInputError: naming `field`.
    """
    if not mensaje.strip():
        raise InvalidInputError(VACIO, field=field, code="blank")
    if len(mensaje) > LARGO_PARA_MIRAR:
        validate_length(mensaje, longest_nombre=0, field=field)
    if mark := primera_mala(mensaje if conocidas is None else sin_variables(mensaje, conocidas)):
        raise InvalidInputError(explicar(mark, mensaje), field=field, code=CODIGOS[mark.clase])
    if conocidas is None:
        validate_length(mensaje, longest_nombre=0, field=field)


def explicar(mark: Marca, mensaje: str) -> str:
    """Say what is wrong with a mark, where it stands, and what was likely meant."""
    before = mensaje[: mark.lugar - 1]
    line, column = before.count("\n") + 1, mark.lugar - (before.rfind("\n") + 1)
    where = f"Está en la línea {line}, carácter {column}." if "\n" in mensaje else f"Está en el carácter {mark.lugar}."
    meant = f" ¿Quiso escribir {mark.quiere}?" if mark.quiere and mark.clase != "pegado" else ""
    return f"{MAL_ESCRITO[mark.clase].replace('{placeholder}', mark.escrito)} {where}{meant}"


def sin_retornos(mensaje: str) -> str:
    """Return the text with each line end as one character: Windows and browsers write two, and both are billed."""
    return mensaje.replace("\r\n", "\n").replace("\r", "\n")


def validate_length(mensaje: str, *, longest_nombre: int, field: str = "mensaje") -> None:
    """Refuse a text that would exceed Twilio's limit for the longest name among its recipients.

    Args:
        longest_nombre: characters of the longest name.

    Raises:
        InvalidInputError: naming `field`.
    """
    largo = rendered_length(mensaje, longest_nombre)
    if largo > MENSAJE_MAX:
        raise InvalidInputError(demasiado_largo(largo), field=field, code="max_length")


def demasiado_largo(largo: int) -> str:
    return LARGO.format(largo=largo, maximo=MENSAJE_MAX)


def rendered_length(mensaje: str, nombre_length: int) -> int:
    """Characters of the text with a name of `nombre_length` characters in it."""
    if CON_OMISION in mensaje:
        return len(render(mensaje, "x" * nombre_length))
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


def render(mensaje: str, nombre: str, enlace: str | None = None, *, valores: Mapping[str, str] | None = None) -> str:
    """The text for one client; the engine does the same in SQL when a Lote opens.

    The link goes in before the name: what looks like a placeholder in a name is a name.

    Args:
        enlace: the client's own opt-out link; None for one that is as long and leads nowhere.
        valores: of the variables of a text whose recipients have some.
    """
    text = con_enlace(mensaje, enlace)
    if not valores and CON_OMISION not in text:
        return text.replace(NOMBRE, nombre)
    return poner(text, {NOMBRE_SOLO: nombre, **(valores or {})})


def editor() -> dict[str, str]:
    """Return the variables of the message's editor: the placeholders, and the link that stands in for every
    client's."""
    return {"marcador": NOMBRE, "marcador_enlace": ENLACE, "enlace": muestra()}
