"""The meaning of a cell's text. A cell that means nothing raises `InvalidCellError` with the reason."""

import csv
import re
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils import timezone

from clientes.models import Medio
from core.text.limpio import limpio
from core.text.numero import entero
from core.unicode import normalize

SI: Final = frozenset({"si", "s", "1", "true", "verdadero", "v", "x", "activo", "activa", "yes", "y", "active", "on"})
NO: Final = frozenset({"no", "n", "0", "false", "falso", "f", "inactivo", "inactiva", "inactive", "off", "-"})
FECHAS: Final = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%Y/%m/%d")
HORAS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
NO_ES_DE_WINDOWS: Final = 0x100
TOTAL_MAX: Final = Decimal(10) ** 12

# The first that fits: a form on a web page is no form on paper, and WhatsApp is no call.
MEDIOS: Final = {
    Medio.WEB: re.compile(r"\b(?:web|website|internet|online|sitio|pagina|landing|app|digital|en linea)\b"),
    Medio.MENSAJE: re.compile(r"\b(?:whats ?app|wa|sms|mensajes?|chat|messenger|telegram)\b"),
    Medio.CORREO: re.compile(r"\b(?:correo|e ?mail|mail)\b"),
    Medio.LLAMADA: re.compile(r"\b(?:llamada|telefono|telefonic[ao]|telefonicamente|call|phone|ligacao)\b"),
    Medio.PAPEL: re.compile(r"\b(?:papel|fisic[ao]|impres[ao]|escrit[ao]|firma|firmado|paper|written)\b"),
    Medio.PERSONA: re.compile(
        r"\b(?:persona|presencial|presencialmente|verbal|verbalmente|oral|caja|tienda|local|mostrador|person|store)\b"
    ),
    Medio.CONDUCTA: re.compile(r"\b(?:conducta|inequivoca)\b"),
}

NO_ES_TEXTO = "Tiene caracteres que no son texto."
NO_ES_SI_O_NO = "«{valor}» no es sí ni no, en la columna Activo."
NO_ES_MEDIO = "«{valor}» no es una manera de dar el consentimiento: {}.".format(
    ", ".join(Medio.values), valor="{valor}"
)
NO_ES_FECHA = "«{valor}» no es una fecha. Escríbala como 2026-03-15 o 15/03/2026."
NO_ES_VALOR = "«{valor}» no es un valor en dinero."


class InvalidCellError(Exception):
    """Raised when a cell's text means nothing.

    Args:
        motivo: for people.
    """

    def __init__(self, motivo: str) -> None:
        super().__init__(motivo)
        self.motivo = motivo


def texto(celda: str) -> str:
    """The cell without what a spreadsheet or an export added to it.

    Raises:
        InvalidCellError: it has characters that are no text.
    """
    clean = limpio(bien_leido(celda))
    if "\0" in celda or "\N{REPLACEMENT CHARACTER}" in clean:
        raise InvalidCellError(NO_ES_TEXTO)
    return clean


# UTF-8 that somebody read as Windows-1252 and saved: "MarÃ­a". No language puts these signs behind these letters.
MAL_LEIDO: Final = re.compile("[ÃÂ][\x80-\xbf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|â€")


def bien_leido(texto: str) -> str:
    """Return a text as it was written before a program took its UTF-8 for Windows-1252; any other as it is."""
    if not MAL_LEIDO.search(texto):
        return texto
    try:
        return b"".join(map(_byte, texto)).decode()
    except UnicodeError:
        return texto


def _byte(letra: str) -> bytes:
    """Return the byte that Windows-1252 reads as this letter; it leaves five bytes as they are."""
    return letra.encode("latin-1" if ord(letra) < NO_ES_DE_WINDOWS else "cp1252")


def activo(valor: str) -> bool:
    plain = normalize("NFKD", (entero(valor) or valor).lower()).encode("ascii", "ignore").decode()
    if plain in SI:
        return True
    if plain in NO:
        return False
    raise InvalidCellError(NO_ES_SI_O_NO.format(valor=valor[:30]))


