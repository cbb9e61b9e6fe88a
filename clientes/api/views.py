from typing import cast

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from clientes import selectors, services
from clientes.api.serializers import ClienteSerializer, EtiquetaSerializer, SegmentoSerializer, VentaSerializer
from clientes.condiciones import filtrar
from clientes.grupos.services import eliminar_etiqueta, eliminar_segmento
from clientes.models import Cliente, Etiqueta, Segmento, Venta
from core.api.filters import YesNoFilter
from core.api.schema import ErrorSerializer
from core.errors import ConflictError
from core.models import Usuario


class ClienteFilter(filters.FilterSet):
    q = filters.CharFilter(method="buscar", label="Part of the name, phone or document")
    activo = YesNoFilter()
    creado_desde = filters.IsoDateTimeFilter(field_name="creado", lookup_expr="gte")
    creado_hasta = filters.IsoDateTimeFilter(field_name="creado", lookup_expr="lt")

    etiqueta = filters.NumberFilter(field_name="etiquetas", label="Id of a tag")

    class Meta:
        model = Cliente
        fields = ("documento",)

    def buscar(self, queryset: QuerySet[Cliente], name: str, value: str) -> QuerySet[Cliente]:
        return queryset.filter(
            Q(nombre__icontains=value)
            | Q(telefono__contains=value)
            | Q(telefono_e164__contains=value)
            | Q(documento__icontains=value)
        )


@extend_schema(tags=["clientes"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's clients"),
    create=extend_schema(summary="Create a client"),
    retrieve=extend_schema(summary="Read a client"),
    update=extend_schema(summary="Replace a client", responses={200: ClienteSerializer, 409: ErrorSerializer}),
    partial_update=extend_schema(
        summary="Change some fields of a client", responses={200: ClienteSerializer, 409: ErrorSerializer}
    ),
    destroy=extend_schema(
        summary="Delete a client without sales or SMS history", responses={204: None, 409: ErrorSerializer}
    ),
)
class ClienteViewSet(ModelViewSet[Cliente]):
    serializer_class = ClienteSerializer
    lookup_value_converter = "int"
    filterset_class = ClienteFilter
    queryset = Cliente.objects.none()  # for the schema only

    def get_queryset(self) -> QuerySet[Cliente]:
        return selectors.clientes_de(cast("Usuario", self.request.user)).prefetch_related("etiquetas")

    def perform_update(self, serializer: BaseSerializer[Cliente]) -> None:
        cliente = cast("Cliente", serializer.instance)
        if cliente.anonimizado_en:
            raise ConflictError(services.YA_ANONIMO, code="anonymous")
        services.cambiar_cliente(cliente=cliente, guardar=serializer.save)

    def perform_destroy(self, instance: Cliente) -> None:
        services.eliminar_cliente(cliente=instance)


@extend_schema(tags=["etiquetas"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's tags"),
    create=extend_schema(summary="Create a tag"),
    retrieve=extend_schema(summary="Read a tag"),
    update=extend_schema(summary="Replace a tag"),
    partial_update=extend_schema(summary="Rename a tag"),
    destroy=extend_schema(
        summary="Delete a tag that no segment and no recurring campaign uses; its clients stay",
        responses={204: None, 409: ErrorSerializer},
    ),
)
class EtiquetaViewSet(ModelViewSet[Etiqueta]):
    serializer_class = EtiquetaSerializer
    lookup_value_converter = "int"
    queryset = Etiqueta.objects.none()  # for the schema only

    def get_queryset(self) -> QuerySet[Etiqueta]:
        return selectors.etiquetas_de(cast("Usuario", self.request.user))

    def perform_destroy(self, instance: Etiqueta) -> None:
        eliminar_etiqueta(etiqueta=instance)


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
class SegmentoViewSet(ModelViewSet[Segmento]):
    serializer_class = SegmentoSerializer
    lookup_value_converter = "int"
    queryset = Segmento.objects.none()  # for the schema only

    def get_queryset(self) -> QuerySet[Segmento]:
        return selectors.segmentos_de(cast("Usuario", self.request.user))

    def perform_destroy(self, instance: Segmento) -> None:
        eliminar_segmento(segmento=instance)

    @extend_schema(
        summary="How many clients are in the segment now",
        responses=CUENTA,
        examples=[OpenApiExample("Cuenta", value={"clientes": 412}, response_only=True)],
    )
    @action(detail=True)
    def cuenta(self, request: Request, pk: int) -> Response:
        clientes = selectors.clientes_de(cast("Usuario", request.user)).order_by()
        return Response({"clientes": filtrar(clientes, self.get_object().condiciones).count()})


class VentaFilter(filters.FilterSet):
    fecha_desde = filters.IsoDateTimeFilter(field_name="fecha", lookup_expr="gte")
    fecha_hasta = filters.IsoDateTimeFilter(field_name="fecha", lookup_expr="lt")

    class Meta:
        model = Venta
        fields = ("cliente", "referencia")


@extend_schema(tags=["ventas"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's sales"),
    create=extend_schema(summary="Record a sale"),
    retrieve=extend_schema(summary="Read a sale"),
    update=extend_schema(summary="Replace a sale"),
    partial_update=extend_schema(summary="Change some fields of a sale"),
    destroy=extend_schema(summary="Delete a sale"),
)
class VentaViewSet(ModelViewSet[Venta]):
    serializer_class = VentaSerializer
    filterset_class = VentaFilter
    lookup_value_converter = "int"
    queryset = Venta.objects.none()  # for the schema only

    def get_queryset(self) -> QuerySet[Venta]:
        return selectors.ventas_de(cast("Usuario", self.request.user))
