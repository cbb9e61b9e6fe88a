"""The words of a text without what people write them with: accents, case, punctuation, emoji. Pure."""

import re
import unicodedata
from typing import Final

from core.unicode import sin_acentos

# The short ways of chats.
CORTAS: Final = {"kiero": "quiero", "qiero": "quiero", "kero": "quiero", "resibir": "recibir", "msjes": "msjs"}

TEXTO_MAX: Final = 1600  # an SMS has no more

# What stands within a word and says nothing: apostrophes, and what has no width.
DENTRO: Final = re.compile(r"['’`´\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def plano(texto: str) -> str:
    """Return the text in small letters without accents, each sign and line end as it was.

    >>> plano("¡Nó  MÁS!")
    '¡no  mas!'
    """
    text = unicodedata.normalize("NFKC", texto[:TEXTO_MAX]).replace("\N{OCTAGONAL SIGN}", " stop ")
    return DENTRO.sub("", sin_acentos(text))


def palabras(texto: str) -> list[str]:
    """Return the words of a text, in a-z and 0-9. A plus sign before a word is the word "mas".

    >>> palabras("NO + mensajes, por favor 😡")
    ['no', 'mas', 'mensajes', 'por', 'favor']
    """
    text = re.sub(r"\+(?=\s*[a-z])|(?<=\bno )\+|(?<=\bno)\+", " mas ", plano(texto))
    return re.sub(r"[^a-z0-9]+", " ", text).split()


def normalizar(texto: str) -> str:
    """Return the words of a text with one space between; what is written twice, or stretched, once.

    >>> normalizar("¡¡¡Nó  MÁS, por favor!!! 😡")
    'no mas por favor'
    """
    return unir([CORTAS.get(word, word) for word in palabras(texto)])


def unir(tokens: list[str]) -> str:
    """Join words as `normalizar` does."""
    if len(tokens) > 2 and all(len(token) == 1 and token.isalpha() for token in tokens):  # "S.T.O.P"
        tokens = ["".join(tokens)]
    tokens = [token for token, before in zip(tokens, ["", *tokens], strict=False) if token != before]  # "STOP STOP"
    return re.sub(r"([a-z])\1{2,}", r"\1", " ".join(tokens))
