"""Numbers, durations and moments as the pages say them, in Colombia's way."""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final

import phonenumbers
from django.conf import settings
from django.utils import formats, timezone

# Of a phone, for who may not see it whole.
QUEDAN_DIGITOS: Final = 4
# Seven digits or more, as people set them apart; fifteen at most are a phone: ITU-T E.164.
TELEFONO: Final = re.compile(r"\+?\d(?:[\s().\-‐-―/]{0,2}\d){6,14}")
PASOS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def numero(value: float, decimales: int = 0) -> str:
    """1234.5 → `1.234,5`."""
    return formats.number_format(value, decimal_pos=decimales, use_l10n=True, force_grouping=True)


def duracion(segundos: float) -> str:
    """The two largest units: `8 s`, `3 min 20 s`, `2 h 5 min`."""
    left = max(0, round(segundos))
    parts: list[str] = []
    for size, unit in PASOS:
        amount, left = divmod(left, size)
        if amount or parts:
            parts.append(f"{amount} {unit}" if amount else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts)) or "0 s"


def momento(value: datetime) -> str:
    """`hoy, 6:34 a. m.`; `ayer, …`; `mañana, …`; `23 nov 2026, …`, in the product's time zone."""
    local = timezone.localtime(value)
    near = {0: "hoy", -1: "ayer", 1: "mañana"}
    away = (local.date() - timezone.localdate()).days
    # A line break inside the hour would read badly in a narrow column.
    return f"{near.get(away) or dia(local)}, {reloj(local)}".replace(" ", "\N{NO-BREAK SPACE}")


def proximo(value: datetime, zona: tzinfo | None = None) -> str:
    """Say a moment to come: `hoy, 6:34 p. m.`; `mañana, …`; `el lunes 30 nov, …`.

    Args:
        zona: whose clock and calendar; the product's when None.
    """
    local, today = timezone.localtime(value, zona), timezone.localdate(timezone=zona)
    if local.date() == today:
        day = "hoy"
    elif local.date() == today + timedelta(days=1):
        day = "mañana"
    else:
        day = "el " + formats.date_format(local, "l j M" if local.year == today.year else "l j M Y").lower()
    return f"{day}, {reloj(local)}".replace(" ", "\N{NO-BREAK SPACE}")


def frase(text: str) -> str:
    """A sentence that ends in an hour has one full stop: `a las 8:00 a. m..` → `a las 8:00 a. m.`"""
    return text.replace("m..", "m.")


def dia(value: date) -> str:
    """`30 nov 2026`."""
    return formats.date_format(value, "j M Y").lower()


def reloj(value: datetime | time) -> str:
    """`9:05 a. m.`: the clock on the wall, of a moment in its own zone or of any day."""
    half = "a. m." if value.hour < 12 else "p. m."
    return f"{value.hour % 12 or 12}:{value.minute:02} {half}".replace(" ", "\N{NO-BREAK SPACE}")


def dia_y_hora(local: datetime) -> str:
    """`lunes 30 nov 2026, 9:00 a. m.`, in the zone that the moment carries."""
    return f"{formats.date_format(local, 'l j M Y').lower()}, {reloj(local)}"


def ritmo(por_segundo: float) -> str:
    """Messages a second, or a minute when slow: `45/s`, `2,5/s`, `30/min`."""
    if por_segundo >= 10:
        return f"{numero(por_segundo)}/s"
    if por_segundo >= 1:
        return f"{numero(por_segundo, 1)}/s"
    return f"{numero(por_segundo * 60)}/min"


def dinero(amount: Decimal) -> str:
    """An amount in the currency of the configured price: `USD 12,35`, `COP 1.234,50`."""
    # A few messages cost less than a cent.
    decimals = 2 if amount >= 1 or not amount else 4
    return f"{settings.SMS_PRICE_CURRENCY}\N{NO-BREAK SPACE}{numero(float(amount), decimals)}"


def telefono(e164: str) -> str:
    """`+573001234567` → `+57 300 1234567`; anything else as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def oculto(e164: str) -> str:
    """Return a phone with its last four digits alone, or half of a short one, for who may not see it whole."""
    digits = [at for at, sign in enumerate(e164) if sign.isdecimal()]
    kept = set(digits[-min(QUEDAN_DIGITOS, len(digits) // 2) :]) if len(digits) > 1 else set()
    return "".join("*" if sign.isdecimal() and at not in kept else sign for at, sign in enumerate(e164))


def sin_telefonos(texto: str) -> str:
    """Hide what may be a phone in a text: a name that holds one, Twilio's words about a number it does not take."""
    return TELEFONO.sub(lambda found: oculto(found[0]), texto)
