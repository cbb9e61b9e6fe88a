"""The part of a reply that repeats the text it answers, and so is not the client's word. Pure.

A reaction to a message reaches a shop as an SMS that repeats it, with a verb in the phone's language, a name or an
emoji before it: `Liked “…”`, `A Ana le gustó “…”`, `👍 to “…”`, `Gostou de “…”`. Mail and chat programs quote behind
`>`, and people paste. The verbs are without number, so what is looked for is our own text.
"""

from typing import Final

from campaigns.values.letras import palabras, plano
from core.text.patron import patron

# Words from which on a repetition is one. Fewer may be the client's own: "Baja" answers "Baja de precios".
COMIENZO_MIN: Final = 5
CITADO_MIN: Final = 3

# A quotation mark closes only after its own kind opened; apostrophes are within words. Behind `>` the line is quoted.
CITAS: Final = patron(
    r"“[^”]*(?:”|$)|„[^“”]*(?:[“”]|$)|«[^»]*(?:»|$)|‹[^›]*(?:›|$)|\"[^\"]*(?:\"|$)|「[^」]*(?:」|$)"
    r"|(?:(?<=\s)|^)[‘'][^’']{12,}(?:[’'](?=\W|$)|$)|(?m:^\s*>.*$)"
)
APARTE: Final = "\0"  # in the place of what was set aside; no text holds it
# The text goes on where this stands.
SIGUE: Final = patron(r"(?:…|\.\.\.)\W*$")
# What an iPhone or an Android phone writes before a message that somebody reacted to, as it comes from `plano`.
REACCION: Final = patron(
    r"^\W*(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted|removed (?:a|an)|(?:a .{1,40} )?(?:no"
    r" )?(?:te|le) (?:gusto|encanto)|(?:.{1,40} )?(?:se rio de|le dio risa|dio risa|enfatizo|destaco|exclamo|pregunto"
    r" por|cuestiono|reacciono|elimino un|quito un)|(?:nao )?gostou de|curtiu|amou|adorou|riu de|enfatizou|questionou"
    r"|reagiu|removeu (?:um|uma)|(?:n )?a (?:aime|adore|ri|reagi)|ha (?:messo|riso)|gefallt|hat (?:.{1,20} )?reagiert"
    r"|[^\w\s]+ (?:to|a|para|em|an|sur))\b"
)


def apartar(texto: str, enviado: str) -> str:
    """Return the words of the client: the text without what it repeats of the one that it answers.

    Args:
        texto: as it came.
        enviado: what the phone had got last; "" when that is not known.
    """
    ours = palabras(enviado)
    if len(ours) < 2:
        return texto
    text = CITAS.sub(lambda m: APARTE if _es_nuestra(palabras(m[0]), ours, m[0]) else m[0], texto)
    before, aside, after = text.partition(APARTE)
    if aside and REACCION.match(plano(f"{before.strip()} x")):
        text = after
    return _sin_repetido(text.replace(APARTE, "\n"), ours)


def es_reaccion(texto: str) -> bool:
    """Tell whether the text is a phone's report of a reaction: nothing but a verb or an emoji and a quotation."""
    rest = CITAS.sub("\n", texto)
    return rest != texto and bool(REACCION.match(plano(texto))) and len(palabras(rest)) <= 8


def citado(texto: str) -> str:
    """Return what stands in quotation marks."""
    return " ".join(m[0] for m in CITAS.finditer(texto))


def _es_nuestra(quoted: list[str], ours: list[str], raw: str) -> bool:
    """Tell whether a quotation is of our text: all of it, or enough words of it one after the other."""
    if quoted == ours:
        return True
    cut = bool(SIGUE.search(raw))
    if len(quoted) < CITADO_MIN:
        return False
    for start in range(len(ours) - len(quoted) + 1):
        last = start + len(quoted) - 1
        if quoted[:-1] == ours[start:last] and (
            quoted[-1] == ours[last] or (cut and ours[last].startswith(quoted[-1]))
        ):
            return True
    return False


def _sin_repetido(texto: str, ours: list[str]) -> str:
    """Take away our text, or its beginning, where it stands without marks."""
    tokens = palabras(texto)
    if not any(tokens[at : at + 2] == ours[:2] for at in range(len(tokens))):
        return texto
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        length = 0
        while at + length < len(tokens) and length < len(ours) and tokens[at + length] == ours[length]:
            length += 1
        if length == len(ours) or length >= COMIENZO_MIN:
            at += length
            if (
                length < len(ours)
                and at == len(tokens) - 1
                and SIGUE.search(texto)
                and ours[length].startswith(tokens[at])
            ):
                at += 1  # a word that was cut
            continue
        kept.append(tokens[at])
        at += 1
    return texto if len(kept) == len(tokens) else " ".join(kept)
