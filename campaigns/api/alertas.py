"""Alerts through the API: the shop's settings, the alerts that there were, and a trial."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, inline_serializer
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.bitacora import alertas, selectors
from campaigns.models import AjustesAlertas, Alerta, EntregaAlerta
from campaigns.values import twilio
from campaigns.values.direccion import CORREOS_MAX
from core.api.base import ShopRowsView, SignedInView
from core.api.permissions import RecentSessionWrites, RoleMay
from core.api.schema import ErrorSerializer
from core.api.serializers import ListaField, RefusesUnknown
from core.api.throttling import TrialThrottle

RECHAZO = twilio.look_up(twilio.CREDENTIALS)
AJUSTES = {
    "url": "https://sistema.tienda.co/alertas",
    "correos": ["gerencia@tienda.co"],
    "sin_confirmar": [],
    "al_pausarse": True,
    "al_detenerse": True,
    "al_fallar": True,
    "minutos_sin_avance": 10,
    "firmado": True,
}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Ajustes", value=AJUSTES, response_only=True),
        OpenApiExample("Cambiar el correo", value={"correos": ["gerencia@tienda.co"]}, request_only=True),
    ]
)
class AjustesAlertasSerializer(RefusesUnknown, serializers.ModelSerializer[AjustesAlertas]):
    correos = ListaField(child=serializers.EmailField(), max_length=CORREOS_MAX, required=False)
    firmado = serializers.SerializerMethodField(help_text="true: there is a secret; it is shown only when it is made.")

    sin_confirmar = serializers.ListField(
        child=serializers.EmailField(),
        read_only=True,
        help_text="Of `correos`, those whose reader has not said yes to the link yet: no alert goes there.",
    )

    class Meta:
        model = AjustesAlertas
        fields = (
            "url", "correos", "sin_confirmar", "al_pausarse", "al_detenerse", "al_fallar", "minutos_sin_avance",
            "firmado",
        )  # fmt: skip

    def get_firmado(self, ajustes: AjustesAlertas) -> bool:
        return bool(ajustes.secreto)


class EntregaSerializer(serializers.ModelSerializer[EntregaAlerta]):
    class Meta:
        model = EntregaAlerta
        fields = (
            "canal", "destino", "estado", "intentos", "proximo_intento", "codigo_http", "error", "entregada_en"
        )  # fmt: skip


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Una campaña se pausó sola",
            value={
                "id": 3,
                "evento": "5f0c1f5e-5d0b-4c53-9f0e-0d8f6f1f2a10",
                "tipo": "campana.pausada",
                "datos": {
                    "campana": {"id": 10, "nombre": "Promoción Marzo", "url": "https://sms.tienda.co/campanas/10/"},
                    "motivo": f"Twilio: {RECHAZO.text} ({RECHAZO.code}).",
                },
                "creada": "2026-03-15T10:31:02-05:00",
                "entregas": [
                    {
                        "canal": "webhook",
                        "destino": "https://sistema.tienda.co/alertas",
                        "estado": "entregada",
                        "intentos": 1,
                        "proximo_intento": "2026-03-15T10:32:02-05:00",
                        "codigo_http": 200,
                        "error": "",
                        "entregada_en": "2026-03-15T10:31:03-05:00",
                    }
                ],
            },
            response_only=True,
        )
    ]
)
class AlertaSerializer(serializers.ModelSerializer[Alerta]):
    entregas = EntregaSerializer(many=True)
    datos = serializers.DictField(help_text="The data as the webhook gets them, under `data`.")

    class Meta:
        model = Alerta
        fields = ("id", "evento", "tipo", "datos", "creada", "entregas")


@extend_schema(tags=["alertas"], summary="List the shop's alerts and how their deliveries went")
class AlertaListView(ShopRowsView[Alerta], ListAPIView[Alerta]):
    serializer_class = AlertaSerializer

    def rows(self) -> QuerySet[Alerta]:
        return selectors.alertas_de(self.usuario)


@extend_schema(tags=["alertas"])
class AjustesAlertasView(SignedInView, GenericAPIView[AjustesAlertas]):
    permission_classes = (RoleMay, RecentSessionWrites)
    serializer_class = AjustesAlertasSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(summary="Read where the shop wants its alerts, and which")
    def get(self, request: Request) -> Response:
        return Response(self.get_serializer(selectors.ajustes_de(self.usuario)).data)

    @extend_schema(summary="Say where the shop wants its alerts, and which; what is left out stays")
    def patch(self, request: Request) -> Response:
        usuario = self.usuario
        serializer = self.get_serializer(selectors.ajustes_de(usuario), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        ajustes = alertas.guardar_ajustes(usuario=usuario, datos=cast("dict[str, Any]", serializer.validated_data))
        return Response(self.get_serializer(ajustes).data)


SECRETO = inline_serializer("SecretoAlertas", {"secreto": serializers.CharField()})
PRUEBA = inline_serializer("PruebaAlertas", {"evento": serializers.UUIDField()})


class SecretoView(SignedInView):
    permission_classes = (RoleMay, RecentSessionWrites)

    @extend_schema(
        tags=["alertas"],
        summary="Make a new secret for signing, shown in this answer only",
        request=None,
        responses=SECRETO,
        examples=[OpenApiExample("Secreto", value={"secreto": "whsec_…"}, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        return Response({"secreto": alertas.cambiar_secreto(usuario=self.usuario).secreto})


class PruebaView(SignedInView):
    throttle_classes = (*SignedInView.throttle_classes, TrialThrottle)

    @extend_schema(
        tags=["alertas"],
        summary="Send a trial to the address and the emails of the settings",
        request=None,
        responses={202: PRUEBA, 409: ErrorSerializer},
        examples=[
            OpenApiExample(
                "En camino",
                value={"evento": "5f0c1f5e-5d0b-4c53-9f0e-0d8f6f1f2a10"},
                response_only=True,
                status_codes=["202"],
            )
        ],
    )
    def post(self, request: Request) -> Response:
        alerta = alertas.probar(usuario=self.usuario)
        return Response({"evento": alerta.evento}, status=status.HTTP_202_ACCEPTED)
