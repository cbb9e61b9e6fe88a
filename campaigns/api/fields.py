from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.audiencia.seleccion import DEMASIADOS, MAX_IDS
from campaigns.mensaje.texto import sin_retornos
from core.api.serializers import es_id

NO_ES_LISTA = "Se esperaba una lista de ids."
NO_ES_ENTERO = "«{value}» no es un id: se esperaba un número entero."
SIN_HORA = "Diga también la hora, como en 2026-12-01T09:00."


@extend_schema_field({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": MAX_IDS})
class IdListField(serializers.Field[list[int], Any, Any, Any]):
    """A list of ids. DRF's ListField would run a child field for each of 100,000."""

    def to_internal_value(self, data: Any) -> list[int]:
        if not isinstance(data, list):
            raise serializers.ValidationError(NO_ES_LISTA, code="not_a_list")
        if len(data) > MAX_IDS:
            raise serializers.ValidationError(DEMASIADOS, code="max_length")
        for index, value in enumerate(data):
            if not es_id(value):
                raise serializers.ValidationError(
                    {str(index): [NO_ES_ENTERO.format(value=str(value)[:40])]}, code="not_an_integer"
                )
        return data


class MensajeField(serializers.CharField):
    """A message's text: its blanks are its own, and a line end of Windows is billed as one character."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return sin_retornos(super().to_internal_value(data))


class TimedDateField(serializers.DateTimeField):
    """A date with its time; ISO 8601 lets the time out, which would mean midnight."""

    def to_internal_value(self, value: Any) -> Any:
        if isinstance(value, str) and ":" not in value:
            raise serializers.ValidationError(SIN_HORA, code="invalid")
        return super().to_internal_value(value)
