"""The variables of a text whose recipients a call names one by one: `{pedido}`, `{ciudad|tu ciudad}`. Pure.

Behind the bar stands what is written where a recipient has no value. A value is put in as it is: what looks like a
variable in it is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from campaigns.mensaje.marcas import ENLACE, NOMBRE

OMISION_MAX: Final = 60
DE_VARIABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
MARCA: Final = re.compile(rf"\{{({DE_VARIABLE.pattern})(?:\|([^{{}}|\r\n]{{1,{OMISION_MAX}}}))?\}}")
NOMBRE_SOLO: Final = NOMBRE.strip("{}")
ENLACE_SOLO: Final = ENLACE.strip("{}")
RESERVADAS: Final = frozenset({NOMBRE_SOLO, ENLACE_SOLO})


@dataclass(frozen=True, slots=True)
class Hueco:
    """A place of the text for a value.

    Args:
        nombre: of the variable; `nombre` and `enlace_baja` too.
        omision: what is written without a value; None when there must be one.
    """

    nombre: str
    omision: str | None = None


@lru_cache(maxsize=64)
def partes(mensaje: str) -> tuple[str | Hueco, ...]:
    """Split a text at its variables.

    >>> partes("Hola {nombre|vecino}!")
    ('Hola ', Hueco(nombre='nombre', omision='vecino'), '!')
    """
    found: list[str | Hueco] = []
    at = 0
    for mark in MARCA.finditer(mensaje):
        found += [mensaje[at : mark.start()], Hueco(mark[1], mark[2])]
        at = mark.end()
    return tuple(part for part in [*found, mensaje[at:]] if part)


def huecos(mensaje: str) -> tuple[Hueco, ...]:
    """Return the places of the text for values, but for the link's."""
    return tuple(part for part in partes(mensaje) if isinstance(part, Hueco) and part.nombre != ENLACE_SOLO)


def sin_variables(mensaje: str, conocidas: frozenset[str]) -> str:
    """Return the text with letters in the place of each variable that is known or has a default, so that what is left
    in braces is a mistake, in its place.

    Args:
        conocidas: variables of which some recipient has a value.
    """

    def letters(mark: re.Match[str]) -> str:
        if mark[0] in {NOMBRE, ENLACE} or mark[1] == ENLACE_SOLO:
            return mark[0]
        return "x" * len(mark[0]) if mark[1] in conocidas or mark[2] is not None else mark[0]

    return MARCA.sub(letters, mensaje)


def poner(mensaje: str, valores: Mapping[str, str]) -> str:
    """Return the text with each variable's value, or its default; one that is not known and has none stays as it is.

    Args:
        valores: by the names of variables; "" is none.
    """

    def value(mark: re.Match[str]) -> str:
        given = valores.get(mark[1])
        return given or mark[2] or ("" if given is not None else mark[0])

    return MARCA.sub(value, mensaje)
