"""`/api/v1/campanas/<id>/logs/`: the recipients of a campaign."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView, get_object_or_404

from campaigns.audiencia.resultado import Resultado, resultado_de
from campaigns.campana import selectors
from campaigns.campana.velo import velar
from campaigns.models import CampanaSMS, SMSLog
from campaigns.values.twilio import Entrega
from clientes.api.telefonos import PhoneFilter
from core.api.base import ShopRowsView
from core.api.filters import TextFilter, or_empty
from core.api.pagination import OldestFirstPagination
from core.permisos import FALTA, Accion


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Enviado",
            value={
                "id": 501,
                "cliente_id": 1,
                "nombre": "Maria Gonzalez",
                "telefono": "+573001234567",
                "mensaje": "Hola Maria Gonzalez, aprovecha 20% de descuento este mes!",
                "estado": "enviado",
                "resultado": "enviado",
                "twilio_sid": "SM1234567890abcdef1234567890abcdef",
                "codigo": "",
                "error": "",
                "entrega": "delivered",
                "entrega_codigo": "",
                "intentos": 1,
                "actualizado": "2026-03-15T10:30:02-05:00",
                "prueba": False,
            },
            response_only=True,
        )
    ]
)
class SMSLogSerializer(serializers.ModelSerializer[SMSLog]):
    cliente_id = serializers.IntegerField(allow_null=True, read_only=True)
    entrega = serializers.ChoiceField(
        Entrega.choices, allow_blank=True, read_only=True, help_text="Twilio's status; empty until Twilio tells."
    )

    resultado = serializers.SerializerMethodField(
        help_text="`enviado`, `no_enviado` (the campaign was cancelled, or its deadline came first), `excluido` (left "
        "out on purpose) or `fallido` (tried and refused); empty while it has none."
    )
    prueba = serializers.SerializerMethodField(help_text="Of a test key's campaign: nobody got it.")

    class Meta:
        model = SMSLog
        fields = (
            "id",
            "cliente_id",
            "nombre",
            "telefono",
            "mensaje",
            "estado",
            "resultado",
            "twilio_sid",
            "codigo",
            "error",
            "entrega",
            "entrega_codigo",
            "intentos",
            "actualizado",
            "prueba",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": [*Resultado.values, ""]})
    def get_resultado(self, log: SMSLog) -> str:
        return resultado_de(log.estado, log.codigo)

    def get_prueba(self, log: SMSLog) -> bool:
        return bool(self.context.get("prueba"))


@extend_schema_field(or_empty({"type": "string", "enum": list(Entrega.values)}))
class EntregaFilter(filters.ChoiceFilter):
    """One of Twilio's statuses."""


class LogFilter(filters.FilterSet):
    estado = filters.MultipleChoiceFilter(choices=SMSLog.Estado.choices)
    codigo = TextFilter()
    entrega = EntregaFilter(choices=Entrega.choices)
    telefono = PhoneFilter()


@extend_schema(
    tags=["campanas"],
    summary="List the recipients, one row each, in the order of sending",
    description="An operador's answer has the last four digits of phones alone, and no filter by phone.",
)
class LogListView(ShopRowsView[SMSLog], ListAPIView[SMSLog]):
    serializer_class = SMSLogSerializer
    filterset_class = LogFilter
    pagination_class = OldestFirstPagination

    @cached_property
    def campana(self) -> CampanaSMS:
        found = selectors.campanas_de(self.usuario, solo_prueba=self.de_prueba)
        return get_object_or_404(found, pk=self.kwargs["pk"])

    def rows(self) -> QuerySet[SMSLog]:
        return selectors.destinatarios_de(self.campana)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Refuse to look for a phone for somebody who sees none whole: the answer would say whose it is."""
        if "telefono" in self.request.query_params and not self.usuario.puede(Accion.VER_TELEFONOS):
            raise PermissionDenied(FALTA[Accion.VER_TELEFONOS])
        return super().filter_queryset(queryset)

    def paginate_queryset(self, queryset: Any) -> Any:
        """Return the page as the person may see it."""
        page = super().paginate_queryset(queryset)
        return page if page is None else velar(self.usuario, page)

    def get_serializer_context(self) -> dict[str, Any]:
        known = {} if getattr(self, "swagger_fake_view", False) else {"prueba": self.campana.prueba}
        return {**super().get_serializer_context(), **known}
