"""`/api/v1/ganchos/`: a shop's hooks, what became of their calls, and telling again."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.fields import TimedDateField
from campaigns.bitacora import ganchos
from campaigns.models import EntregaGancho, Gancho
from campaigns.models.alerta import URL_MAX
from campaigns.values import eventos
from core.api.base import ShopRowsView
from core.api.permissions import RecentSessionWrites, RoleMay
from core.api.schema import ErrorSerializer
from core.api.serializers import ListaField, RefusesUnknown
from core.api.throttling import TrialThrottle

NUEVO = {"url": "https://sistema.tienda.co/sms", "tipos": ["sms.entregado", "respuesta.recibida", "baja.registrada"]}
GANCHO = {
    "id": 3,
    **NUEVO,
    "activo": True,
    "motivo": "",
    "falla_desde": None,
    "proximo_intento": "2026-03-15T10:30:00-05:00",
    "anterior_hasta": None,
    "creado": "2026-03-15T10:30:00-05:00",
}
ENTREGA = {
    "id": 501,
    "mensaje": "5f0c1f5e-5d0b-4c53-9f0e-0d8f6f1f2a10",
    "total": 500,
    "estado": "entregada",
    "repetida": False,
    "intentos": 1,
    "codigo_http": 204,
    "respuesta": "",
    "error": "",
    "creada": "2026-03-15T10:31:02-05:00",
    "entregada_en": "2026-03-15T10:31:03-05:00",
}


class TiposField(ListaField):
    child = serializers.ChoiceField(eventos.ELEGIBLES)


@extend_schema_serializer(examples=[OpenApiExample("Tres eventos", value=NUEVO, request_only=True)])
class CrearGanchoSerializer(RefusesUnknown):
    url = serializers.URLField(max_length=URL_MAX, help_text="https, at a public address, on port 443 or 8443.")
    tipos = TiposField(min_length=1, max_length=50, help_text="The events that it is told of.")


@extend_schema_serializer(examples=[OpenApiExample("Desactivar", value={"activo": False}, request_only=True)])
class CambiarGanchoSerializer(RefusesUnknown):
    url = serializers.URLField(max_length=URL_MAX, required=False)
    tipos = TiposField(min_length=1, max_length=50, required=False)
    activo = serializers.BooleanField(
        required=False,
        help_text="true: one that was not active is called at once. While it is false no events are kept for it.",
    )


@extend_schema_serializer(examples=[OpenApiExample("Gancho", value=GANCHO, response_only=True)])
class GanchoSerializer(serializers.ModelSerializer[Gancho]):
    activo = serializers.SerializerMethodField()
    proximo_intento = serializers.DateTimeField(
        source="libre_desde", help_text="It is called at this moment or later, if something waits for it."
    )

    class Meta:
        model = Gancho
        fields: tuple[str, ...] = (
            "id",
            "url",
            "tipos",
            "activo",
            "motivo",
            "falla_desde",
            "proximo_intento",
            "anterior_hasta",
            "creado",
        )
        read_only_fields = fields
        extra_kwargs = {
            "motivo": {"help_text": "Why it is not active."},
            "falla_desde": {"help_text": "Nothing has been taken since; three days later it is disabled."},
            "anterior_hasta": {"help_text": "Until then the secret before this one signs too."},
        }

    def get_activo(self, gancho: Gancho) -> bool:
        return gancho.estado == Gancho.Estado.ACTIVO


@extend_schema_serializer(
    examples=[OpenApiExample("Gancho", value={**GANCHO, "secreto": "whsec_…"}, response_only=True)]
)
class ConSecretoSerializer(GanchoSerializer):
    """A hook with its secret, which is shown in this answer only."""

    secreto = serializers.CharField()

    class Meta(GanchoSerializer.Meta):
        fields: tuple[str, ...] = (*GanchoSerializer.Meta.fields, "secreto")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[OpenApiExample("Entregada", value=ENTREGA, response_only=True, status_codes=["200", "202"])]
)
class EntregaGanchoSerializer(serializers.ModelSerializer[EntregaGancho]):
    class Meta:
        model = EntregaGancho
        fields = (
            "id",
            "mensaje",
            "total",
            "estado",
            "repetida",
            "intentos",
            "codigo_http",
            "respuesta",
            "error",
            "creada",
            "entregada_en",
        )
        read_only_fields = fields
        extra_kwargs = {
            "mensaje": {"help_text": "`webhook-id` of the call, the same in every try."},
            "total": {"help_text": "Its events."},
            "repetida": {"help_text": "Its events were in a call before."},
            "respuesta": {"help_text": "The beginning of the receiver's last answer."},
        }


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Una tarde",
            value={"desde": "2026-03-15T14:00:00-05:00", "hasta": "2026-03-15T18:00:00-05:00"},
            request_only=True,
        )
    ]
)
class TramoSerializer(RefusesUnknown):
    desde = TimedDateField(help_text="Events of this moment and later.")
    hasta = TimedDateField(help_text="Not those of this moment.")


@extend_schema_serializer(
    examples=[OpenApiExample("En camino", value={"eventos": 1250}, response_only=True, status_codes=["202"])]
)
class RepetidosSerializer(serializers.Serializer[Any]):
    eventos = serializers.IntegerField(help_text="Events that will be told again, under the ids that they had.")


class GanchosDeTienda(ShopRowsView[Gancho]):
    permission_classes = (RoleMay, RecentSessionWrites)
    serializer_class = GanchoSerializer

    def rows(self) -> QuerySet[Gancho]:
        return ganchos.ganchos_de(self.usuario)


class DeUnGancho(GanchosDeTienda):
    filter_backends = ()
    pagination_class = None

    @cached_property
    def gancho(self) -> Gancho:
        return get_object_or_404(self.rows(), pk=self.kwargs["pk"])


@extend_schema(tags=["ganchos"])
class GanchosView(GanchosDeTienda, ListAPIView[Gancho]):
    @extend_schema(summary="List the shop's hooks")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Make a hook: an address that is told of events",
        description=f"Up to {ganchos.MAXIMO} a shop. The secret, with which calls are signed, is in this answer only.",
        request=CrearGanchoSerializer,
        responses={201: ConSecretoSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = CrearGanchoSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        gancho = ganchos.crear(usuario=self.usuario, **serializer.validated_data)
        return Response(ConSecretoSerializer(gancho).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["ganchos"])
class GanchoView(DeUnGancho):
    @extend_schema(summary="Read a hook")
    def get(self, request: Request, pk: int) -> Response:
        return Response(GanchoSerializer(self.gancho).data)

    @extend_schema(
        summary="Change a hook's address or events, disable it or activate it again",
        request=CambiarGanchoSerializer,
        responses=GanchoSerializer,
    )
    def patch(self, request: Request, pk: int) -> Response:
        serializer = CambiarGanchoSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        gancho = ganchos.cambiar(gancho=self.gancho, usuario=self.usuario, datos=serializer.validated_data)
        return Response(GanchoSerializer(gancho).data)

    @extend_schema(summary="Delete a hook with all that waits for it")
    def delete(self, request: Request, pk: int) -> Response:
        ganchos.eliminar(gancho=self.gancho, usuario=self.usuario)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SecretoGanchoView(DeUnGancho):
    @extend_schema(
        tags=["ganchos"],
        summary="Make a new secret, shown in this answer only",
        description="For 24 hours calls are signed with both.",
        request=None,
        responses=ConSecretoSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        gancho = ganchos.cambiar_secreto(gancho=self.gancho, usuario=self.usuario)
        return Response(ConSecretoSerializer(gancho).data)


class PruebaGanchoView(DeUnGancho):
    throttle_classes = (*GenericAPIView.throttle_classes, TrialThrottle)

    @extend_schema(
        tags=["ganchos"],
        summary="Call a hook with a trial event",
        request=None,
        responses={202: EntregaGanchoSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        entrega = ganchos.probar(gancho=self.gancho)
        return Response(EntregaGanchoSerializer(entrega).data, status=status.HTTP_202_ACCEPTED)


@extend_schema(tags=["ganchos"], summary="List the calls of a hook, with what its program answered")
class EntregasGanchoView(ShopRowsView[EntregaGancho], ListAPIView[EntregaGancho]):
    serializer_class = EntregaGanchoSerializer

    def rows(self) -> QuerySet[EntregaGancho]:
        gancho = get_object_or_404(ganchos.ganchos_de(self.usuario), pk=self.kwargs["pk"])
        return ganchos.entregas_de(gancho)


class RepetirEntregaView(ShopRowsView[EntregaGancho]):
    permission_classes = (RoleMay, RecentSessionWrites)
    serializer_class = EntregaGanchoSerializer
    filter_backends = ()
    pagination_class = None

    def rows(self) -> QuerySet[EntregaGancho]:
        return EntregaGancho.objects.filter(gancho__in=ganchos.ganchos_de(self.usuario)).select_related("gancho")

    @extend_schema(
        tags=["ganchos"],
        summary="Call a hook again with the events of a call",
        request=None,
        responses={202: EntregaGanchoSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        made = ganchos.repetir(entrega=self.get_object())
        return Response(EntregaGanchoSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class RepetirTramoView(DeUnGancho):
    @extend_schema(
        tags=["ganchos"],
        summary="Call a hook again with the events of a span",
        description="Of the last seven days, 100,000 events at most; 409 (`pending`) while anything is told again.",
        request=TramoSerializer,
        responses={202: RepetidosSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        serializer = TramoSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        told = ganchos.repetir_tramo(gancho=self.gancho, **serializer.validated_data)
        return Response({"eventos": told}, status=status.HTTP_202_ACCEPTED)
