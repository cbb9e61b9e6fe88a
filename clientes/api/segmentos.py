"""`/api/v1/segmentos/`: saved conditions, and how many clients meet them."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from clientes import selectors
from clientes.api.condiciones import CondicionesSerializer
from clientes.condiciones import filtrar
from clientes.grupos.services import eliminar_segmento
from clientes.models import Segmento
from core.api.base import ShopRowsView
from core.api.schema import ErrorSerializer
from core.api.serializers import UniqueNameSerializer

CONDICIONES = {"gasto_minimo": "200000.00", "no_compro_en_dias": 90, "con_movil": True}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Segmento", value={"nombre": "Por recuperar", "condiciones": CONDICIONES}, request_only=True),
        OpenApiExample(
            "Segmento creado",
            value={
                "id": 7,
                "nombre": "Por recuperar",
                "condiciones": CONDICIONES,
                "creado": "2026-03-15T10:30:00-05:00",
            },
            response_only=True,
        ),
    ]
)
class SegmentoSerializer(UniqueNameSerializer[Segmento]):
    condiciones = CondicionesSerializer()

    class Meta:
        model = Segmento
        fields = ("id", "nombre", "condiciones", "creado")

    def validate_condiciones(self, value: dict[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = CondicionesSerializer(value, context=self.context).data
        return stored


CUENTA = inline_serializer("Cuenta", {"clientes": serializers.IntegerField()})


@extend_schema(tags=["segmentos"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's segments"),
    create=extend_schema(summary="Create a segment"),
    retrieve=extend_schema(summary="Read a segment"),
    update=extend_schema(summary="Replace a segment"),
    partial_update=extend_schema(summary="Change some fields of a segment"),
    destroy=extend_schema(
        summary="Delete a segment that no recurring campaign uses; campaigns made with it keep their recipients",
        responses={204: None, 409: ErrorSerializer},
    ),
)
class SegmentoViewSet(ShopRowsView[Segmento], ModelViewSet[Segmento]):
    serializer_class = SegmentoSerializer
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Segmento]:
        return selectors.segmentos_de(self.usuario)

    def perform_destroy(self, instance: Segmento) -> None:
        eliminar_segmento(segmento=instance)

    @extend_schema(
        summary="How many clients are in the segment now",
        responses=CUENTA,
        examples=[OpenApiExample("Cuenta", value={"clientes": 412}, response_only=True)],
    )
    @action(detail=True)
    def cuenta(self, request: Request, pk: int) -> Response:
        clientes = selectors.clientes_de(self.usuario).order_by()
        return Response({"clientes": filtrar(clientes, self.get_object().condiciones).count()})
