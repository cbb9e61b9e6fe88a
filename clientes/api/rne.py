"""`/api/v1/rne/`: the shop's consultations of the register."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from clientes.importacion.limites import FILAS_MAX
from clientes.models import ConsultaRNE
from clientes.rne import services
from clientes.rne.selectors import consultas_de
from core.api.base import ShopRowsView
from core.api.serializers import ListaField, RefusesUnknown

EJEMPLO = {"numeros": ["3001234567", "+573109876543"], "consultado_en": "2026-03-15", "reemplaza": False}


@extend_schema_serializer(examples=[OpenApiExample("Dos números", value=EJEMPLO, request_only=True)])
class ImportarRNESerializer(RefusesUnknown):
    numeros = ListaField(
        child=serializers.CharField(max_length=40),
        min_length=1,
        max_length=FILAS_MAX,
        help_text="Numbers as the register writes them; entries that are no number are counted and left out.",
    )
    consultado_en = serializers.DateField(help_text="The day on which the register was asked.")
    reemplaza = serializers.BooleanField(
        default=False, help_text="true: the numbers of earlier consultations are not excluded any more."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Consulta",
            value={
                "id": 3,
                "consultado_en": "2026-03-15",
                "creado": "2026-03-15T10:30:00-05:00",
                "quien": "duena",
                "archivo": "rne-marzo.csv",
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "numeros": 1250,
                "ilegibles": 0,
                "reemplaza": False,
            },
            response_only=True,
        )
    ]
)
class ConsultaRNESerializer(serializers.ModelSerializer[ConsultaRNE]):
    quien = serializers.CharField(source="quien.username", help_text="Username of the person who brought it.")

    class Meta:
        model = ConsultaRNE
        fields = (
            "id",
            "consultado_en",
            "creado",
            "quien",
            "archivo",
            "sha256",
            "numeros",
            "ilegibles",
            "reemplaza",
        )
        read_only_fields = fields


@extend_schema(tags=["rne"])
class ConsultasRNEView(ShopRowsView[ConsultaRNE], ListAPIView[ConsultaRNE]):
    serializer_class = ConsultaRNESerializer

    def rows(self) -> QuerySet[ConsultaRNE]:
        return consultas_de(self.usuario.tenant_id)

    @extend_schema(summary="List the consultations of the register: who, when, and the file's SHA-256")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Bring the numbers that the register excludes",
        description="Every campaign of the shop leaves these numbers out, also the campaigns that are under way.",
        request=ImportarRNESerializer,
        responses={201: ConsultaRNESerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = ImportarRNESerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        consulta = services.importar_lista(
            usuario=self.usuario,
            telefonos=asked["numeros"],
            consultado_en=asked["consultado_en"],
            reemplaza=asked["reemplaza"],
        )
        return Response(ConsultaRNESerializer(consulta).data, status=status.HTTP_201_CREATED)
