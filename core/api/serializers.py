"""What the API's request bodies share.

The first two have no docstrings: the classes that inherit from them would show those in the API's description.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from django.db.models import Model
from rest_framework import serializers

NO_EXISTE: Final = "Este campo no existe."
REPETIDO: Final = "Ya existe con ese nombre."

M = TypeVar("M", bound=Model)


# A misspelt `programada_para` that is ignored would send at once. A read-only field is known: what was read may
# be changed and sent back whole.
class RefusesUnknown(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        unknown = [key for key in data if key not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError({key: [NO_EXISTE] for key in unknown}, code="unknown_field")
        return super().to_internal_value(data)


# A row of the caller's shop: what is created belongs to it.
class ShopRowSerializer(RefusesUnknown, serializers.ModelSerializer[M]):
    @property
    def tenant_id(self) -> int:
        tenant_id: int = self.context["request"].user.tenant_id
        return tenant_id

    def create(self, validated_data: dict[str, Any]) -> M:
        return super().create({**validated_data, "usuario_id": self.tenant_id})

    def others(self) -> Any:
        """The shop's rows of the same kind, without the one that is being changed."""
        found = self.Meta.model.objects.filter(usuario_id=self.tenant_id)  # type: ignore[attr-defined]
        return found if self.instance is None else found.exclude(pk=self.instance.pk)


class UniqueNameSerializer(ShopRowSerializer[M]):
    """A row whose name is unique in its shop, whatever the case."""

    def validate_nombre(self, nombre: str) -> str:
        if self.others().filter(nombre__iexact=nombre).exists():
            raise serializers.ValidationError(REPETIDO, code="unique")
        return nombre
