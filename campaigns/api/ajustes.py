"""`/api/v1/ajustes/`: the shop's settings, and the history of their changes."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.ley.selectors import ajustes_de, historial_de
from campaigns.ley.services import MOTIVO_MAX, cambiar_ajustes
from campaigns.models import Ajustes, AjustesCambio
from campaigns.values import defecto
from core.api.base import ShopRowsView, SignedInView
from core.api.serializers import RefusesUnknown

VALORES = {
    "ventanas_activas": True,
    "zona_horaria": "America/Bogota",
    "ventanas": defecto.ventanas(),
    "festivos_pais": "CO",
    "dias_cerrados": ["2026-12-24"],
    "plazo_h": 72.0,
    "frecuencia_activa": True,
    "frecuencia_maxima": defecto.FRECUENCIA_MAXIMA,
    "rne_activo": True,
    "rne_vigencia_dias": defecto.RNE_VIGENCIA_DIAS,
    "rne_exigir_consulta": defecto.RNE_EXIGIR_CONSULTA,
    "exigir_consentimiento": defecto.EXIGIR_CONSENTIMIENTO,
    "precio_segmento": "0.050000",
    "precios": {"US": "0.0083"},
    "tope_diario": "20.00",
    "tope_mensual": None,
    "aprobacion_destinatarios": 10_000,
    "aprobacion_costo": None,
}


class FranjaSerializer(RefusesUnknown):
    abre = serializers.CharField(help_text="Such as 08:00.")
    cierra = serializers.CharField(help_text="Such as 19:00; 24:00 is the end of the day.")


class VentanasSerializer(RefusesUnknown):
    """Each day of the week; null is a day without sending. Days that are left out stay as they are."""

    lunes = FranjaSerializer(required=False, allow_null=True)
    martes = FranjaSerializer(required=False, allow_null=True)
    miercoles = FranjaSerializer(required=False, allow_null=True)
    jueves = FranjaSerializer(required=False, allow_null=True)
    viernes = FranjaSerializer(required=False, allow_null=True)
    sabado = FranjaSerializer(required=False, allow_null=True)
    domingo = FranjaSerializer(required=False, allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("Ajustes", value=VALORES, response_only=True),
        OpenApiExample(
            "Cerrar los sábados",
            value={"ventanas": {"sabado": None}, "motivo": "Sin personal para responder"},
            request_only=True,
        ),
    ]
)
class AjustesSerializer(RefusesUnknown, serializers.ModelSerializer[Ajustes]):
    ventanas = VentanasSerializer()
    zona_horaria = serializers.CharField(help_text="IANA name of the shop's zone.")
    festivos_pais = serializers.CharField(
        allow_blank=True, help_text="ISO 3166 country whose public holidays are closed; empty for none."
    )
    precios = serializers.DictField(
        child=serializers.DecimalField(max_digits=12, decimal_places=6),
        help_text='Of one segment to other countries: `{"US": "0.0083"}`. Replaces all of them.',
    )
    motivo = serializers.CharField(
        write_only=True,
        required=False,
        max_length=MOTIVO_MAX,
        help_text="Why, for the history; required to switch a protection off or to loosen it: longer hours, "
        "fewer closed days, a higher limit or none.",
    )

    class Meta:
        model = Ajustes
        fields = (
            "ventanas_activas",
            "zona_horaria",
            "ventanas",
            "festivos_pais",
            "dias_cerrados",
            "plazo_h",
            "frecuencia_activa",
            "frecuencia_maxima",
            "rne_activo",
            "rne_vigencia_dias",
            "rne_exigir_consulta",
            "exigir_consentimiento",
            "precio_segmento",
            "precios",
            "tope_diario",
            "tope_mensual",
            "aprobacion_destinatarios",
            "aprobacion_costo",
            "motivo",
        )
        extra_kwargs = {
            "ventanas_activas": {"help_text": "false: messages leave at any hour. Switching it off needs `motivo`."},
            "dias_cerrados": {"help_text": "Other closed days, up to 100. Fewer need `motivo`."},
            "frecuencia_activa": {"help_text": "false: a phone may get any number. Switching it off needs `motivo`."},
            "frecuencia_maxima": {
                "help_text": "Messages to one phone on one day, over all campaigns; 1 to 20. More needs `motivo`."
            },
            "rne_activo": {"help_text": "Exclude the numbers of the RNE. Switching it off needs `motivo`."},
            "rne_vigencia_dias": {
                "help_text": "Days after which a consultation of the RNE is too old; 1 to 365. More need `motivo`."
            },
            "rne_exigir_consulta": {
                "help_text": "Promotional campaigns pause while the consultation is older or none."
            },
            "exigir_consentimiento": {"help_text": "Exclude clients without a consent on record."},
            "precio_segmento": {"help_text": "Of one segment, in SMS_PRICE_CURRENCY; null for SMS_SEGMENT_PRICE."},
            "tope_diario": {
                "help_text": "Nothing is sent that would exceed it; null for no cap. To raise it needs `motivo`."
            },
            "aprobacion_destinatarios": {
                "help_text": "A campaign to more waits for approval; null: none does. More needs `motivo`."
            },
            "aprobacion_costo": {
                "help_text": "A campaign that costs more waits for approval; null: none does. More needs `motivo`."
            },
            "tope_mensual": {"help_text": "Likewise, by the month of the shop's calendar."},
            "plazo_h": {"help_text": "Hours from its start until a campaign's deadline (`vence_en`), waits included."},
        }


@extend_schema(tags=["ajustes"])
class AjustesView(SignedInView, GenericAPIView[Ajustes]):
    serializer_class = AjustesSerializer
    pagination_class = None

    @extend_schema(summary="Read the shop's settings", responses=AjustesSerializer)
    def get(self, request: Request) -> Response:
        return Response(AjustesSerializer(ajustes_de(self.usuario.tenant_id)).data)

    @extend_schema(
        summary="Change some of the shop's settings",
        description="Campaigns that are under way obey from their next message on. Every change is in the history.",
        request=AjustesSerializer,
        responses=AjustesSerializer,
    )
    def patch(self, request: Request) -> Response:
        serializer = AjustesSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        cambios: dict[str, Any] = dict(serializer.validated_data)
        motivo = cambios.pop("motivo", "")
        ajustes = cambiar_ajustes(usuario=self.usuario, cambios=cambios, motivo=motivo)
        return Response(AjustesSerializer(ajustes).data)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Cambio",
            value={
                "id": 4,
                "creado": "2026-03-15T10:30:00-05:00",
                "quien": "duena",
                "motivo": "Inventario",
                "cambios": {"dias_cerrados": {"antes": [], "despues": ["2026-03-16"]}},
            },
            response_only=True,
        )
    ]
)
class CambioSerializer(serializers.ModelSerializer[AjustesCambio]):
    quien = serializers.CharField(source="quien.username", help_text="Username of who made it.")
    cambios = serializers.SerializerMethodField(help_text="Each setting that changed, before and after.")

    class Meta:
        model = AjustesCambio
        fields = ("id", "creado", "quien", "motivo", "cambios")
        read_only_fields = fields

    def get_cambios(self, cambio: AjustesCambio) -> dict[str, dict[str, Any]]:
        return {name: {"antes": before, "despues": after} for name, (before, after) in cambio.cambios.items()}


@extend_schema(tags=["ajustes"], summary="Who changed which setting, when, and why")
class HistorialView(ShopRowsView[AjustesCambio], ListAPIView[AjustesCambio]):
    serializer_class = CambioSerializer

    def rows(self) -> QuerySet[AjustesCambio]:
        return historial_de(self.usuario)
