"""The conditions of a segment, as the API and the pages take them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from clientes.condiciones import Condiciones
from clientes.selectors import etiquetas_de
from core.api.serializers import ListaField, RefusesUnknown
from core.ids import sin_repetir

YEARS = 3650
ETIQUETAS_MAX = 2000
NO_EXISTEN = "No existen etiquetas con estos ids: {ids}."


class EtiquetasField(ListaField):
    """Ids of tags of the caller's shop."""

    child = serializers.IntegerField(min_value=1)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=ETIQUETAS_MAX, **kwargs)

    def to_internal_value(self, data: Any) -> list[int]:
        ids = sin_repetir(super().to_internal_value(data))
        known = set(etiquetas_de(self.context["request"].user).filter(pk__in=ids).values_list("pk", flat=True))
        if missing := sorted(one for one in ids if one not in known):
            text = NO_EXISTEN.format(ids=", ".join(map(str, missing[:10])))
            raise serializers.ValidationError(text, code="does_not_exist")
        return ids

    def to_representation(self, data: Any) -> list[int]:
        return [etiqueta.pk for etiqueta in data.all()] if hasattr(data, "all") else list(data)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Buenos clientes que no volvieron",
            value={"gasto_minimo": "200000.00", "gasto_en_dias": 365, "no_compro_en_dias": 90, "con_movil": True},
        )
    ]
)
class CondicionesSerializer(RefusesUnknown, serializers.Serializer[Any]):
    """Conditions on clients; every one that is given must hold."""

    activo = serializers.BooleanField(required=False)
    con_movil = serializers.BooleanField(required=False, help_text="The client has a valid mobile phone.")
    etiquetas = EtiquetasField(required=False, help_text="The client has any of these tags.")
    sin_etiquetas = EtiquetasField(required=False, help_text="The client has none of these tags.")
    compro_en_dias = serializers.IntegerField(
        required=False, min_value=1, max_value=YEARS, help_text="The client bought within this many days."
    )
    no_compro_en_dias = serializers.IntegerField(
        required=False, min_value=1, max_value=YEARS, help_text="The client bought nothing within this many days."
    )
    gasto_minimo = serializers.DecimalField(
        required=False, max_digits=14, decimal_places=2, min_value=0, help_text="The client spent at least this."
    )
    gasto_en_dias = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=YEARS,
        help_text="The days within which `gasto_minimo` was spent; ever, when absent.",
    )
    creado_desde = serializers.DateField(required=False, help_text="The client was added on this day or later.")
    creado_hasta = serializers.DateField(required=False, help_text="The client was added on this day or earlier.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "gasto_en_dias" in attrs and "gasto_minimo" not in attrs:
            raise serializers.ValidationError({"gasto_en_dias": ["Necesita «gasto_minimo»."]})
        desde, hasta = attrs.get("creado_desde"), attrs.get("creado_hasta")
        if desde and hasta and desde > hasta:
            raise serializers.ValidationError({"creado_hasta": ["Es anterior a «creado_desde»."]})
        return attrs

    def as_stored(self) -> Condiciones:
        """Return the validated conditions as JSON holds them."""
        stored: Condiciones = {**self.data}  # type: ignore[typeddict-item]
        return stored
