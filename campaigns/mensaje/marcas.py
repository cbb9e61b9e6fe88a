"""Marks in a text that would reach people as they stand: half a mark, a doubled one, another tool's. Pure.

Each tool writes the name of a field in signs of its own: `{{nombre}}` (Handlebars, HubSpot, Brevo), `[nombre]`,
`[[nombre]]`, `%nombre%` (ActiveCampaign), `%%nombre%%` (Salesforce), `*|NOMBRE|*` (Mailchimp), `<<nombre>>` (Word,
Google Docs), `«nombre»` (Word), `${nombre}`, `#{nombre}`, `#nombre#`, `$nombre$`, `-nombre-` (SendGrid).
Brackets, percent, `<` and `#` also belong to texts, so outside of braces only the name of a field is a mark; a brace is
nothing but one.
"""

import re
from dataclasses import dataclass
from typing import Final

from core.unicode import sin_acentos


def _campos(names: str) -> frozenset[str]:
    return frozenset(names.split("|"))


NOMBRE: Final = "{nombre}"
ENLACE: Final = "{enlace_baja}"  # the link by which this client opts out
MARCADORES: Final = (NOMBRE, ENLACE)

# How other tools call what our marks stand for, and other fields of a person.
DE_NOMBRE: Final = _campos(
    "nombre|nombres|name|first name|firstname|fname|primer nombre|nombre completo|full name|fullname|nome|"
    "primeiro nome|cliente|nombre cliente|nombre del cliente|nombre de cliente|nombre contacto|customer name|"
    "client name|contact name|user name|contacto|nombre usuario|nombre y apellido|nombre apellido|your name|"
    "su nombre|tu nombre|prenom|vorname"
)
DE_ENLACE: Final = _campos(
    "enlace baja|link baja|enlace de baja|link de baja|url baja|baja|unsubscribe|unsubscribe link|"
    "unsubscribe url|unsub|opt out|optout|opt out link|optout link|optout url|unsubscribelink|"
    "enlace desuscripcion|cancelar suscripcion"
)
DE_OTROS: Final = _campos(
    "apellido|apellidos|last name|lastname|lname|surname|segundo nombre|telefono|celular|movil|phone|mobile|"
    "phone number|email|correo|e mail|mail|ciudad|city|pais|country|direccion|address|documento|cedula|dni|"
    "rut|empresa|company|tienda|usuario|user|customer|client|contact|titulo|title|cumpleanos|birthday|"
    "variable|campo|field|custom|etiqueta|enlace|link|url|short url|shorturl|fecha|codigo|cupon|saldo|monto|"
    "valor|date|code|amount|placeholder|apellido cliente|sobrenome|cidade|telefone"
)
# Said of anything: in single brackets they may be the text's own.
CORRIENTES: Final = _campos(
    "titulo|title|fecha|codigo|cupon|saldo|monto|valor|date|code|amount|campo|field|custom|etiqueta|tienda|"
    "variable|baja|usuario|contacto|cliente"
)
DUENOS: Final = re.compile(
    r"^(?:contact|cliente|customer|user|usuario|subscriber|contacto|lead|person|persona|recipient|data|my|merge) (?=.)"
)
# What a draft says to whoever fills it in: [insertar nombre], [tu nombre aquí].
INSTRUCCION: Final = re.compile(
    r"^(?:inserte|insertar|insert|escriba|poner|ponga|agregar|add|enter) (?:el |la |your )?| (?:aqui|here)$"
)
# A name alone, behind a sign that other tools put only before it, or half of one of their marks.
UN_NOMBRE: Final = r"nombres?|name|first[_ ]?name|fname|nombre[_ ](?:del?[_ ])?cliente|nombre[_ ]completo|full[_ ]?name"
DETRAS: Final = re.compile(r"[|,:=!?\"'].*$", re.DOTALL)  # a default: [nombre|amigo], {{ nombre | default: "x" }}

