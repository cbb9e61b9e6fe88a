"""`/api/v1/bajas/`: the clients who opted out."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from campaigns.bajas import services
from campaigns.remitentes import valores_de
from clientes.api.telefonos import PhoneFilter
from clientes.bajas.selectors import bajas_de, historia_de
from clientes.models import Baja, Fuente, RegistroBaja
from clientes.models.baja import EVIDENCIA_MAX, MOTIVO_MAX
from core.api import texts
from core.api.base import ShopRowsView
from core.api.filters import YesNoFilter
from core.api.schema import ErrorSerializer
from core.api.serializers import RefusesUnknown

# What another program may say it learnt of; the rest the product learns by itself.
FUENTES = [(f.value, f.label) for f in (Fuente.MANUAL, Fuente.PAGINA, Fuente.IMPORTACION)]

BAJA = {
    "id": 12,
    "telefono": "+573001234567",
    "fuente": "sms",
    "desde": "2026-03-15T10:31:00-05:00",
    "vigente": True,
    "de_remitente": False,
}
HISTORIA = {
    "tipo": "baja",
    "fuente": "sms",
    "momento": "2026-03-15T10:31:00-05:00",
    "texto": "BAJA por favor",
    "sid": "SM0123456789abcdef0123456789abcdef",
    "remitente": "+15005550006",
    "campana_id": 10,
    "campana_nombre": "Promoción Marzo",
    "quien": None,
    "motivo": "",
    "evidencia": "",
}


@extend_schema_serializer(examples=[OpenApiExample("Baja", value=BAJA, response_only=True)])
class BajaSerializer(serializers.ModelSerializer[Baja]):
    telefono = serializers.CharField(help_text='The number in E.164; "" once its owner asked to be forgotten.')
    fuente = serializers.ChoiceField(choices=Fuente.choices, help_text="The source of the last word.")
    desde = serializers.DateTimeField(help_text="When the last word was said.")
    vigente = serializers.BooleanField(help_text="true: nothing is sent to the phone.")
    de_remitente = serializers.SerializerMethodField(
        help_text="true: it was said to a sender that several shops share."
    )

    class Meta:
        model = Baja
        fields: tuple[str, ...] = ("id", "telefono", "fuente", "desde", "vigente", "de_remitente")
        read_only_fields = fields

    def get_de_remitente(self, baja: Baja) -> bool:
        return baja.usuario_id is None


class RegistroSerializer(serializers.ModelSerializer[RegistroBaja]):
    quien = serializers.CharField(
        source="quien.username", allow_null=True, default=None, help_text="Who wrote it down; null: the client."
    )
    campana_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = RegistroBaja
        fields = tuple(HISTORIA)
        read_only_fields = fields


@extend_schema_serializer(
    examples=[OpenApiExample("Con sus pruebas", value={**BAJA, "historia": [HISTORIA]}, response_only=True)]
)
class BajaConHistoriaSerializer(BajaSerializer):
    historia = serializers.SerializerMethodField()

    class Meta(BajaSerializer.Meta):
        fields = (*BajaSerializer.Meta.fields, "historia")
        read_only_fields = fields

    @extend_schema_field(RegistroSerializer(many=True))
    def get_historia(self, baja: Baja) -> list[dict[str, Any]]:
        rows = historia_de(baja, self.context["request"].user)
        return list(RegistroSerializer(rows[:200], many=True).data)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Por teléfono",
            value={"telefono": "300 123 4567", "motivo": "Llamó y pidió no recibir más", "evidencia": "Grabación 8841"},
            request_only=True,
        )
    ]
)
class RegistrarBajaSerializer(RefusesUnknown):
    telefono = serializers.CharField(max_length=40, help_text="The phone as people write it.")
    motivo = serializers.CharField(max_length=MOTIVO_MAX, help_text="What the client said, and how.")
    evidencia = serializers.CharField(
        max_length=EVIDENCIA_MAX, required=False, allow_blank=True, default="", help_text="Where the proof is kept."
    )
    fuente = serializers.ChoiceField(choices=FUENTES, required=False, default=Fuente.MANUAL.value)


class LevantarSerializer(serializers.Serializer[Any]):
    motivo = serializers.CharField(max_length=MOTIVO_MAX)
    evidencia = serializers.CharField(max_length=EVIDENCIA_MAX)


def _words(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": texts.CON_TEXTO}


class BajaFilter(filters.FilterSet):
    vigente = YesNoFilter(label="In force; true unless said otherwise")
    fuente = filters.MultipleChoiceFilter(choices=Fuente.choices)
    telefono = PhoneFilter()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None and not data.get("vigente"):
            data = data.copy()
            data["vigente"] = "true"
        super().__init__(data, *args, **kwargs)


@extend_schema(tags=["bajas"])
@extend_schema_view(
    list=extend_schema(summary="List the phones that asked not to be written to"),
    retrieve=extend_schema(summary="Read an opt-out with its proofs", responses=BajaConHistoriaSerializer),
)
class BajaViewSet(ShopRowsView[Baja], ReadOnlyModelViewSet[Baja]):
    serializer_class = BajaSerializer
    filterset_class = BajaFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Baja]:
        usuario = self.usuario
        return bajas_de(usuario, remitentes=valores_de(usuario))

    def get_object(self) -> Baja:
        # Without the list's filter: one that was lifted can still be read.
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def get_serializer_class(self) -> type[BajaSerializer]:
        return BajaConHistoriaSerializer if self.action == "retrieve" else BajaSerializer

    @extend_schema(
        summary="Write down that a client asked not to be written to",
        description=(
            "Nothing is sent to the phone from now on. Calling it again records the request again and returns the same "
            "answer."
        ),
        request=RegistrarBajaSerializer,
        responses={201: BajaSerializer},
    )
    def create(self, request: Request) -> Response:
        serializer = RegistrarBajaSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        baja = services.registrar(
            usuario=self.usuario,
            telefono=data["telefono"],
            motivo=data["motivo"],
            evidencia=data["evidencia"],
            fuente=Fuente(data["fuente"]),
        )
        return Response(BajaSerializer(baja).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Write to a client again who has consented again",
        description=(
            "The call needs `motivo` and `evidencia`, in the body as JSON or in the address. They are kept with the "
            "other proofs; the row stays, no longer in force. A client's own START or ALTA lifts it without this call."
        ),
        parameters=[
            OpenApiParameter("motivo", _words(MOTIVO_MAX), required=True, description="How the client consented."),
            OpenApiParameter("evidencia", _words(EVIDENCIA_MAX), required=True, description="Where the proof is kept."),
        ],
        responses={204: None, 400: ErrorSerializer, 409: ErrorSerializer},
    )
    def destroy(self, request: Request, pk: int) -> Response:
        baja = self.get_object()
        serializer = LevantarSerializer(data=request.data or request.query_params)
        serializer.is_valid(raise_exception=True)
        services.levantar(usuario=self.usuario, baja=baja, **serializer.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
