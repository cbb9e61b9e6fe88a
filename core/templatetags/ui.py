"""Small words of every page's template."""

from datetime import datetime, tzinfo
from decimal import Decimal

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.text import formato

register = template.Library()

SPRITE = "vendor/icons/sprite.svg"


@register.simple_tag
def icono(name: str, clase: str = "") -> SafeString:
    """An icon of the sprite, for the eye only: the words beside it say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        clase,
        static(SPRITE),
        name,
    )


@register.simple_tag
def hora(value: datetime | None, vacio: str = "—") -> str | SafeString:
    """A moment, readable by people and by programs."""
    if value is None:
        return vacio
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), formato.momento(value))


@register.simple_tag
def proximo(value: datetime, zona: tzinfo | None = None) -> SafeString:
    """A moment to come, readable by people and by programs."""
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), formato.proximo(value, zona)
    )


@register.filter
def numero(value: float) -> str:
    return formato.numero(value)


@register.filter
def decimal(value: float) -> str:
    """One decimal, none when it is whole: `62,3`, `100`."""
    return formato.numero(value, 0 if value == int(value) else 1)


@register.filter
def duracion(segundos: float) -> str:
    return formato.duracion(segundos)


@register.filter
def ritmo(por_segundo: float) -> str:
    return formato.ritmo(por_segundo)


@register.filter
def telefono(e164: str) -> str:
    return formato.telefono(e164)


@register.filter
def pesos(value: Decimal) -> str:
    """`85000.00` → `$ 85.000`; cents only where there are some."""
    return f"$\N{NO-BREAK SPACE}{formato.numero(float(value), 0 if value == value.to_integral_value() else 2)}"
