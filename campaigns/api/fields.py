from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.audiencia.seleccion import DEMASIADOS, MAX_IDS
from campaigns.campana import destinatarios
from campaigns.campana.destinatarios import VALOR_MAX, VARIABLES_MAX
from campaigns.mensaje.texto import sin_retornos
from campaigns.mensaje.variables import DE_VARIABLE
from clientes.models import NOMBRE_MAX
from core.api.serializers import es_id

NO_ES_LISTA = "Se esperaba una lista de ids."
NO_ES_ENTERO = "«{value}» no es un id: se esperaba un número entero."
NO_ES_LISTA_DE_OBJETOS = "Se esperaba una lista de destinatarios."
DEMASIADOS_LLAMADOS = "Máximo 100.000 destinatarios por petición."
NADIE = "No hay ningún destinatario."
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


DESTINATARIO = {
    "type": "object",
    "required": ["telefono"],
    "additionalProperties": False,
    "properties": {
        "telefono": {
            "type": "string",
            "description": "As people write it. Who has it is that client; if nobody has, a client is made. One that "
            "is no phone, or that an earlier one has, is no error of the call: its verdict is in `logs`.",
        },
        "nombre": {
            "type": "string",
            "nullable": True,
            "maxLength": NOMBRE_MAX,
            "description": "For {nombre} in this campaign, and of a new client. The client's own when absent.",
        },
        "documento": {"type": "string", "nullable": True, "description": "Of a new client."},
        "variables": {
            "type": "object",
            "nullable": True,
            "maxProperties": VARIABLES_MAX,
            "description": "What the text's {pedido} or {ciudad|tu ciudad} stand for, in this campaign alone. Names: "
            f"`{DE_VARIABLE.pattern}`.",
            "additionalProperties": {
                "oneOf": [{"type": "string", "maxLength": VALOR_MAX}, {"type": "integer"}],
                "nullable": True,
            },
        },
    },
}


@extend_schema_field({"type": "array", "items": DESTINATARIO, "minItems": 1, "maxItems": destinatarios.MAXIMO})
class DestinatariosField(serializers.Field[list[Any], Any, Any, Any]):
    """The people whom a call names by phone. `campaigns.campana.destinatarios` reads each of up to 100,000."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise serializers.ValidationError(NO_ES_LISTA_DE_OBJETOS, code="not_a_list")
        if not data:
            raise serializers.ValidationError(NADIE, code="empty")
        if len(data) > destinatarios.MAXIMO:
            raise serializers.ValidationError(DEMASIADOS_LLAMADOS, code="max_length")
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
