"""The filter of lists by a phone, as people write it."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from clientes import phones

TELEFONO_INVALIDO: Final = "«%(valor)s» no es un número de teléfono válido."


class PhoneField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        raw = super().to_python(value) or ""
        # In an address "+" is a space unless it is escaped, and nobody begins a phone with a space.
        text = f"+{raw.strip()}" if raw[:1] == " " and raw[1:2].isdigit() else raw.strip()
        if not text:
            return ""
        if not (e164 := phones.to_e164(text)):
            raise ValidationError(TELEFONO_INVALIDO, code="invalid", params={"valor": text[:40].replace("\0", "")})
        return e164


@extend_schema_field({"type": "string"})
class PhoneFilter(filters.CharFilter):
    """Rows of one phone, however it is written: with its country or as at home, with spaces, dashes or neither."""

    field_class = PhoneField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": "A phone, as people write it", **kwargs})
