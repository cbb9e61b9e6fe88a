"""`/api/v1/ajustes/`: the shop's settings, and the history of their changes."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.ley.reglas import AJUSTES, FUERA, NO_ES_DINERO, POR_NOMBRE, Ajuste, Entre, dinero
from campaigns.ley.selectors import ajustes_de, historial_de
from campaigns.ley.services import cambiar_ajustes
from campaigns.models import Ajustes, AjustesCambio, Limites
from campaigns.models.ajustes import MOTIVO_MAX
from campaigns.values.ventanas import DIAS, HORA
from core.api.base import ShopRowsView, SignedInView
from core.api.serializers import ListaField, RefusesUnknown

PAISES_MAX = 300  # there are about 250
MUCHOS_PAISES = f"Máximo {PAISES_MAX} países."
VALORES = {ajuste.name: ajuste.example for ajuste in AJUSTES}


def _limites(ajuste: Ajuste) -> dict[str, Any]:
    """Return how a field says between which numbers its setting lies; the words are the rule's."""
    rule = ajuste.rule
    if rule is dinero:
        return {"min_value": 0, "error_messages": {"min_value": NO_ES_DINERO}}
    if not isinstance(rule, Entre):
        return {}
    text = FUERA.format(minimo=rule.minimo, maximo=rule.maximo)
    return {
        "min_value": rule.minimo,
        "max_value": rule.maximo,
        "error_messages": {"min_value": text, "max_value": text},
    }


@extend_schema_field({"type": "string", "pattern": f"^({HORA.pattern})$"})
class HourField(serializers.CharField):
    """An hour of a timetable."""


class FranjaSerializer(RefusesUnknown):
    abre = HourField(help_text="The hour of opening, such as 08:00.")
    cierra = HourField(help_text="The hour of closing, such as 19:00; 24:00 is the end of the day.")


class VentanasSerializer(RefusesUnknown):
    """Each day of the week; null is a day without sending. Days that are left out stay as they are."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {dia: FranjaSerializer(required=False, allow_null=True) for dia in DIAS}


LIMITES = {
    "dinero_diario": "20.00",
    "dinero_mensual": None,
    "mensajes_diarios": 5000,
    "paises": ["CO"],
    "remitentes": 2,
    "aprobacion_destinatarios": 10_000,
    "aprobacion_costo": None,
}


class PreciosField(serializers.DictField):
    """A price for each country, of which there are not so many: they are counted before any is read."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > PAISES_MAX:
            raise serializers.ValidationError(MUCHOS_PAISES, code="max_length")
        return super().to_internal_value(data)


class LimitesSerializer(serializers.Serializer[Limites]):
    """The operator's ceilings, which the shop cannot change; null: there is none."""

    dinero_diario = serializers.DecimalField(14, 2, help_text="Money on a day, in SMS_PRICE_CURRENCY.")
    dinero_mensual = serializers.DecimalField(14, 2, help_text="Money in a month of the shop's calendar.")
    mensajes_diarios = serializers.IntegerField(help_text="Messages on a day, to all recipients together.")
    paises = serializers.ListField(
        child=serializers.CharField(),
        help_text="ISO 3166 countries that it may send to; null for any. Others are `pais_no_permitido`.",
    )
    remitentes = serializers.IntegerField(help_text="Active senders that may be lent to it.")
    aprobacion_destinatarios = serializers.IntegerField(help_text="A campaign to more waits for approval.")
    aprobacion_costo = serializers.DecimalField(14, 2, help_text="A campaign that costs more waits for approval.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = field.allow_null = True
        return fields


@extend_schema_serializer(
    examples=[
        OpenApiExample("Ajustes", value={**VALORES, "limites": LIMITES}, response_only=True),
        OpenApiExample(
            "Cerrar los sábados",
            value={"ventanas": {"sabado": None}, "motivo": "Sin personal para responder"},
            request_only=True,
        ),
    ]
)
class AjustesSerializer(RefusesUnknown, serializers.ModelSerializer[Ajustes]):
    ventanas = VentanasSerializer()
    zona_horaria = serializers.CharField(help_text=POR_NOMBRE["zona_horaria"].api)
    festivos_pais = serializers.CharField(allow_blank=True, help_text=POR_NOMBRE["festivos_pais"].api)
    precios = PreciosField(
        child=serializers.DecimalField(max_digits=12, decimal_places=6), help_text=POR_NOMBRE["precios"].api
    )
    dias_cerrados = ListaField(child=serializers.DateField(), required=False, help_text=POR_NOMBRE["dias_cerrados"].api)
    limites = LimitesSerializer(read_only=True)
    motivo = serializers.CharField(
        write_only=True,
        required=False,
        max_length=MOTIVO_MAX,
        help_text="Why, for the history; required to switch a protection off or to loosen it: longer hours, "
        "fewer closed days, a higher limit or none.",
    )

    class Meta:
        model = Ajustes
        fields = (*POR_NOMBRE, "limites", "motivo")
        extra_kwargs = {ajuste.name: {"help_text": ajuste.api, **_limites(ajuste)} for ajuste in AJUSTES}


@extend_schema(tags=["ajustes"])
class AjustesView(SignedInView, GenericAPIView[Ajustes]):
    serializer_class = AjustesSerializer
    pagination_class = None

    @extend_schema(summary="Read the shop's settings", responses=AjustesSerializer)
    def get(self, request: Request) -> Response:
        return Response(AjustesSerializer(ajustes_de(self.usuario.tenant_id)).data)

    @extend_schema(
        summary="Change some of the shop's settings",
        description="Campaigns that are under way obey from their next message on. The history keeps every change.",
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
    quien = serializers.CharField(source="quien.username", help_text="Username of the person who made it.")
    cambios = serializers.SerializerMethodField(help_text="Each setting that changed, before and after.")

    class Meta:
        model = AjustesCambio
        fields = ("id", "creado", "quien", "motivo", "cambios")
        read_only_fields = fields

    def get_cambios(self, cambio: AjustesCambio) -> dict[str, dict[str, Any]]:
        return {name: {"antes": before, "despues": after} for name, (before, after) in cambio.cambios.items()}


@extend_schema(tags=["ajustes"], summary="List the changes of the settings: who made each, when, and why")
class HistorialView(ShopRowsView[AjustesCambio], ListAPIView[AjustesCambio]):
    serializer_class = CambioSerializer

    def rows(self) -> QuerySet[AjustesCambio]:
        return historial_de(self.usuario)
