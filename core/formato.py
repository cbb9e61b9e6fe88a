"""How the pages say numbers, durations and moments, as in Colombia."""

from datetime import datetime, timedelta

import phonenumbers
from django.utils import formats, timezone

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
    """`hoy, 6:34 a. m.`; `ayer, …`; `23 nov 2026, …`, in the product's time zone."""
    local = timezone.localtime(value)
    today = timezone.localdate()
    if local.date() == today:
        day = "hoy"
    elif local.date() == today - timedelta(days=1):
        day = "ayer"
    else:
        day = formats.date_format(local, "j M Y").lower()
    half = "a. m." if local.hour < 12 else "p. m."
    # A line break inside the hour would read badly in a narrow column.
    return f"{day}, {local.hour % 12 or 12}:{local.minute:02} {half}".replace(" ", "\N{NO-BREAK SPACE}")


def ritmo(por_segundo: float) -> str:
    """Messages a second, or a minute when slow: `45/s`, `2,5/s`, `30/min`."""
    if por_segundo >= 10:
        return f"{numero(por_segundo)}/s"
    if por_segundo >= 1:
        return f"{numero(por_segundo, 1)}/s"
    return f"{numero(por_segundo * 60)}/min"


def telefono(e164: str) -> str:
    """`+573001234567` → `+57 300 1234567`; anything else as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
