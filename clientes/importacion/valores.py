"""The meaning of a cell's text. A cell that means nothing raises `InvalidCellError` with the reason."""

import re
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils import timezone

from core.text.limpio import limpio
from core.text.numero import entero
from core.unicode import normalize

SI: Final = frozenset({"si", "s", "1", "true", "verdadero", "v", "x", "activo", "activa", "yes", "y", "active", "on"})
NO: Final = frozenset({"no", "n", "0", "false", "falso", "f", "inactivo", "inactiva", "inactive", "off", "-"})
FECHAS: Final = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%Y/%m/%d")
HORAS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
TOTAL_MAX: Final = Decimal(10) ** 12

NO_ES_TEXTO = "Tiene caracteres que no son texto."
NO_ES_SI_O_NO = "«{valor}» no es sí ni no, en la columna Activo."
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
    clean = limpio(celda)
    if "\0" in celda or "\N{REPLACEMENT CHARACTER}" in clean:
        raise InvalidCellError(NO_ES_TEXTO)
    return clean


def activo(valor: str) -> bool:
    plain = normalize("NFKD", (entero(valor) or valor).lower()).encode("ascii", "ignore").decode()
    if plain in SI:
        return True
    if plain in NO:
        return False
    raise InvalidCellError(NO_ES_SI_O_NO.format(valor=valor[:30]))


def etiquetas(valor: str) -> list[str]:
    """`VIP, Norte`; `VIP|Norte`; `VIP ::: Norte` of Google.

    With a bar only the bar separates, and `\\|` is a bar of the tag's own.
    """
    if "|" in valor:
        parts = re.split(r"(?<!\\)\|", valor)
    else:
        parts = valor.split(":::") if ":::" in valor else re.split(r"[,;]", valor)
    found = {name.lower(): name for part in reversed(parts) if (name := part.replace("\\|", "|").strip())}
    return list(reversed(found.values()))


def unir_etiquetas(nombres: list[str]) -> str:
    """Join tags into the text that `etiquetas` reads back."""
    joined = "|".join(nombre.replace("|", "\\|") for nombre in nombres)
    return f"{joined}|" if len(nombres) == 1 and re.search(r"[,;|]|:::", joined) else joined


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
