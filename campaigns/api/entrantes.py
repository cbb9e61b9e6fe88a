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
from campaigns.entrantes.services import decidir, marcar_leidos
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
                "decidido_en": None,
            },
            response_only=True,
        )
    ]
)
class EntranteSerializer(serializers.ModelSerializer[Entrante]):
    tipo = serializers.ChoiceField(
        choices=Intencion.choices,
        help_text="What the text was taken for; bajas and altas are applied already. A duda may be an opt-out: nothing"
        " is sent to the phone until `decidir` is called, and then it is a baja or an otro.",
    )
    campana = serializers.IntegerField(
        source="campana_id", allow_null=True, help_text="The campaign whose message the phone had got last."
    )
    leido_en = serializers.DateTimeField(allow_null=True, help_text="null while it waits for a person.")

    decidido_en = serializers.DateTimeField(
        allow_null=True, help_text="When it was settled what a doubtful text is; null for one that was never in doubt."
    )

    class Meta:
        model = Entrante
        fields = (
            "id", "telefono", "remitente", "texto", "medios", "tipo", "campana", "sid", "recibido", "leido_en",
            "decidido_en",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_serializer(examples=[OpenApiExample("Decisión", value={"es_baja": True}, request_only=True)])
class EsBajaSerializer(serializers.Serializer[None]):
    es_baja = serializers.BooleanField(help_text="Whether the text asks for no more messages.")


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

    @extend_schema(
        summary="Decide whether a doubtful text is an opt-out",
        description="Only for a text of tipo `duda`; 409 for any other. When it is one, the shop sends nothing more to"
        " the phone; when it is none, the phone may be sent to again.",
        request=EsBajaSerializer,
        responses=EntranteSerializer,
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def decidir(self, request: Request, pk: int) -> Response:
        decision = EsBajaSerializer(data=request.data)
        decision.is_valid(raise_exception=True)
        entrante = self.get_object()
        decidir(usuario=self.usuario, entrante=entrante, es_baja=decision.validated_data["es_baja"])
        entrante.refresh_from_db()
        return Response(self.get_serializer(entrante).data)
