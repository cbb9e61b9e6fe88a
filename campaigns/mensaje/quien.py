"""A text says which shop it is from, or it does not. Pure.

Who gets publicity may ask who treats their data: Ley 1581 de 2012 (Colombia), art. 12.
"""

import re
from collections.abc import Sequence
from typing import Final

from campaigns.values.letras import palabras

# In the text that is read there is a client's name, a link, or another value.
PARTES: Final = re.compile(r"\{[^{}]*\}")


def nombra(mensaje: str, tienda: str) -> bool:
    """Tell whether the text has the shop's name in it, however it is written: accents, case and signs do not count.

    Args:
        tienda: its name; one without letters or digits is in every text.
    """
    name = palabras(tienda)
    return not name or any(_tiene(palabras(part), name) for part in PARTES.split(mensaje))


def _tiene(words: Sequence[str], name: Sequence[str]) -> bool:
    if any(words[at : at + len(name)] == name for at in range(len(words))):
        return True
    return "".join(name) in words  # ZapatosLuna, @zapatosluna


def con_nombre(mensaje: str, tienda: str) -> str:
    """Put the shop's name in front of the text."""
    return f"{tienda}: {mensaje}"
