"""The intention of a client's text: to leave, to come back, help, or something for a person to read. Pure.

Which side to err on:

- *Leaving*: the client needs no ritual. Ley 2300 de 2023, art. 5 par. 2, asks for an easy way out, and Ley 1581 de
  2012, art. 8 e), lets consent be revoked in any words. So a sentence that plainly asks to be left alone counts, and so
  does one that asks how to leave. But a client who is taken for one who left gets nothing more and is not told why, so
  a text that may be about an order, an appointment or the goods ("cancelar mi pedido", "talla baja", "uno no más") is
  left to a person, who sees it among the unread.
- *Doubtful* is what may well be a wish to leave, and may be none: nothing more is sent to the client until a person has
  decided (`campaigns.audiencia.juicio`).
- *Coming back* needs consent that is express: nothing but a whole message counts, or a sentence that names it. "Sí" and
  "yes" count only alone, as at Twilio: with more words they answer something else.
- Rudeness, "no me interesa" and "número equivocado" ask for nothing by themselves: a person decides.

What the text repeats of ours is not the client's word (`citas`); a word that our text offered does what it said
(`promesa`).
"""

import re
from itertools import pairwise
from typing import Final

from django.db.models import TextChoices

from campaigns.values import citas, proposito
from campaigns.values.frases import CON_NO, CUANDO, QUEJA, SIN_NO, VOLVER
from campaigns.values.letras import TEXTO_MAX, normalizar, plano
from campaigns.values.promesa import promesa
from campaigns.values.vocabulario import (
    ADJETIVO,
    ALTAS,
    ALTAS_EXACTAS,
    AYUDAS,
    BASTAS,
    CANCELAR,
    CLARAS,
    CORTESIA,
    NEXO,
    NUMERO,
    OBJETO,
    PEDIR,
    SOLAS,
    conjunto,
)
from core.text.patron import patron

__all__ = ["TEXTO_MAX", "Intencion", "intencion", "normalizar", "ofrecida", "sin_adornos"]


class Intencion(TextChoices):
    BAJA = "baja", "Baja"
    DUDA = "duda", "¿Es una baja?"
    ALTA = "alta", "Alta"
    AYUDA = "ayuda", "Ayuda"
    OTRO = "otro", "Otro"


# "no quiero darme de baja", "no dejen de escribirme", "I don't want to unsubscribe"; not "no gracias, denme de baja"
NEGADO: Final = patron(r"\b(?:no(?! (?:muchas )?(?:gracias|thanks))|nao|nunca|jamas|not|dont|never|sin)(?: \w+){0,3} $")
NEGACIONES: Final = conjunto("no nao")  # one word in two languages: either is the promised one
# Parts of a text that a "no" does not reach over.
CLAUSULA: Final = patron(r"[,.;:!?¡¿\n|]+")

TELEFONO_MIN: Final = 7  # digits of the writer's own number
# Somebody's name behind the word, apart from it or after words that announce it.
FIRMA: Final = patron(
    r"^\W*(?P<dicho>[^\W\d_]+(?:[ ]+[^\W\d_]+){0,2}?)(?P<corte>\s*(?:\n|\s[-–—~]+|[,.;!]+)\s*"
    r"|[ ]+)(?P<anuncio>(?:(?i:atte|att|atentamente|cordialmente|saludos|soy|firma|de parte de|mi nombre es|me llamo"
    r"|regards|thanks)\b[\s.,:]*)*)(?P<nombre>(?:[A-ZÁÉÍÓÚÑÇÃÕÂÊ][\w.’']*(?:\s+(?:de|del|la|los|da|do|y"
    r"|e))*[\s,.]*){1,4}|(?<=[\s.,:])(?:\w+\s*){1,4}|)$"
)


def ofrecida(mensaje: str) -> str:
    """Return the words by which a text of the shop says one can leave, normalised, with spaces between; "" for none.

    A phrase has hyphens between its words; one that leaves by itself needs no promise.

    >>> ofrecida("Para no recibir más mensajes responde NO")
    'no'
    """
    return " ".join(sorted(word for word in promesa(mensaje).salir if "-" not in word or not _es_baja(word.split("-"))))