# Signs in pairs are nobody's own: what stands between them is a field's name if it looks like one, with blanks or not.
DOBLES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\{{2,5}([^{}]{0,60})\}{2,5}",
        r"[$#%@]\{([^{}]{0,60})\}",
        r"\*\|([^|*\n]{1,60})\|\*",
        r"\[{2,5}([^][\n]{1,60})\]{2,5}",
        r"<<([^<>\n]{1,60})>>",
        r"&lt;&lt;([^&\n]{1,60})&gt;&gt;",
        r"‹‹([^‹›\n]{1,60})››",
        r"\[([%*])([^][%*\n]{1,60})\1\]",
        r"<%=?([^<>%\n]{1,60})%>",
        r"<\?(?:=|php)?([^<>?\n]{1,60})\?>",
        r"%%=?([^%\n]{1,60}?)=?%%",
        r"&(?:#123|#x7b|lbrace|lcub);([^&\n]{1,60})&(?:#125|#x7d|rbrace|rcub);",
        r"\(\(([^()\n]{1,60})\)\)",
        r"(\|\||##|@@|\$\$)([^|#@$\n]{1,60})\1",
        r"(?<!_)__([^\W_](?:[^_\n]|_(?!_)){0,60})__",
        r"[%$]\(([^()\n]{1,60})\)",
    )
)
# Single signs stand in texts of all kinds: between them is a field's name, and no blank at its ends but in brackets.
SENCILLAS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\{([^{}]{0,60})\}",
        r"[｛❴⦃]{1,5}([^｛｝❴❵⦃⦄\n]{0,60})[｝❵⦄]{1,5}",
        r"\[([^][\n]{1,60})\]",
        r"<([^<>\n]{1,60})>",
        r"&lt;([^&\n]{1,60})&gt;",
        r"«([^«»\n]{1,60})»",
        r"‹([^‹›\n]{1,60})›",
        r"([%#$|])([^\W\d_][\w. -]{0,40}[^\W_])\1",
        r"(?<![\w*_~^!:@-])([*_~^!:@-])([^\W\d_][\w.]{0,40}[^\W_])\1(?!\w)",
        r"(?<!\w)\$([^\W\d_]\w{1,40})\b(?!\$)",
        r"(?<!\w)\((nombre|name|first[_ ]?name|nome)\)",
        r"(?<![\w~:^+-])(--|~~|::|\^\^|\+\+)([^\W\d_][\w.]{0,40}[^\W_])\1(?![\w~:^+-])",
        rf"(?<![\w@.])@({UN_NOMBRE})\b(?![.@])",
        rf"(?<![\w%])%({UN_NOMBRE})\b(?!%)",
        rf"(?<![\w%])({UN_NOMBRE})%(?!\w)",
        rf"\[({UN_NOMBRE})\b(?![^\[\]\n]{{0,160}}\])",
    )
)
# Where any of them might begin: most texts hold nothing of the kind.
SOSPECHA: Final = re.compile(r"[{}\[\]<>«»‹›%#$|~^@*_｛｝❴❵⦃⦄]|&(?:lt|#|lbrace|lcub)|(?<!\w)[-!:(+]\w")
LLAVES: Final = frozenset("{｛❴⦃")
LLAVE: Final = re.compile(r"[{}]")
SIN_ANCHO: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")

# What may stand beside a link, so that phones know where it ends: blanks and signs that no address goes on with.
ANTES: Final = re.compile(r"(?:^|[\s\u200b.,;:!?¡¿()\[\]<>«»“”‘’\"'…–—|•*=→-])(?<![wW]{3}\.)$")
DESPUES: Final = re.compile(r"(?:$|\s|[.,;:!?)\]>»”’\"'…]+(?:$|\s))")


@dataclass(frozen=True, slots=True)
class Marca:
    """A mark that is not one of ours, or not as it must stand.

    Args:
        escrito: as it stands in the text.
        lugar: the place of its first character, from 1.
        clase: `desconocido` in the signs of ours, `ajeno` in another tool's, `suelto` for a brace alone, `pegado` for
            what touches the link.
        quiere: the mark of ours that it likely means; "" for none.
    """

    escrito: str
    lugar: int
    clase: str
    quiere: str = ""


