from decimal import Decimal
from typing import Any, cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from campaigns import remitentes
from campaigns.models import Remitente
from campaigns.models.remitente import sin_cupo
from core.api.base import ShopRowsView
from core.api.filters import YesNoFilter
from core.api.permissions import RoleMay
from core.api.schema import ErrorSerializer
from core.api.serializers import RefusesUnknown, ShopRowField
from core.senders import INVALIDO, PATTERN, kind_of

RITMO_MINIMO = Decimal("0.01")
SOLO_OPERADOR = "Los remitentes los asigna quien administra la instalación: pídale uno."
RITMO_DEL_OPERADOR = "El ritmo de un remitente lo fija quien administra la instalación."


@extend_schema_field({"type": "string", "pattern": PATTERN})
class SenderField(serializers.CharField):
    """A sender, as Twilio writes it."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Remitente",
            value={"nombre": "Línea de ventas", "valor": "+573001112233", "segmentos_por_segundo": "1.00"},
            request_only=True,
        ),
        OpenApiExample(
            "Remitente creado",
            value={
                "id": 4,
                "nombre": "Línea de ventas",
                "valor": "+573001112233",
                "segmentos_por_segundo": "1.00",
                "activo": True,
                "creado": "2026-03-15T10:30:00-05:00",
            },
            response_only=True,
        ),
    ]
)
class RemitenteSerializer(RefusesUnknown, serializers.ModelSerializer[Remitente]):
    valor = SenderField(
        max_length=34,
        help_text=(
            "A number in E.164, a short code, a name of up to 11 letters and digits, or a Messaging Service (MG…), of "
            "the installation's Twilio account. It cannot be changed."
        ),
    )
    segmentos_por_segundo = serializers.DecimalField(
        max_digits=6,
        decimal_places=2,
        min_value=RITMO_MINIMO,
        allow_null=True,
        required=False,
        help_text="Segments a second that all its campaigns together may send; null for no limit.",
    )

    class Meta:
        model = Remitente
        fields = ("id", "nombre", "valor", "segmentos_por_segundo", "activo", "creado")
        validators = ()  # what is unique is said with its field, here and by the service

    def validate_valor(self, valor: str) -> str:
        if self.instance is not None and valor != self.instance.valor:
            raise serializers.ValidationError(remitentes.VALOR_FIJO, code="immutable")
        if kind_of(valor) is None:
            raise serializers.ValidationError(INVALIDO, code="invalid")
        return valor

    def validate_activo(self, activo: bool) -> bool:
        if activo and self.instance is not None and remitentes.es_de_otra(self.instance):
            raise serializers.ValidationError(remitentes.VALOR_DE_OTRA, code="unique")
        mine = self.instance
        if activo and mine is not None and (lleno := sin_cupo(mine.usuario_id, sin_contar=mine.pk)):
            raise serializers.ValidationError(lleno, code="limit")
        return activo


@extend_schema_field({"type": "integer"})
class RemitenteField(ShopRowField[Remitente]):
    """An active sender of the caller's shop; any other id does not exist for them."""

    def get_queryset(self) -> Any:
        return remitentes.remitentes_de(self.context["request"].user).filter(activo=True)


class OperatorLends(RoleMay):
    """Only an operator lends a sender; the shop's admin names it, and stops or goes on offering it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        may = super().has_permission(request, view)
        if may and request.method == "POST" and not request.user.is_superuser:
            self.message = SOLO_OPERADOR
            return False
        return may


class RemitenteFilter(filters.FilterSet):
    activo = YesNoFilter()


@extend_schema(tags=["remitentes"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's senders"),
    create=extend_schema(
        summary="Lend a sender of the installation's Twilio account to one's own shop",
        description="For operators only; to other shops they lend in the admin. No other shop may be using it.",
    ),
    retrieve=extend_schema(summary="Read a sender"),
    update=extend_schema(summary="Replace a sender's name and whether it is offered; the rate is the operator's"),
    partial_update=extend_schema(
        summary="Change some fields of a sender; a new rate, the operator's, holds from the next message on"
    ),
    destroy=extend_schema(
        summary="Delete a sender that no campaign and no recurring campaign uses",
        responses={204: None, 409: ErrorSerializer},
    ),
)
class RemitenteViewSet(ShopRowsView[Remitente], ModelViewSet[Remitente]):
    permission_classes = (OperatorLends,)
    serializer_class = RemitenteSerializer
    filterset_class = RemitenteFilter
    lookup_value_converter = "int"

    def rows(self) -> QuerySet[Remitente]:
        return remitentes.remitentes_de(self.usuario)

    def perform_create(self, serializer: BaseSerializer[Remitente]) -> None:
        usuario = self.usuario
        serializer.instance = remitentes.crear_remitente(usuario=usuario, **serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Remitente]) -> None:
        remitente = cast("Remitente", serializer.instance)
        ritmo = serializer.validated_data.get("segmentos_por_segundo", remitente.segmentos_por_segundo)
        if ritmo != remitente.segmentos_por_segundo and not self.usuario.is_superuser:
            raise PermissionDenied(RITMO_DEL_OPERADOR)
        serializer.save()

    def perform_destroy(self, instance: Remitente) -> None:
        remitentes.eliminar_remitente(remitente=instance)
