"""The fields of a client as pages, programs and files give them: one reading for all three doors."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from clientes import phones
from core.errors import InvalidInputError
from core.text.limpio import limpio
from core.text.nada import es_error, es_nada, tiene_error
from core.text.numero import LARGO_MAX, MILES, con_cifras_ascii, entero

TELEFONO_MAX: Final = 20  # characters that are kept of a phone as it was written
# Characters of what is given, of which less is kept: a link to a phone, a name with HTML's entities.
ESCRITO_MAX: Final[Mapping[str, int]] = {"nombre": 300, "telefono": phones.ESCRITO_MAX, "documento": LARGO_MAX}

# Digits with points or commas. Where they part no thousands, 1,5 would be compared as 15: somebody else.
CON_PUNTOS: Final = re.compile(r"[\d.,]*[.,][\d.,]*")

# What an editor of web pages left around a name; no one is called so.
ETIQUETA_HTML: Final = re.compile(
    r"</?(?:a|b|i|u|p|br|hr|em|h[1-6]|li|td|th|tr|ul|ol|div|span|font|small|strong|table|tbody|sup|sub)"
    r"(?:\s[^<>]{0,200})?\s?/?>",
    re.IGNORECASE,
)

LETRA: Final = re.compile(r"[^\W\d_]")
DE_PROGRAMA: Final = re.compile(r"\d{5}[.,]0+\Z|\A\d+(?:[.,]\d+[eE]\+?|[eE]\+)\d+\Z")

CEROS: Final = re.compile(r"0{1,20}")  # longer is no document at all, and the field says so
# Bills to nobody in particular have these, or zeros; two clients who have one are two. Colombia: DIAN, anexo técnico
# de la factura electrónica; Mexico: SAT, RFC genéricos; Ecuador: SRI, consumidor final.
DE_NADIE: Final = frozenset({"222222222222", "XAXX010101000", "XEXX010101000", "9999999999999"})

ILEGIBLE: Final = "unreadable"  # the code of these refusals: no schema can say them
RELLENO: Final = "filler"  # the code of the refusal of a document that is nobody's
ES_ERROR = "«{valor}» es un error de la planilla, no un dato."
NO_ES_NOMBRE = "«{valor}» no es un nombre: es lo que un programa escribe cuando no hay dato."
DE_RELLENO = "El documento «{valor}» es de relleno, de nadie en particular: déjelo vacío."
DOCUMENTO_DUDOSO = "El documento «{valor}» tiene decimales o le faltan cifras: podría ser el de otra persona."


def nombre(texto: str) -> str:
    """Return a name; "" when the text stands for none, as `NULL` does.

    Args:
        texto: as `limpio` leaves it, here and below.

    Raises:
        InvalidInputError: it is a spreadsheet's error.
    """
    if tiene_error(texto):
        raise InvalidInputError(ES_ERROR.format(valor=texto[:30]), field="nombre", code=ILEGIBLE)
    if "<" in texto:
        texto = " ".join(ETIQUETA_HTML.sub(" ", texto).split())
    return _valor(texto, "nombre", dicha=True)


def documento(texto: str) -> str:
    """Return a document as it is written, without a decimal tail of zeros; "" when the text stands for none.

    A filler, such as 222222222222, is none: `es_relleno` tells it apart.

    Raises:
        InvalidInputError: it is a spreadsheet's error, or a number that lost digits or has a fraction.
    """
    text = con_cifras_ascii(_valor(texto, "documento", dicha=True))
    if len(text) > LARGO_MAX:
        return text  # the field refuses it by its length
    if es_relleno(text):
        return ""
    # A code with letters keeps its points, unless they can only be a program's: A1.0 is not A1, nor 12E5 a number.
    if LETRA.search(text) and not DE_PROGRAMA.search(text):
        return text
    whole = entero(text.rstrip(".,"))
    if whole is None or (CON_PUNTOS.fullmatch(whole) and not MILES.fullmatch(whole)):
        raise InvalidInputError(DOCUMENTO_DUDOSO.format(valor=text[:30]), field="documento", code=ILEGIBLE)
    return whole


def es_relleno(texto: str) -> bool:
    """Tell whether the text is a document that bills to nobody in particular have, or zeros."""
    if len(texto) > LARGO_MAX:
        return False
    text = con_cifras_ascii(texto)
    whole = entero(text.rstrip(".,")) or ""
    return text.upper() in DE_NADIE or whole in DE_NADIE or CEROS.fullmatch(whole) is not None


def telefono(texto: str) -> str:
    """Return a phone as it is written, without what programs put around it; valid or not, "" when it stands for none.

    What is longer than TELEFONO_MAX, such as a link, becomes its E.164 if it has one.

    Raises:
        InvalidInputError: it is a spreadsheet's error.
    """
    text = _valor(texto, "telefono")
    text = phones.written(text) or text
    return text if len(text) <= TELEFONO_MAX else phones.to_e164(text) or text


def _valor(texto: str, campo: str, *, dicha: bool = False) -> str:
    if es_error(texto):
        raise InvalidInputError(ES_ERROR.format(valor=texto[:30]), field=campo, code=ILEGIBLE)
    return "" if es_nada(texto, dicha=dicha) else texto


CAMPOS: Final[Mapping[str, Callable[[str], str]]] = {"nombre": nombre, "documento": documento, "telefono": telefono}


def leer(datos: Mapping[str, Any], guardado: object = None) -> tuple[dict[str, str], list[InvalidInputError]]:
    """Read the fields of CAMPOS that a form or a body gives as text.

    Args:
        guardado: the client that is changed. What it has already stays, readable or not.

    Returns:
        The fields as they should be kept, and an error for each that has none.
    """
    leidos, errores = dict[str, str](), list[InvalidInputError]()
    for campo, read in CAMPOS.items():
        value = datos.get(campo)
        # A NUL is for the field to refuse: no text has one.
        if not isinstance(value, str) or "\0" in value or value == getattr(guardado, campo, None):
            continue
        try:
            leidos[campo] = read(limpio(value))
        except InvalidInputError as error:
            errores.append(error)
        else:
            if campo == "nombre" and not leidos[campo] and limpio(value):
                errores.append(InvalidInputError(NO_ES_NOMBRE.format(valor=value[:30]), field=campo, code=ILEGIBLE))
            if campo == "documento" and not leidos[campo] and es_relleno(limpio(value)):
                errores.append(InvalidInputError(DE_RELLENO.format(valor=value[:30]), field=campo, code=RELLENO))
    return leidos, errores
