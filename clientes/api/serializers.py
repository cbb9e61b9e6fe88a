from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from clientes.models import Cliente
from core.api.serializers import RefusesUnknown


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Cliente",
            value={
                "nombre": "Maria Gonzalez",
                "telefono": "3001234567",
                "documento": "987654321",
                "activo": True,
            },
            request_only=True,
        ),
        OpenApiExample(
            "Cliente creado",
            value={
                "id": 15,
                "nombre": "Maria Gonzalez",
                "telefono": "3001234567",
                "telefono_e164": "+573001234567",
                "documento": "987654321",
                "activo": True,
                "creado": "2026-03-15T10:30:00-05:00",
            },
            response_only=True,
        ),
    ]
)
class ClienteSerializer(RefusesUnknown, serializers.ModelSerializer[Cliente]):
    telefono_e164 = serializers.CharField(
        read_only=True, help_text="The number as it will be dialled; empty when it is missing or not valid."
    )

    class Meta:
        model = Cliente
        fields = ("id", "nombre", "telefono", "telefono_e164", "documento", "activo", "creado")

    def create(self, validated_data: dict[str, Any]) -> Cliente:
        return super().create({**validated_data, "usuario_id": self.context["request"].user.tenant_id})
