"""The word by which a text of a shop lets people leave: "Responde NO para salir". Pure.

What was promised must work, in whatever order the sentence says it; and a word that was offered for something else
("Responde NO para cancelar tu cita") leaves nobody out. So a sentence is read for two things: which word it offers,
and what that word does: `campaigns.values.proposito`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from campaigns.values import proposito
from campaigns.values.frases import CON_NO, SIN_NO
from campaigns.values.letras import DENTRO, TEXTO_MAX, normalizar, plano
from campaigns.values.vocabulario import CORTESIA, conjunto
from core.text.patron import patron

FRASE_MAX: Final = 3  # words of one promise: "NO MAS SMS"
# Anybody writes such texts: what is read of one offer is bounded, or each of its words would begin it all again.
OPCIONES_MAX: Final = 12  # words that a text gives to choose from
ENTREMEDIO_MAX: Final = 12  # words between a verb and its word, and of a place to answer at
ANTES_MAX: Final = 60  # words before an offer of the same sentence that may say what it is for

# Verbs of answering and sending. After those of VAGOS the word must stand out by marks or capitals.
RESPONDER: Final = patron(
    r"(?:respond(?:[ae]|[ae]n|[ae]s|er|iendo|endo|ed)|contest(?:[ae]|[ae]n|[ae]s|ar|ando)|envi(?:[ae]|[ae]n|[ae]s|ar"
    r"|ando)|escrib(?:[ae]|an|[ae]s|ir|iendo|i)|escrev(?:[ae]|er|endo)|(?:digit|tecle|retorn|mand|text)(?:[ae]|[ae]n"
    r"|[ae]s|ar|ando))(?:n?os|n?me|lo)?|repl(?:y|ies|ying)|send(?:ing)?|txt|answer(?:ing)?"
)
VAGOS: Final = patron(
    r"con|with|com|di|diga|digan|decir|diciendo|usa|use|pon|ponga|say|type|text|texting|marca|marque|marcar"
)
# What may stand between the verb and the word.
RELLENO: Final = conjunto(
    "con with com by la el as palabra palavra the word letter letra numero number texto text opcion option solo"
    " only just simplemente un una a o mensaje mensagem sms este esta esse essa this message back al us nos de codigo"
    " code short que diga dice saying , : to clave keyword por"
)
ENLACES: Final = conjunto("para to p pra si if se cuando when = > - , : y and e 2 4 en por so asi →")
ABIERTOS: Final = conjunto("y and e , : → - 2 4 en por so asi")  # these may also go on with something else
OPCION: Final = conjunto("o u or ou / ,")
# Never the word, unless it stands out.
COMUNES: Final = conjunto(
    "a al el la los las un una este esta esto ese esa eso tu tus su sus mi mis nos nosotros me te se le lo para por si"
    " y o u e de del en con que cuando donde como ya ahora hoy antes the this that us now back here aqui mensaje correo"
    " email link enlace to at by before if and or for it your our you esse essa agora hoje rapido mas nada"
)
# Where one answers: "al 85432", "a este número".
DESTINO: Final = conjunto("numero number mensaje sms message codigo")
DEMOSTRATIVO: Final = conjunto("este esta esse this")
NUNCA: Final = conjunto("sms whatsapp vip iva otp")

SIGNOS: Final = patron(
    r"[«“\"‘*_(\[]\s*(?P<citado>[^\W_][^«»“”\"‘’*_()\[\]\n]{0,24}?)\s*[»”\"’*_)\]]|(?P<palabra>[^\W_]+(?:-[^\W_]+)?)"
    r"|(?P<fin>[.!?;|•·…]+|\n+)|(?P<otro>[,:=/>→-])"
)


GRATIS: Final = patron(r"\((?i:(?:es |is )?(?:gratis|gratuito|free|gr[aá]tis|sin costo|sem custo))\)")
# A menu: "1) Info 2) No recibir más", "1. Sí 2. Salir".
OPCIONES: Final = patron(r"(?<![^\s,;])\(?([0-9]|[A-Za-z](?=\)))[).]\s*(?=[^\W\d])")
# The same without a sign, where the numbers follow each other from 1: "1 Confirma 2 Cancela 3 No recibir más".
SUELTAS: Final = patron(r"(?<![^\s,;:.])([1-9])\s+(?=[A-ZÁÉÍÓÚÑ])")
OPCION_SIGNO: Final = "→"  # stands behind the numbers of those menus, once they are found
MI: Final = patron(r"\b(?:me|nos|mis?|my|\w+[ae]n?me)\b")
SI: Final = conjunto("si sim yes")
NO: Final = conjunto("no nao")
# Lines beside which "baja" is low: "¿Intensidad? 1 Alta 2 Media 3 Baja".
ESCALA: Final = patron(r"\b[0-9a-z] (?:media|mediana|intermedia|normal|moderada|regular)\b")
ALTA: Final = patron(r"\b[0-9a-z] alta\b")  # or to come back
ANTES: Final = RELLENO | CORTESIA | {"gratis", "entonces", "then"}  # before a verb they say nothing


@dataclass(frozen=True, slots=True)
class Signo:
    """A word or a sign of a sentence, in small letters.

    Args:
        texto: a word, or several that stand in quotation marks.
        marcado: written in capitals, in quotation marks, or one letter or digit: as the word to answer with is.
    """

    texto: str
    marcado: bool

    @property
    def es_palabra(self) -> bool:
        return self.texto[0].isalnum()


@dataclass(frozen=True, slots=True)
class Oferta:
    """Words of a sentence that one may answer with, and the places where they and their verb begin and end."""

    palabras: frozenset[str]
    inicio: int
    fin: int


@dataclass(frozen=True, slots=True)
class Promesa:
    """The words that a text offers.

    Args:
        salir: those that leave; a phrase has hyphens between its words.
        otras: those that do something else.
    """

    salir: frozenset[str] = frozenset()
    otras: frozenset[str] = frozenset()


def promesa(mensaje: str) -> Promesa:
    """Find the words that a text of the shop offers, and what they are for."""
    salir: set[str] = set()
    otras: set[str] = set()
    plain = normalizar(mensaje)
    compromiso = proposito.hay_compromiso(plain)
    low = bool(ESCALA.search(plain)), bool(ESCALA.search(plain) or ALTA.search(plain))
    before = ""  # it may be the purpose: "¿No quieres más mensajes? Responde NO."
    question = ""  # or what a menu answers
    for sentence in _frases(mensaje):
        offers = list(_ofertas(sentence))
        edges = [Oferta(frozenset(), 0, 0), *offers]
        asked: str | None = None
        for (last, offer), (_, after) in zip(pairwise(edges), pairwise([*offers, None]), strict=False):
            left = sentence[last.fin : offer.inicio]
            right = sentence[offer.fin : after.inicio if after else len(sentence)]
            if _es_opcion(sentence, offer):
                asked = f"{question} {_texto(left)}" if asked is None else asked
                leaves, something_else = _opcion(_texto(right), asked, low, compromiso=compromiso)
            else:
                given = before if offer is offers[0] else _texto(sentence[max(0, last.fin - ANTES_MAX) : last.fin])
                verdict = _sale(_texto(left), right, given, compromiso=compromiso)
                leaves, something_else = bool(verdict), verdict is False
                asked, question = None, ""
            if leaves:
                salir |= offer.palabras
            if something_else:
                otras |= offer.palabras
        before = _texto(sentence)
        if not offers:
            question = before
    return Promesa(frozenset(salir), frozenset(otras))


def _es_opcion(sentence: Sequence[Signo], offer: Oferta) -> bool:
    """Tell whether an offer is one line of a menu: "3: No recibir más"."""
    after = sentence[offer.fin].texto if offer.fin < len(sentence) else ""
    alone = offer.fin == offer.inicio + 1 and len(sentence[offer.inicio].texto) == 1
    return after == OPCION_SIGNO or (alone and after == ":" and offer.fin + 1 < len(sentence))


def _opcion(said: str, asked: str, low: tuple[bool, bool], *, compromiso: bool) -> tuple[bool, bool]:
    """Tell whether a line of a menu leaves, and whether it may be something else: both when a person must decide.

    It says by itself what it does. The lines beside it say nothing of it, nor does what stands before the menu, unless
    that is a question and the line answers it.

    Args:
        said: the line.
        asked: what stands before the menu.
        low: whether in this text "baja" is surely low, and whether it may be.
        compromiso: see `proposito.es_irse`.
    """
    if said in SI:
        leaves = proposito.es_irse(asked, compromiso=compromiso)
        return leaves, not leaves
    if said in NO:
        leaves = proposito.es_seguir(asked)
        return leaves, not leaves
    if said == "baja":
        surely, maybe = low
        return not surely, maybe
    sure = proposito.es_solo_irse(said)
    # It may speak as the client does: "3 No me escriban más"; but "2 Sin publicidad" is a plan.
    as_client = bool(MI.search(said)) and bool(CON_NO.match(said) or SIN_NO.match(said))
    return sure or as_client or proposito.es_irse(said, compromiso=compromiso), not sure


def _sale(left: str, right: Sequence[Signo], given: str, *, compromiso: bool) -> bool | None:
    """Tell what an offered word does: True leaves, False something else, None when the text does not say.

    Args:
        left, right: what stands before the verb and after the word.
        given: what was said before that.
        compromiso: see `proposito.es_irse`.
    """

    def irse(texto: str) -> bool:
        return proposito.es_irse(texto, compromiso=compromiso)

    said = _texto(right)
    if irse(said) or (proposito.es_lo_contrario(said) and proposito.es_recibir(f"{given} {left}")):
        return True
    if right and right[0].texto in ENLACES - ABIERTOS:
        return False
    if set(left.split()) - ANTES:
        if irse(left) or (proposito.es_lo_contrario(left) and proposito.es_recibir(given)):
            return True
        return False if proposito.dice_para_que(left) else None
    return True if irse(given) else None


def _frases(mensaje: str) -> Iterator[list[Signo]]:
    """Split a text into sentences."""
    text = DENTRO.sub("", mensaje[:TEXTO_MAX]).replace("->", "=").replace("→", "=").replace("+", " mas ")
    text = GRATIS.sub("", text)
    for menu in (OPCIONES, SUELTAS):
        options = menu.findall(text)
        if len(options) > 1 and (menu is OPCIONES or options == [str(n) for n in range(1, len(options) + 1)]):
            text = menu.sub(lambda found: f"{found[1].upper()}{OPCION_SIGNO} ", text)
    shouted = sum(c.isupper() for c in text) > sum(c.islower() for c in text)
    sentence: list[Signo] = []
    for found in SIGNOS.finditer(text):
        raw = found["citado"] or found["palabra"] or found["otro"]
        if raw is None:
            if sentence:
                yield sentence
            sentence = []
            continue
        word = " ".join(re.sub(r"[^a-z0-9]+", " ", plano(raw)).split()) or raw[0]
        if found["citado"] and (len(word.split()) > FRASE_MAX or ENLACES & set(word.split())):
            # A sentence in brackets, not a word: "(NO para salir)".
            sentence += [
                Signo(plano(each), marcado=each.isupper() and not shouted) for each in re.findall(r"[^\W_]+", raw)
            ]
            continue
        apart = raw.isdigit() or (raw.isupper() and not shouted)
        sentence.append(Signo(word, bool(found["citado"]) or apart))
    if sentence:
        yield sentence


def _ofertas(sentence: Sequence[Signo]) -> Iterator[Oferta]:
    """Find the words that a sentence offers."""
    at = 0
    while at < len(sentence):
        found = _con_verbo(sentence, at) or _sin_verbo(sentence, at)
        if found:
            yield found
        at = found.fin if found else at + 1


def _con_verbo(sentence: Sequence[Signo], at: int) -> Oferta | None:
    """Read an offer that begins with a verb: "responde con la palabra NO"."""
    verb = sentence[at].texto
    vague = bool(VAGOS.fullmatch(verb))
    if not vague and not RESPONDER.fullmatch(verb):
        return None
    first = at + 1
    while first < min(len(sentence), at + ENTREMEDIO_MAX) and _es_relleno(sentence, first):
        first += 1
    if first == len(sentence) or (vague and not sentence[first].marcado):
        return None
    words, end = _palabras(sentence, first)
    return Oferta(words, at, end) if words else None


def _es_relleno(sentence: Sequence[Signo], at: int) -> bool:
    signo = sentence[at]
    if signo.texto.isdigit() and len(signo.texto) > 3:
        return True  # a short code
    # One letter may be the word itself: "responde a", "envía O".
    return signo.texto in RELLENO and not (signo.marcado and _acaba(sentence, at + 1) and signo.texto not in {",", ":"})


def _sin_verbo(sentence: Sequence[Signo], at: int) -> Oferta | None:
    """Read an offer without a verb: "NO para salir", "3: no recibir más", "Para salir: NO"."""
    if not sentence[at].marcado:
        return None
    words, end = _palabras(sentence, at)
    if not words:
        return None
    if at == 0 and end == len(sentence):
        return Oferta(words, at, end)  # all of a sentence: "¿No quieres más mensajes? NO"
    after = sentence[end].texto if end < len(sentence) else ""
    short = all(len(word) == 1 for word in words)
    if after in {"para", "to", "p", "pra", "=", "2", "si", "if"} or (short and after in {":", "-", OPCION_SIGNO}):
        return Oferta(words, at, end)
    before = sentence[at - 1].texto if at else ""
    if before in {":", "=", "o", "u", "or", "ou"} and _acaba(sentence, end):
        return Oferta(words, at, end)
    return None


def _palabras(sentence: Sequence[Signo], at: int) -> tuple[frozenset[str], int]:
    """Read the words of an offer, "SALIR", "NO MAS" or "SALIR o BAJA"; return them and the place after them."""
    words: set[str] = set()
    for _ in range(OPCIONES_MAX):
        phrase: list[str] = []
        while at < len(sentence) and sentence[at].es_palabra and len(phrase) < FRASE_MAX:
            signo = sentence[at]
            if signo.texto in NUNCA or (not signo.marcado and (phrase or signo.texto in COMUNES)):
                break
            if phrase and (len(signo.texto) == 1 or signo.texto in ENLACES):
                break
            phrase += signo.texto.split()
            at += 1
            if not signo.marcado:
                if not _acaba(sentence, at) and not (at < len(sentence) and sentence[at].texto in OPCION):
                    return frozenset(), at
                break
        if not phrase:
            break
        words.add("-".join(phrase))
        more = at + 1 < len(sentence) and sentence[at].texto in OPCION and sentence[at + 1].es_palabra
        if not more or not (sentence[at + 1].marcado or sentence[at].texto in {"o", "or", "ou", "u", "/"}):
            break
        if RESPONDER.fullmatch(sentence[at + 1].texto) or (
            sentence[at + 1].texto in COMUNES and not sentence[at + 1].marcado
        ):
            break
        at += 1
    else:
        return frozenset(), at  # a list of something
    end = at
    while end < min(len(sentence), at + ENTREMEDIO_MAX) and _es_destino(sentence, end):
        end += 1
    return frozenset(words), end


def _es_destino(sentence: Sequence[Signo], at: int) -> bool:
    """Tell whether this belongs to where one answers: "al 85432", "a este número"."""
    texto = sentence[at].texto
    after = sentence[at + 1].texto if at + 1 < len(sentence) else ""
    if texto in {"al", "a", "to", "ao", "este", "esta", "esse", "this"}:
        return after.isdigit() or after in DESTINO | DEMOSTRATIVO
    return (texto.isdigit() and len(texto) > 2) or texto in CORTESIA or texto in DESTINO


def _acaba(sentence: Sequence[Signo], at: int) -> bool:
    """Tell whether the word to answer with may end here."""
    return at >= len(sentence) or sentence[at].texto in ENLACES or _es_destino(sentence, at)


def _texto(signos: Sequence[Signo]) -> str:
    return " ".join(signo.texto for signo in signos if signo.es_palabra)
