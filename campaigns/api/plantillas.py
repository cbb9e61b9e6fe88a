"""`/api/v1/plantillas/`: the shop's templates."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from campaigns.api.fields import MensajeField
from campaigns.campana import selectors, services
from campaigns.mensaje import texto
from campaigns.models import PlantillaSMS
from core.api.base import ShopRowsView
from core.api.filters import YesNoFilter
from core.api.permissions import RoleMay, TrialKeyOnlyCreates
from core.api.schema import ErrorSerializer
from core.api.serializers import ShopRowField, ShopRowSerializer
from core.errors import InvalidInputError

MARCADORES = "{nombre} is replaced by the client's name, {enlace_baja} by a link of their own to opt out."
MENSAJE = "Hola {nombre}, aprovecha 20% de descuento este mes!"


@extend_schema_serializer(
    examples=[
        OpenApiExample("Plantilla", value={"nombre": "Promoción Mensual", "mensaje": MENSAJE}, request_only=True),
        OpenApiExample(
            "Plantilla creada",
            value={
                "id": 1,
                "nombre": "Promoción Mensual",
                "mensaje": MENSAJE,
                "activo": True,
                "creado": "2026-03-15T10:30:00-05:00",
            },
            response_only=True,
        ),
    ]
)
class PlantillaSerializer(ShopRowSerializer[PlantillaSMS]):
    mensaje = MensajeField(help_text=MARCADORES)

    class Meta:
        model = PlantillaSMS
        fields = ("id", "nombre", "mensaje", "activo", "creado")

    def validate_mensaje(self, value: str) -> str:
        try:
            texto.validate(value)
        except InvalidInputError as error:
            raise serializers.ValidationError(error.message, code=error.code) from error
        return value


@extend_schema_field({"type": "integer"})
class PlantillaField(ShopRowField[PlantillaSMS]):
    """An active template of the caller's shop; any other id does not exist for them."""

    def get_queryset(self) -> Any:
        return selectors.plantillas_de(self.context["request"].user).filter(activo=True)


class PlantillaFilter(filters.FilterSet):
    activo = YesNoFilter()


@extend_schema(tags=["plantillas"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's templates"),
    create=extend_schema(summary="Create a template"),
    retrieve=extend_schema(summary="Read a template"),
    update=extend_schema(summary="Replace a template"),
    partial_update=extend_schema(summary="Change some fields of a template"),
    destroy=extend_schema(
        summary="Delete a template that no recurring campaign uses; campaigns keep their text",
        responses={204: None, 409: ErrorSerializer},
    ),
)
class PlantillaViewSet(ShopRowsView[PlantillaSMS], ModelViewSet[PlantillaSMS]):
    permission_classes = (RoleMay, TrialKeyOnlyCreates)
    serializer_class = PlantillaSerializer
    filterset_class = PlantillaFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[PlantillaSMS]:
        return selectors.plantillas_de(self.usuario)

    def perform_create(self, serializer: BaseSerializer[PlantillaSMS]) -> None:
        serializer.save(redactada_por=self.usuario)

    def perform_update(self, serializer: BaseSerializer[PlantillaSMS]) -> None:
        known = serializer.instance
        text = serializer.validated_data.get("mensaje")
        own = {} if text is None or (known and known.mensaje == text) else {"redactada_por": self.usuario}
        serializer.save(**own)

    def perform_destroy(self, instance: PlantillaSMS) -> None:
        services.eliminar_plantilla(plantilla=instance)
