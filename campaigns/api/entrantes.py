"""`/api/v1/entrantes/`: the texts that clients sent."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from campaigns.api.campanas_serializers import CampanaSerializer
from campaigns.api.fields import MensajeField
from campaigns.campana.selectors import progreso_de
from campaigns.entrantes import selectors
from campaigns.entrantes.services import decidir, marcar_leidos
from campaigns.models import Entrante
from campaigns.respuestas.services import responder
from campaigns.values.intencion import Intencion
from clientes.api.telefonos import PhoneFilter
from core.api.base import ShopRowsView
from core.api.filters import IdFilter, MomentFilter, YesNoFilter
from core.api.idempotency import de_prueba, header, idempotency_of
from core.api.schema import ErrorSerializer
from core.api.serializers import RefusesUnknown
from core.idempotency import Idempotency

UNA_VEZ = header(
    "The same key with the same text answers with the message that the first call made (header `Idempotent-Replayed:"
    " true`); with another text, 409."
)


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
                "contestado_solo_en": None,
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

    contestado_solo_en = serializers.DateTimeField(
        allow_null=True, help_text="When its word was answered by itself: see `respuestas`. null when it was not."
    )

    class Meta:
        model = Entrante
        fields = (
            "id", "telefono", "remitente", "texto", "medios", "tipo", "campana", "sid", "recibido", "leido_en",
            "decidido_en", "contestado_solo_en",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_serializer(examples=[OpenApiExample("Decisión", value={"es_baja": True}, request_only=True)])
class EsBajaSerializer(serializers.Serializer[None]):
    es_baja = serializers.BooleanField(help_text="Whether the text asks for no more messages.")


@extend_schema_serializer(
    examples=[OpenApiExample("Respuesta", value={"mensaje": "Sí, en azul y en verde."}, request_only=True)]
)
class ResponderSerializer(RefusesUnknown, serializers.Serializer[None]):
    mensaje = MensajeField(help_text="{nombre} is replaced by the client's name.")


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

    @extend_schema(
        summary="Answer a client with one message",
        description="A campaign of one (`respuesta_a` names the text), which obeys opt-outs, caps and the register as"
        " every campaign does. For 24 hours after the client's last text it leaves at any hour; later it waits for the"
        " shop's hours. It comes from the sender that the client wrote to, and the client's texts count as read. 409"
        " when the client may not be written to, or the phone is no client's.",
        request=ResponderSerializer,
        responses={201: CampanaSerializer, 409: ErrorSerializer},
        parameters=[UNA_VEZ],
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def responder(self, request: Request, pk: int) -> Response:
        entrante = self.get_object()
        idempotency = idempotency_of(request)
        if idempotency:
            meaning = {"entrante": entrante.pk, "body": idempotency.hash}
            idempotency = Idempotency.of(idempotency.key, meaning)
        if self.de_prueba:
            idempotency = de_prueba(idempotency)
        answer = ResponderSerializer(data=request.data)
        answer.is_valid(raise_exception=True)
        campana, created = responder(
            usuario=self.usuario,
            entrante=entrante,
            mensaje=answer.validated_data["mensaje"],
            idempotency=idempotency,
            prueba=self.de_prueba,
        )
        context = {**self.get_serializer_context(), "progreso": progreso_de([campana])}
        headers = {} if created else {"Idempotent-Replayed": "true"}
        return Response(CampanaSerializer(campana, context=context).data, status=201, headers=headers)
