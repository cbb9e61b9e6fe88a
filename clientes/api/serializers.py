from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from clientes import consentimiento
from clientes.api.condiciones import CondicionesSerializer, EtiquetasPropias
from clientes.models import Cliente, Etiqueta, Segmento, Venta
from clientes.selectors import clientes_de
from core.api.serializers import RefusesUnknown
from core.errors import InvalidInputError

CONSENTIMIENTO = ("consentimiento_fuente", "consentimiento_en")
REPETIDO = "Ya existe con ese nombre."
REFERENCIA_REPETIDA = "Ya existe una venta con esa referencia."


class ConNombreUnico(serializers.ModelSerializer[Any]):
    """A row whose name is unique in its shop, whatever the case."""

    def validate_nombre(self, nombre: str) -> str:
        tenant_id = self.context["request"].user.tenant_id
        same = self.Meta.model.objects.filter(usuario_id=tenant_id, nombre__iexact=nombre)  # type: ignore[attr-defined]
        if self.instance is not None:
            same = same.exclude(pk=self.instance.pk)
        if same.exists():
            raise serializers.ValidationError(REPETIDO, code="unique")
        return nombre

    def create(self, validated_data: dict[str, Any]) -> Any:
        return super().create({**validated_data, "usuario_id": self.context["request"].user.tenant_id})


@extend_schema_serializer(
    examples=[
        OpenApiExample("Etiqueta", value={"nombre": "VIP"}, request_only=True),
        OpenApiExample("Etiqueta creada", value={"id": 3, "nombre": "VIP"}, response_only=True),
    ]
)
class EtiquetaSerializer(RefusesUnknown, ConNombreUnico):
    """A tag; its name is unique in the shop, whatever the case."""

    class Meta:
        model = Etiqueta
        fields = ("id", "nombre")


CONDICIONES = {"gasto_minimo": "200000.00", "no_compro_en_dias": 90, "con_movil": True}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Segmento", value={"nombre": "Por recuperar", "condiciones": CONDICIONES}, request_only=True),
        OpenApiExample(
            "Segmento creado",
            value={
                "id": 7,
                "nombre": "Por recuperar",
                "condiciones": CONDICIONES,
                "creado": "2026-03-15T10:30:00-05:00",
            },
            response_only=True,
        ),
    ]
)
class SegmentoSerializer(RefusesUnknown, ConNombreUnico):
    """A saved segment; its name is unique in the shop, whatever the case."""

    condiciones = CondicionesSerializer()

    class Meta:
        model = Segmento
        fields = ("id", "nombre", "condiciones", "creado")

    def validate_condiciones(self, value: dict[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = CondicionesSerializer(value, context=self.context).data
        return stored


class ClientePropio(serializers.PrimaryKeyRelatedField[Cliente]):
    """A client of the caller's shop; any other id does not exist for them."""

    def get_queryset(self) -> Any:
        return clientes_de(self.context["request"].user)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Venta",
            value={"cliente": 15, "total": "85000.00", "fecha": "2026-03-15T10:30:00-05:00", "referencia": "F-1021"},
            request_only=True,
        ),
        OpenApiExample(
            "Venta creada",
            value={
                "id": 90,
                "cliente": 15,
                "total": "85000.00",
                "fecha": "2026-03-15T10:30:00-05:00",
                "referencia": "F-1021",
            },
            response_only=True,
        ),
    ]
)
class VentaSerializer(RefusesUnknown, serializers.ModelSerializer[Venta]):
    cliente = ClientePropio()

    class Meta:
        model = Venta
        fields = ("id", "cliente", "fecha", "total", "referencia")

    def validate_referencia(self, referencia: str) -> str:
        same = Venta.objects.filter(usuario_id=self.context["request"].user.tenant_id, referencia=referencia)
        if self.instance is not None:
            same = same.exclude(pk=self.instance.pk)
        if referencia and same.exists():
            raise serializers.ValidationError(REFERENCIA_REPETIDA, code="unique")
        return referencia

    def create(self, validated_data: dict[str, Any]) -> Venta:
        return super().create({**validated_data, "usuario_id": self.context["request"].user.tenant_id})


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Cliente",
            value={
                "nombre": "Maria Gonzalez",
                "telefono": "3001234567",
                "documento": "987654321",
                "activo": True,
                "consentimiento_fuente": "Formulario de la tienda",
                "consentimiento_en": "2026-03-01",
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
                "consentimiento_fuente": "Formulario de la tienda",
                "consentimiento_en": "2026-03-01",
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

    etiquetas = EtiquetasPropias(required=False, help_text="Ids of the shop's tags.")

    class Meta:
        model = Cliente
        fields = (
            "id",
            "nombre",
            "telefono",
            "telefono_e164",
            "documento",
            "activo",
            "etiquetas",
            "consentimiento_fuente",
            "consentimiento_en",
            "creado",
        )
        extra_kwargs = {
            "consentimiento_fuente": {
                "help_text": "Where the client agreed to be written to; give it with its date, or neither."
            },
            "consentimiento_en": {"help_text": "When the client agreed; null while they have not."},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        said = {name: attrs.get(name, getattr(self.instance, name, None)) for name in CONSENTIMIENTO}
        try:
            consentimiento.validar(said["consentimiento_fuente"] or "", said["consentimiento_en"])
        except InvalidInputError as error:
            raise serializers.ValidationError({error.field or "": error.message}, code=error.code) from error
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Cliente:
        return super().create({**validated_data, "usuario_id": self.context["request"].user.tenant_id})