def intencion(texto: str, *, ofrecida: str = "", enviado: str = "") -> Intencion:
    """Tell what a text asks for.

    Args:
        texto: as it came.
        ofrecida: the words that the text it answers offers to leave: see the function.
        enviado: the text it answers, which is what the phone had got last; "" when that is not known.
    """
    own = citas.apartar(texto[:TEXTO_MAX], enviado)
    if citas.es_reaccion(own):
        return _de_reaccion(citas.citado(own))
    return _de_palabras(own, frozenset(ofrecida.split()), enviado)


def _de_palabras(own: str, promised: frozenset[str], enviado: str) -> Intencion:
    """Read the client's own words. See `intencion`."""
    own = _sin_ofertas(own)
    text = normalizar(own)
    tokens = text.split()
    bare = sin_adornos(tokens)
    if promised & NEGACIONES:
        promised |= NEGACIONES
    said = {"-".join(bare), "-".join(tokens), _sin_dobles("-".join(bare)), _sin_anuncio(bare), _reforzada(own)} - {""}
    others = promesa(enviado).otras if enviado else frozenset()
    if said & promised or (promised and _firmado(own, promised)):
        clear = promised - others
        sure = not said & others if said & promised else bool(clear) and _firmado(own, clear)
        return Intencion.BAJA if sure else Intencion.DUDA
    if said & others and not said & (ALTAS | ALTAS_EXACTAS | AYUDAS):
        return Intencion.DUDA if said & CLARAS else Intencion.OTRO
    if (len(bare) == 1 and PAGADO.search(own)) or tokens == A_LA_BAJA:
        return Intencion.OTRO
    if bare and (_es_baja(bare) or _es_baja(tokens)):
        about_it = len(bare) == 1 and bare[0] in CANCELAR and proposito.hay_compromiso(normalizar(enviado))
        return Intencion.DUDA if about_it else Intencion.BAJA
    if _firmado(own, frozenset()) or _sin_cuando(text) or _sin_negar(SIN_NO, text, own):
        return Intencion.BAJA
    if (len(bare) == 1 and bare[0] in ALTAS) or (len(tokens) == 1 and tokens[0] in ALTAS_EXACTAS):
        return Intencion.ALTA
    if _sin_negar(VOLVER, text, own):
        return Intencion.ALTA
    if _parece_baja(bare, own) or QUEJA.search(text):
        return Intencion.DUDA
    return Intencion.AYUDA if len(bare) == 1 and bare[0] in AYUDAS else Intencion.OTRO


def _de_reaccion(quoted: str) -> Intencion:
    """Read a reaction to something that was not sent last: to an older message of ours, or to the client's own."""
    # What is quoted is not looked through for a quotation again: a line behind `>` is one as often as one looks.
    wants = _de_palabras(quoted.strip("“”«»\"'‘’> "), frozenset(), "") if not promesa(quoted).salir else Intencion.OTRO
    return Intencion.DUDA if wants in (Intencion.BAJA, Intencion.DUDA) else Intencion.OTRO


# Somebody speaks of themselves: "ya envié SALIR para darme de baja" offers nothing.
DE_UNO: Final = patron(r"\b(?:me|mi|yo|ya|i|my|\w+(?:ar|er|ir)me|siguen|quiero)\b")


