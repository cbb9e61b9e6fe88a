"""What a client's text asks for: to leave, to come back, help, or something for a person to read. Pure.

Which side to err on:

- *Leaving*: the client needs no ritual. Ley 2300 de 2023, art. 5 par. 2, asks for an easy way out, and Ley 1581 de
  2012, art. 8 e), lets consent be revoked in any words. So a sentence that plainly asks to be left alone counts, and so
  does one that asks how to leave. But whoever is taken for one who left gets nothing more and is not told why, so a
  text that may be about an order, an appointment or the goods ("cancelar mi pedido", "talla baja", "uno no más") is
  left to a person, who sees it among the unread.
- *Coming back* needs consent that is express: nothing but a whole message counts, or a sentence that names it. "Sí" and
  "yes" count only alone, as at Twilio: with more words they answer something else.
- Rudeness, "no me interesa" and "número equivocado" ask for nothing by themselves: a person decides.
"""

import re
import unicodedata
from typing import Final

from django.db.models import TextChoices

from campaigns.values.frases import CON_NO, SIN_NO, VOLVER
from campaigns.values.vocabulario import (
    ALTAS,
    ALTAS_EXACTAS,
    AYUDAS,
    BASTAS,
    CANCELAR,
    CLARAS,
    CORTESIA,
    NEXO,
    OBJETO,
    PEDIR,
    SOLAS,
)

TEXTO_MAX: Final = 1600  # an SMS has no more


class Intencion(TextChoices):
    BAJA = "baja", "Baja"
    ALTA = "alta", "Alta"
    AYUDA = "ayuda", "Ayuda"
    OTRO = "otro", "Otro"


# "no quiero darme de baja", "no dejen de escribirme", "I don't want to unsubscribe"
NEGADO: Final = re.compile(r"\b(?:no|nunca|jamas|not|dont|never|sin)(?: \w+){0,3} $")

# The word that a shop's own text offers: "Responde NO para salir". What was promised must work.
OFERTA: Final = re.compile(
    r"\b(?:respond\w*|contest\w*|envi\w*|escrib\w*|digit\w*|reply|text|send) (?:con |with |la palabra )?(\w{1,20})"
    r" (?:al? \w+ )?(?:para|to) (?:ya )?(?:no (?:\w+ )?recibir|dejar de recibir|salir|cancelar|darte de baja|"
    r"darse de baja|dar de baja|stop|opt out|unsubscribe|end|quit|cancel)\b"
)


def normalizar(texto: str) -> str:
    """Lower-case words of a-z and 0-9 with one space between: no accents, punctuation or emoji.

    >>> normalizar("¡¡¡Nó  MÁS, por favor!!! 😡")
    'no mas por favor'
    """
    text = unicodedata.normalize("NFKC", texto[:TEXTO_MAX]).replace("\N{OCTAGONAL SIGN}", " stop ").casefold()
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"['’`´\u200b-\u200f\u2060\ufeff]", "", text)
    tokens = re.sub(r"[^a-z0-9]+", " ", text).split()
    if len(tokens) > 2 and all(len(token) == 1 for token in tokens):  # "S.T.O.P"
        tokens = ["".join(tokens)]
    tokens = [token for token, before in zip(tokens, ["", *tokens], strict=False) if token != before]  # "STOP STOP"
    return re.sub(r"([a-z])\1{2,}", r"\1", " ".join(tokens))


def ofrecida(mensaje: str) -> str:
    """The word by which a text of the shop says one can leave, normalised; "" when it offers none."""
    found = OFERTA.search(normalizar(mensaje))
    return found[1] if found else ""


def intencion(texto: str, *, ofrecida: str = "") -> Intencion:
    """What a text asks for.

    Args:
        texto: as it came.
        ofrecida: the word that the text it answers offers to leave: see `ofrecida`.
    """
    text = normalizar(texto)
    tokens = text.split()
    bare = [token for token in tokens if token not in CORTESIA]
    if bare and (_pide_baja(bare, tokens) or bare == [ofrecida]):
        return Intencion.BAJA
    if CON_NO.search(text) or any(not NEGADO.search(text[: m.start()]) for m in SIN_NO.finditer(text)):
        return Intencion.BAJA
    if (len(bare) == 1 and bare[0] in ALTAS) or (len(tokens) == 1 and tokens[0] in ALTAS_EXACTAS):
        return Intencion.ALTA
    if any(not NEGADO.search(text[: m.start()]) for m in VOLVER.finditer(text)):
        return Intencion.ALTA
    return Intencion.AYUDA if len(bare) == 1 and bare[0] in AYUDAS else Intencion.OTRO


def _pide_baja(bare: list[str], tokens: list[str]) -> bool:
    if len(bare) == 1 and bare[0] in SOLAS:
        return True
    if "-".join(bare) in BASTAS or "-".join(tokens) in BASTAS:
        return True
    if bare[0] == "no":
        return False
    core = [token for token in bare if token not in OBJETO | NEXO | PEDIR]
    named = any(token in OBJETO for token in bare)
    return len(core) == 1 and (core[0] in CLARAS or (named and core[0] in CANCELAR))
