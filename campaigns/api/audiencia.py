"""An audience, as the API takes it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from campaigns.api.fields import IdListField
from campaigns.audiencia.seleccion import Audiencia, Seleccion
from clientes.api.condiciones import EtiquetasField
from clientes.models import Segmento
from clientes.selectors import segmentos_de
from core.api.serializers import RefusesUnknown, ShopRowField
from core.ids import sin_repetir

SOLO_TODOS = "«todos» solo puede ser true."
NADIE = "Diga quiénes: «todos», «etiquetas», «segmento» o «cliente_ids»."
ELEGIDOS = ("etiquetas", "segmento", "cliente_ids")
TODOS_Y_MAS = "«todos» no va con otros; para dejar a algunos fuera use «excluir»."


@extend_schema_field({"type": "integer"})
class SegmentoField(ShopRowField[Segmento]):
    """A segment of the caller's shop; any other id does not exist for them."""

    def get_queryset(self) -> Any:
        return segmentos_de(self.context["request"].user)


@extend_schema_field({"type": "boolean", "enum": [True]})
class YesField(serializers.BooleanField):
    """Yes, or left out."""


class SeleccionSerializer(RefusesUnknown):
    etiquetas = EtiquetasField(required=False, help_text="Clients with any of these tags.")
    segmento = SegmentoField(required=False, help_text="Id of a saved segment.")
    cliente_ids = IdListField(required=False, help_text="Ids of clients.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("Todos", value={"todos": True}),
        OpenApiExample("Por etiqueta, menos algunos", value={"etiquetas": [3], "excluir": {"cliente_ids": [15]}}),
    ]
)
class AudienciaSerializer(SeleccionSerializer):
    """The clients that are in any of these, without those in `excluir`; frozen when the campaign is created."""

    todos = YesField(required=False, help_text="true: every active client of the shop.")
    excluir = SeleccionSerializer(required=False, help_text="The clients among them who are left out.")

    body_rules = {
        "anyOf": [
            {"required": ["todos"], "not": {"anyOf": [{"required": [name]} for name in ELEGIDOS]}},
            {"not": {"required": ["todos"]}, "anyOf": [{"required": [name]} for name in ELEGIDOS]},
        ]
    }

    def validate_todos(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError(SOLO_TODOS)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        chosen = attrs.keys() - {"excluir"}
        if not chosen:
            raise serializers.ValidationError(NADIE, code="required")
        if "todos" in chosen and len(chosen) > 1:
            raise serializers.ValidationError({"todos": [TODOS_Y_MAS]}, code="invalid")
        return attrs


def audiencia_de(data: dict[str, Any]) -> Audiencia:
    """The audience of a validated request body with `cliente_ids` or `audiencia`."""
    if "cliente_ids" in data:
        return Audiencia.de_ids(data["cliente_ids"])
    chosen = data["audiencia"]
    return Audiencia(_seleccion(chosen), _seleccion(chosen.get("excluir", {})))


def _seleccion(data: dict[str, Any]) -> Seleccion:
    segmento: Segmento | None = data.get("segmento")
    return Seleccion(
        todos=data.get("todos", False),
        cliente_ids=tuple(sin_repetir(data.get("cliente_ids", ()))),
        etiquetas=tuple(data.get("etiquetas", ())),
        segmento=segmento.pk if segmento else None,
    )