def _sin_ofertas(texto: str) -> str:
    """Leave out sentences that only a shop writes, because they offer a word to leave."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", texto)
    kept = [part for part in parts if DE_UNO.search(plano(part)) or not _ofrece(part)]
    return texto if len(kept) == len(parts) else "\n".join(kept)


# "¿Por qué no me escriben?" and "hace días no me escriben" miss our messages. But "porque" and its short forms are
# "because" as well, so the verb must tell what happens: what is wished ("no quiero", "no me escriban") is a wish on
# either side of them.
POR_QUE: Final = patron(
    r"\b(?:por que(?: razon)?|porque|porq|xq|xk|pq|como (?:es|asi)|a que se debe|why|how come|hace(?: \w+){1,3})"
    r"(?: (?:que|ya|entonces|es que|nunca|ustedes|uds?|usted|voces?|vcs?|you|hoy|hoje))* $"
)
POR_QUE_MAX: Final = 40  # letters before a verb in which it is looked for
NO_LLEGA: Final = patron(
    r"(?:no|nao|ni|nunca) (?:me|nos) (?:escrib(?:e[ns]?|is)|(?:contact|llam|envi|mand|lig)(?:a[nsm]?|ais)"
    r"|escrevem?)\b|no ?(?:mas|more)\b"
)


def _sin_cuando(text: str) -> bool:
    """Tell whether the text says that nothing more must come, and not merely when not."""
    return any(not CUANDO.match(text, m.end()) and not _pregunta(text, m) for m in CON_NO.finditer(text))


def _pregunta(text: str, found: re.Match[str]) -> bool:
    """Tell whether what was found is what somebody asks the reason of."""
    before = text[max(0, found.start() - POR_QUE_MAX) : found.start()]
    return bool(NO_LLEGA.match(found[0]) and POR_QUE.search(before))


def _ofrece(texto: str) -> bool:
    """Tell whether a sentence offers a word to leave that stands out in it by its capitals."""
    words = promesa(texto).salir
    return not texto.isupper() and any(re.search(rf"\b{word.upper()}\b", texto) for word in words)


def _sin_negar(pattern: re.Pattern[str], text: str, raw: str) -> bool:
    """Tell whether the pattern stands in the text without a "no" before it."""
    clauses = [normalizar(clause) for clause in CLAUSULA.split(raw)]
    return any(not NEGADO.search(part[: m.start()]) for part in (text, *clauses) for m in pattern.finditer(part))


def sin_adornos(tokens: list[str]) -> list[str]:
    """Leave out courtesy, and the writer's own number at the end or the beginning."""
    bare = [token for token in tokens if token not in CORTESIA]
    for reverse in (False, True):
        words = bare[::-1] if reverse else bare
        digits = next((at for at, token in enumerate(words) if not token.isdigit()), len(words))
        if sum(map(len, words[:digits])) >= TELEFONO_MIN:
            words = words[digits:]
        bare = words[::-1] if reverse else words
    return bare


# "Ya cancelé" is "I have paid".
PAGADO: Final = patron(r"(?i:\bya cancel[eé]\b(?! (?:por favor|porfa))|\bcancelé\b)")
A_LA_BAJA: Final = ["a", "la", "baja"]  # as prices go
# Words by which a client announces the one that was offered: "respondo NO", "opción 2".
ANUNCIO: Final = conjunto(
    "respondo responde respuesta mi es opcion opcao option la el numero number digo marco elijo escojo envio mando"
    " palabra"
)
# What adds nothing to the word that was offered: "No, ya no quiero".
REFUERZO: Final = conjunto(
    "ya-no-quiero no-quiero no-quiero-mas ya-no no-mas no-gracias no-me-interesa no-me-interesan ya-no-me-interesa"
    " no-deseo no-deseo-mas no-quiero-nada quiero-salir no-thanks nao-quero nao-quero-mais not-interested"
)


def _sin_anuncio(bare: list[str]) -> str:
    """Return the words of a reply without those that only announce them, joined by hyphens."""
    at = next((at for at, token in enumerate(bare) if token not in ANUNCIO), len(bare))
    return "-".join(bare[at:])


def _reforzada(own: str) -> str:
    """Return the first clause of a reply, joined by hyphens, if the others only say it again; else ""."""
    clauses = ("-".join(sin_adornos(normalizar(clause).split())) for clause in CLAUSULA.split(own))
    first, *others = [clause for clause in clauses if clause] or [""]
    return first if others and REFUERZO.issuperset(others) else ""


