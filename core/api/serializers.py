"""Parts that the API's request bodies share."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

NO_EXISTE = "Este campo no existe."


# A misspelt `programada_para` that is ignored would send at once. A read-only field is known: what was read may
# be changed and sent back whole. (No docstring: the classes that inherit would show it in the API's description.)
class RefusesUnknown(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        unknown = [key for key in data if key not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError({key: [NO_EXISTE] for key in unknown}, code="unknown_field")
        return super().to_internal_value(data)
