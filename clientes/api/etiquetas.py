"""`/api/v1/etiquetas/`: the shop's tags."""

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework.viewsets import ModelViewSet

from clientes import selectors
from clientes.grupos.services import eliminar_etiqueta
from clientes.models import Etiqueta
from core.api.base import ShopRowsView
from core.api.schema import ErrorSerializer
from core.api.serializers import UniqueNameSerializer
from core.text.limpio import limpio


@extend_schema_serializer(
    examples=[
        OpenApiExample("Etiqueta", value={"nombre": "VIP"}, request_only=True),
        OpenApiExample("Etiqueta creada", value={"id": 3, "nombre": "VIP"}, response_only=True),
    ]
)
class EtiquetaSerializer(UniqueNameSerializer[Etiqueta]):
    """A tag; its name is unique in the shop, whatever the case."""

    class Meta:
        model = Etiqueta
        fields = ("id", "nombre")

    def validate_nombre(self, nombre: str) -> str:
        plain = limpio(nombre)
        if not plain:
            self.fields["nombre"].fail("blank")
        return super().validate_nombre(plain)


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
class EtiquetaViewSet(ShopRowsView[Etiqueta], ModelViewSet[Etiqueta]):
    serializer_class = EtiquetaSerializer
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Etiqueta]:
        return selectors.etiquetas_de(self.usuario)

    def perform_destroy(self, instance: Etiqueta) -> None:
        eliminar_etiqueta(etiqueta=instance)