def _firmado(raw: str, promised: frozenset[str]) -> bool:
    """Tell whether the text is a word that leaves, with a name behind it.

    Args:
        raw: the text as it came.
        promised: words that leave here; none for those that leave everywhere.
    """
    found = FIRMA.match(raw.strip())
    if not found or not (found["nombre"] or found["anuncio"]):
        return False
    said = normalizar(found["dicho"])
    apart = "\n" in found["corte"] or any(dash in found["corte"] for dash in "-–—~") or found["anuncio"]
    named = found["nombre"][:1].isupper() or not found["nombre"]
    if promised:
        return bool(apart) and said.replace(" ", "-") in promised
    if not found["corte"].strip() and not apart:
        name = [word for word in found["nombre"].split() if normalizar(word) not in CORTESIA]
        if name and len(name) < len(found["nombre"].split()) and all(word.istitle() for word in name):
            return _corregida(said) in CLARAS  # "baja gracias Juan"
        return found["dicho"].isupper() and _corregida(said) in CLARAS and named and not found["nombre"].isupper()
    return (_corregida(said) in CLARAS and (named or bool(found["anuncio"]))) or (
        bool(apart) and _es_baja(said.split())
    )


ESTAR: Final = conjunto("esta estoy estan sigue sigo anda")  # "está de baja" is somebody who is ill


def _es_baja(tokens: list[str]) -> bool:
    bare = [_corregida(token) for token in tokens if token not in CORTESIA]
    joined = "".join(bare)
    if not bare:
        return False
    if len(bare) == 1 and bare[0] in SOLAS:
        return True
    if "-".join(bare) in BASTAS or "-".join(tokens) in BASTAS or (len(bare) == 2 and joined in CLARAS - {"baja"}):
        return True
    if bare[0] == "no" or tokens[0] in ESTAR:
        return False
    core = [token for token in bare if token not in OBJETO | NEXO | PEDIR]
    named = any(token in OBJETO for token in bare)
    if len(core) == 1 and (core[0] in CLARAS or (named and core[0] in CANCELAR)):
        return True
    core = [token for token in core if token not in NUMERO]
    return (
        len(core) == 1
        and core[0] in CLARAS
        and any(token in NUMERO - {"en", "em", "es", "para", "al"} for token in bare)
    )


def _parece_baja(bare: list[str], raw: str) -> bool:
    """Tell whether a short text begins with a word that leaves, and goes on with what may be a name."""
    if not 2 <= len(bare) <= 4 or _corregida(bare[0]) not in CLARAS or "?" in raw:
        return False
    rest = set(bare[1:])
    return all(token.isalpha() for token in rest) and not rest & (NEXO | ADJETIVO | COMUN)


# Before these the word that leaves is part of a sentence about something else: "salir con", "stop by".
COMUN: Final = conjunto(
    "con en por by at in on and y o u para hoy manana a al un una cuando muy mas the work shop mais"
    " cedo agora hoje tarde temprano rapido"
)


def _sin_dobles(text: str) -> str:
    return re.sub(r"([a-z])\1", r"\1", text)


def _corregida(token: str) -> str:
    """Return the word that leaves for one with a letter doubled, missing or out of its place."""
    token = token.replace("0", "o") if not token.isdigit() else token  # "St0p"
    if token in CLARAS or token in SOLAS:
        return token
    once = _sin_dobles(token)
    if once in CLARAS or (once in SOLAS and (len(once) > 5 or (token[:-1] == once and len(once) > 3))):
        return once
    return ERRATAS.get(token, token)


def _erratas() -> dict[str, str]:
    """Make the misspellings of the words that leave. Of a short word the last letter is never missing: "salí"."""
    found: dict[str, str] = {}
    known = CLARAS | SOLAS | ALTAS | AYUDAS
    for word in sorted(CLARAS | {word for word in SOLAS if len(word) > 5}):
        short = len(word) < 6
        less = [word[:at] + word[at + 1 :] for at in range(1, len(word) - short)]
        turned = [word[:at] + b + a + word[at + 2 :] for at, (a, b) in enumerate(pairwise(word))]
        found |= {each: word for each in less + turned if each not in known and len(each) > 2}
    return {typo: word for typo, word in found.items() if typo not in PALABRAS} | {"vaja": "baja"}


# They look like a word that leaves, and are another.
PALABRAS: Final = conjunto(
    "sali sopa sop baa paja borrar borra cancela elimina retira quita salime salirte salirse bara cancha"
)
ERRATAS: Final = _erratas()
