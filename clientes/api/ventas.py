"""`/api/v1/ventas/`: the shop's sales."""

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
from rest_framework.viewsets import ModelViewSet

from clientes import selectors
from clientes.models import Cliente, Venta
from core.api.base import ShopRowsView
from core.api.filters import IdFilter, MomentFilter, TextFilter
from core.api.serializers import ShopRowField, ShopRowSerializer
from core.dates import Anos

# Before, zones were a few seconds off their hour, which RFC 3339 has no way to write.
DE_VENTA = Anos(1970, 2200, "Elija una fecha entre los años 1970 y 2200.")
REFERENCIA_REPETIDA = "Ya existe una venta con esa referencia."


@extend_schema_field({"type": "integer"})
class ClienteField(ShopRowField[Cliente]):
    """A client of the caller's shop; any other id does not exist for them."""

    def get_queryset(self) -> Any:
        return selectors.clientes_de(self.context["request"].user)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Venta",
            value={"cliente": 15, "total": "85000.00", "fecha": "2026-03-15T10:30:00-05:00", "referencia": "F-1021"},
            request_only=True,
        ),
        OpenApiExample(
            "Venta creada",
            value={
                "id": 90,
                "cliente": 15,
                "total": "85000.00",
                "fecha": "2026-03-15T10:30:00-05:00",
                "referencia": "F-1021",
            },
            response_only=True,
        ),
    ]
)
class VentaSerializer(ShopRowSerializer[Venta]):
    cliente = ClienteField()

    class Meta:
        model = Venta
        fields = ("id", "cliente", "fecha", "total", "referencia")
        extra_kwargs = {"fecha": {"validators": [DE_VENTA]}}

    def validate_referencia(self, referencia: str) -> str:
        if referencia and self.others().filter(referencia=referencia).exists():
            raise serializers.ValidationError(REFERENCIA_REPETIDA, code="unique")
        return referencia


class VentaFilter(filters.FilterSet):
    cliente = IdFilter(field_name="cliente_id", label="Id of a client")
    referencia = TextFilter()
    fecha_desde = MomentFilter(field_name="fecha", lookup_expr="gte")
    fecha_hasta = MomentFilter(field_name="fecha", lookup_expr="lt")


@extend_schema(tags=["ventas"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's sales"),
    create=extend_schema(summary="Record a sale"),
    retrieve=extend_schema(summary="Read a sale"),
    update=extend_schema(summary="Replace a sale"),
    partial_update=extend_schema(summary="Change some fields of a sale"),
    destroy=extend_schema(summary="Delete a sale"),
)
class VentaViewSet(ShopRowsView[Venta], ModelViewSet[Venta]):
    serializer_class = VentaSerializer
    filterset_class = VentaFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Venta]:
        return selectors.ventas_de(self.usuario)
