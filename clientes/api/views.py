from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.viewsets import ModelViewSet

from clientes import selectors, services
from clientes.api.serializers import ClienteSerializer
from clientes.models import Cliente
from core.api.filters import SiONo
from core.api.schema import ErrorSerializer


class ClienteFilter(filters.FilterSet):
    q = filters.CharFilter(method="buscar", label="Part of the name, phone or document")
    activo = SiONo()
    creado_desde = filters.IsoDateTimeFilter(field_name="creado", lookup_expr="gte")
    creado_hasta = filters.IsoDateTimeFilter(field_name="creado", lookup_expr="lt")

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
    update=extend_schema(summary="Replace a client"),
    partial_update=extend_schema(summary="Change some fields of a client"),
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
        return selectors.clientes_de(self.request.user)  # type: ignore[arg-type]

    def perform_destroy(self, instance: Cliente) -> None:
        services.eliminar_cliente(cliente=instance)