def primera_mala(texto: str) -> Marca | None:
    """Find the first mark that people would read as it stands, or a link that they could not open."""
    if not SOSPECHA.search(texto):
        return None
    found = [mark for mark in (_ajena(texto), _suelta(texto), _pegada(texto)) if mark]
    return min(found, key=lambda mark: mark.lugar, default=None)


def _ajena(texto: str) -> Marca | None:
    found: list[Marca] = []
    for pattern in DOBLES + SENCILLAS:
        at = 0
        while m := pattern.search(texto, at):
            if mark := _de(m, doble=pattern in DOBLES):
                found.append(mark)
                break
            at = m.start() + 1
    # Of two that begin at one place, or of which one holds the other, the longer one is what was written.
    return min(found, key=lambda mark: (mark.lugar, -len(mark.escrito)), default=None)


def _de(m: re.Match[str], *, doble: bool) -> Marca | None:
    written = m[0]
    inner = m[m.lastindex or 0]
    if written in MARCADORES or (written[0] in "«‹" and inner in MARCADORES):  # which quote what is ours
        return None
    if inner == ENLACE and not doble and written[0] in "[<(":  # a link in brackets
        return None
    braces = not LLAVES.isdisjoint(written)
    name = nombre_de(inner)
    quiere = NOMBRE if name in DE_NOMBRE else ENLACE if name in DE_ENLACE else ""
    known = bool(quiere) or name in DE_OTROS or (written.startswith("[[") and name.isdigit())
    if not doble and not braces and name in CORRIENTES and not (written[0] in "[%" and name in {"cliente", "contacto"}):
        known = False
    if not (known or braces):
        return None
    own = not doble and written[0] == "{"
    return Marca(written, m.start() + 1, "desconocido" if own else "ajeno", quiere)


def nombre_de(inner: str) -> str:
    """Return the name of a field as it is compared: without accents, case and the signs between its words.

    >>> nombre_de(" Contact.First_Name | default: 'x' ")
    'first name'
    """
    text = SIN_ANCHO.sub("", inner.strip().lstrip("#/^&=!@$.").strip())
    text = sin_acentos(DETRAS.sub("", text))
    text = " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())
    if text in DE_NOMBRE | DE_ENLACE:
        return text
    bare = INSTRUCCION.sub("", INSTRUCCION.sub("", text))
    return bare if bare in DE_NOMBRE | DE_ENLACE else DUENOS.sub("", bare)


def _suelta(texto: str) -> Marca | None:
    """Find a brace without its other half."""
    rest = re.sub(r"\{[^{}]*\}", lambda m: " " * len(m[0]), texto)
    found = LLAVE.search(rest)
    if not found:
        return None
    at = found.start()
    word = re.match(r"\{\s*[\w]*", texto[at:]) if found[0] == "{" else re.search(r"\w*\s*\}$", texto[: at + 1])
    escrito = word[0] if word else found[0]
    name = nombre_de(escrito.strip("{}"))
    quiere = NOMBRE if name in DE_NOMBRE else ENLACE if name in DE_ENLACE else ""
    return Marca(escrito, at + 1 if found[0] == "{" else at + 2 - len(escrito), "suelto", quiere)


def _pegada(texto: str) -> Marca | None:
    """Find what touches a link, and would become part of it."""
    at = texto.find(ENLACE)
    while at >= 0:
        end = at + len(ENLACE)
        if not ANTES.search(texto[max(0, at - 5) : at]):
            return Marca(texto[max(0, at - 12) : end].split()[-1], at + 1, "pegado", ENLACE)
        if not DESPUES.match(texto[end : end + 40]):
            return Marca(texto[at : end + 12].split()[0], at + 1, "pegado", ENLACE)
        at = texto.find(ENLACE, end)
    return None