def medio(valor: str) -> Medio:
    """Read the way in which a consent was given, from the product's words or from those of shops and their programs.

    Raises:
        InvalidCellError: it is none of them.
    """
    plain = normalize("NFKD", valor.lower()).encode("ascii", "ignore").decode()
    words = " ".join(re.findall(r"[a-z]+", plain))
    if words in Medio.values:
        return Medio(words)
    found = next((kind for kind, pattern in MEDIOS.items() if pattern.search(words)), None)
    if found is None:
        raise InvalidCellError(NO_ES_MEDIO.format(valor=valor[:30]))
    return found


def etiquetas(valor: str) -> list[str]:
    """`VIP, Norte`; `VIP|Norte`; `VIP ::: Norte` of Google; `"VIP","Norte"` of Mailchimp.

    With a bar only the bar separates, and `\\|` is a bar of the tag's own.
    """
    if "|" in valor:
        parts = re.split(r"(?<!\\)\|", valor)
    elif len(valor) > 1 and valor[0] == valor[-1] == '"':
        parts = next(csv.reader((valor,), skipinitialspace=True))
    else:
        parts = valor.split(":::") if ":::" in valor else re.split(r"[,;]", valor)
    found = {name.lower(): name for part in reversed(parts) if (name := part.replace("\\|", "|").strip())}
    return list(reversed(found.values()))


def unir_etiquetas(nombres: list[str]) -> str:
    """Join tags into the text that `etiquetas` reads back."""
    joined = "|".join(nombre.replace("|", "\\|") for nombre in nombres)
    return f"{joined}|" if len(nombres) == 1 and re.search(r'[,;|]|:::|^"', joined) else joined


def total(valor: str) -> Decimal:
    """`85000`, `$ 85.000`, `85.000,50`, `85,000.50`: a separator with three digits behind it is of thousands."""
    plain = re.sub(r"(?i)cop|usd|[$\s]", "", valor)
    if not re.fullmatch(r"\d[\d.,]*", plain):
        raise InvalidCellError(NO_ES_VALOR.format(valor=valor[:30]))
    last = max(plain.rfind("."), plain.rfind(","))
    mark = plain[last] if last >= 0 else ""
    head, tail = (plain[:last], plain[last + 1 :]) if mark else (plain, "")
    # 85.000 is of thousands and 85000.125 is not.
    if mark and (len(tail) == 3 and len(re.split(r"[.,]", plain)[0]) <= 3):
        head, tail, plain = plain, "", plain.replace(mark, "")
    groups = re.split(r"[.,]", head)
    if len(set(re.findall(r"[.,]", head))) > 1 or any(len(g) != 3 for g in groups[1:]) or (tail and mark in head):
        raise InvalidCellError(NO_ES_VALOR.format(valor=valor[:30]))
    plain = "".join(groups) + (f".{tail}" if tail else "")
    try:
        amount = Decimal(plain).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise InvalidCellError(NO_ES_VALOR.format(valor=valor[:30])) from error
    if amount >= TOTAL_MAX:
        raise InvalidCellError(NO_ES_VALOR.format(valor=valor[:30]))
    return amount


def fecha(valor: str) -> datetime:
    """A moment; midnight when there is no hour, in the product's time zone when it names none."""
    found = _fecha(valor)
    if found is None or not 1900 <= found.year <= 2200:
        raise InvalidCellError(NO_ES_FECHA.format(valor=valor[:30]))
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _fecha(valor: str) -> datetime | None:
    try:
        return datetime.fromisoformat(valor)
    except ValueError:
        pass
    plain = re.sub(r"(?i)\b([ap])\.?\s?m\b\.?", r"\1m", valor)
    for day in FECHAS:
        for hour in HORAS:
            try:
                return datetime.strptime(plain, day + hour)  # noqa: DTZ007 - `fecha` gives it its zone
            except ValueError:
                continue
    try:
        return datetime.combine(date.fromisoformat(valor), time())
    except ValueError:
        return None
