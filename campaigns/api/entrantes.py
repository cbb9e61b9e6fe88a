"""`/api/v1/entrantes/`: the texts that clients sent."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from campaigns.entrantes import selectors
from campaigns.entrantes.services import marcar_leidos
from campaigns.models import Entrante
from campaigns.values.intencion import Intencion
from clientes.api.telefonos import PhoneFilter
from core.api.base import ShopRowsView
from core.api.filters import IdFilter, MomentFilter, YesNoFilter


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Baja",
            value={
                "id": 31,
                "telefono": "+573001234567",
                "remitente": "+15005550006",
                "texto": "BAJA por favor",
                "medios": 0,
                "tipo": "baja",
                "campana": 10,
                "sid": "SM0123456789abcdef0123456789abcdef",
                "recibido": "2026-03-15T10:31:00-05:00",
                "leido_en": "2026-03-15T10:31:00-05:00",
            },
            response_only=True,
        )
    ]
)
class EntranteSerializer(serializers.ModelSerializer[Entrante]):
    tipo = serializers.ChoiceField(
        choices=Intencion.choices, help_text="What the text was taken for; bajas and altas are applied already."
    )
    campana = serializers.IntegerField(
        source="campana_id", allow_null=True, help_text="The campaign whose message the phone had got last."
    )
    leido_en = serializers.DateTimeField(allow_null=True, help_text="null while it waits for a person.")

    class Meta:
        model = Entrante
        fields = (
            "id", "telefono", "remitente", "texto", "medios", "tipo", "campana", "sid", "recibido", "leido_en",
        )  # fmt: skip
        read_only_fields = fields


class EntranteFilter(filters.FilterSet):
    tipo = filters.MultipleChoiceFilter(choices=Intencion.choices)
    leido = YesNoFilter(method="por_leido", label="Read already")
    recibido_desde = MomentFilter(field_name="recibido", lookup_expr="gte")
    recibido_hasta = MomentFilter(field_name="recibido", lookup_expr="lt")
    telefono = PhoneFilter()
    campana = IdFilter(field_name="campana_id", label="Id of a campaign")

    def por_leido(self, queryset: QuerySet[Entrante], name: str, value: bool) -> QuerySet[Entrante]:
        return queryset.filter(leido_en__isnull=not value)


@extend_schema(tags=["entrantes"])
@extend_schema_view(
    list=extend_schema(summary="List the texts that clients sent"),
    retrieve=extend_schema(summary="Read a text that a client sent"),
)
class EntranteViewSet(ShopRowsView[Entrante], ReadOnlyModelViewSet[Entrante]):
    serializer_class = EntranteSerializer
    filterset_class = EntranteFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Entrante]:
        return selectors.entrantes_de(self.usuario)

    @extend_schema(summary="Mark a client's text as read", request=None, responses=EntranteSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def leer(self, request: Request, pk: int) -> Response:
        entrante = self.get_object()
        marcar_leidos(usuario=self.usuario, ids=[entrante.pk], leido=True)
        entrante.refresh_from_db()
        return Response(self.get_serializer(entrante).data)
