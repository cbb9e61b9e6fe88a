"""The security log of a shop, through the API."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from core.api.base import ShopRowsView
from core.models import Registro
from core.registro import registro_de


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Clave equivocada",
            value={
                "id": 41,
                "creado": "2026-03-15T10:31:02-05:00",
                "tipo": "ingreso_fallido",
                "texto": "Clave equivocada",
                "quien": "duena",
                "ip": "192.0.2.7",
                "via": "api",
                "detalle": "",
            },
            response_only=True,
        )
    ]
)
class RegistroSeguridadSerializer(serializers.ModelSerializer[Registro]):
    texto = serializers.CharField(source="get_tipo_display", help_text="The tipo, for people.")

    class Meta:
        model = Registro
        fields = ("id", "creado", "tipo", "texto", "quien", "ip", "via", "detalle")


class RegistroFilter(filters.FilterSet):
    tipo = filters.MultipleChoiceFilter(choices=Registro.Tipo.choices)


@extend_schema(
    tags=["seguridad"],
    summary="List what matters to the shop's security, the newest first",
    description="Sign-ins, wrong passwords, tokens, people, exports, imports, senders, alerts. Nobody can change it.",
)
class RegistroListView(ShopRowsView[Registro], ListAPIView[Registro]):
    serializer_class = RegistroSeguridadSerializer
    filterset_class = RegistroFilter

    def rows(self) -> QuerySet[Any]:
        return registro_de(self.usuario)
