"""`/api/v1/clientes/`: the shop's clients."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from clientes import consentimiento, ficha, phones, selectors, services
from clientes.api.condiciones import EtiquetasField
from clientes.api.telefonos import PhoneFilter
from clientes.busqueda import NUMERO
from clientes.models import Cliente
from clientes.rne.selectors import con_registro, revocado_en
from core.api.base import ShopRowsView
from core.api.filters import IdFilter, MomentFilter, TextFilter, YesNoFilter
from core.api.schema import ErrorSerializer
from core.api.serializers import ShopRowSerializer
from core.errors import ConflictError, InvalidInputError

HORA: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")

MUY_LARGO: Final = "Tiene más de {maximo} caracteres."


# OpenAPI's format "time" has an offset, which no hour of a day alone can have.
@extend_schema_field({"type": "string", "pattern": f"^{HORA.pattern}$"})
class HoraField(serializers.TimeField):
    """An hour of the day, with seconds or without."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or not HORA.fullmatch(value):
            self.fail("invalid", format="hh:mm[:ss]")
        return super().to_internal_value(value)


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
                "consentimiento_hora": "16:20",
                "consentimiento_medio": "web",
                "consentimiento_texto": "Acepto recibir ofertas de Zapatos Luna por SMS",
                "consentimiento_lugar": "190.24.8.15",
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
                "consentimiento_hora": "16:20:00",
                "consentimiento_medio": "web",
                "consentimiento_texto": "Acepto recibir ofertas de Zapatos Luna por SMS",
                "consentimiento_lugar": "190.24.8.15",
                "consentimiento_revocado_en": None,
                "origen": "",
                "creado": "2026-03-15T10:30:00-05:00",
            },
            response_only=True,
        ),
    ]
)
class ClienteSerializer(ShopRowSerializer[Cliente]):
    telefono_e164 = serializers.CharField(
        read_only=True, help_text="The number as it will be dialled; empty when it is missing or not valid."
    )

    consentimiento_revocado_en = serializers.SerializerMethodField(
        help_text="The day on which the register of excluded numbers revoked the consent; null while it stands."
    )
    consentimiento_hora = HoraField(
        required=False,
        allow_null=True,
        help_text="The proof of the consent, as are the next three fields: at what time, in TIME_ZONE. With another "
        "`consentimiento_en` goes what is not given anew.",
    )
    etiquetas = EtiquetasField(required=False, help_text="Ids of the shop's tags.")

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
            "consentimiento_hora",
            "consentimiento_medio",
            "consentimiento_texto",
            "consentimiento_lugar",
            "consentimiento_revocado_en",
            "origen",
            "creado",
        )
        read_only_fields = ("origen",)
        extra_kwargs = {
            "telefono": {"help_text": "As people write it, a link of WhatsApp's too; 20 characters are kept."},
            "documento": {"help_text": "20 characters are kept; one of nobody's, as 222222222222, is refused."},
            "consentimiento_fuente": {
                "help_text": "Where the client agreed to be written to; give it with its date, or neither."
            },
            "consentimiento_en": {"help_text": "When the client agreed; null while they have not."},
            "consentimiento_medio": {"help_text": "How the client agreed."},
            "consentimiento_texto": {"help_text": "The words that the client was shown or read."},
            "consentimiento_lugar": {"help_text": "The IP address or the place."},
            "origen": {"help_text": "The campaign whose call made the client; empty for others."},
        }

    sent_max = ficha.ESCRITO_MAX

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            texts = {name: text for name in self.sent_max if isinstance(text := data.get(name), str)}
            if long := {name: most for name, most in self.sent_max.items() if len(texts.get(name, "")) > most}:
                raise serializers.ValidationError(
                    {name: [MUY_LARGO.format(maximo=most)] for name, most in long.items()}, code="max_length"
                )
            leidos, errores = ficha.leer(data, self.instance)
            if errores:
                raise serializers.ValidationError(
                    {error.field or "": [ErrorDetail(error.message, error.code)] for error in errores}
                )
            data = {**data, **leidos}
        return super().to_internal_value(data)

    def get_consentimiento_revocado_en(self, cliente: Cliente) -> date | None:
        return revocado_en(cliente)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        before = consentimiento.de_cliente(self.instance or Cliente())
        now = consentimiento.con_su_prueba(before, attrs)
        try:
            consentimiento.validar(now[consentimiento.FUENTE], now[consentimiento.EN], now)
        except InvalidInputError as error:
            raise serializers.ValidationError({error.field or "": error.message}, code=error.code) from error
        return {**attrs, **{campo: valor for campo, valor in now.items() if valor != before[campo]}}


class ClienteFilter(filters.FilterSet):
    q = TextFilter(method="buscar", label="Part of the name, phone or document")
    activo = YesNoFilter()
    creado_desde = MomentFilter(field_name="creado", lookup_expr="gte")
    creado_hasta = MomentFilter(field_name="creado", lookup_expr="lt")
    etiqueta = IdFilter(field_name="etiquetas", label="Id of a tag")
    documento = TextFilter()
    telefono = PhoneFilter(field_name="telefono_e164")

    def buscar(self, queryset: QuerySet[Cliente], name: str, value: str) -> QuerySet[Cliente]:
        found = Q(nombre__icontains=value) | Q(telefono__contains=value) | Q(documento__icontains=value)
        phone = phones.buscadas(value) if NUMERO.fullmatch(value) else value
        return queryset.filter(found | Q(telefono_e164__contains=phone))


@extend_schema(tags=["clientes"])
@extend_schema_view(
    list=extend_schema(summary="List the shop's clients"),
    create=extend_schema(summary="Create a client"),
    retrieve=extend_schema(summary="Read a client"),
    update=extend_schema(summary="Replace a client", responses={200: ClienteSerializer, 409: ErrorSerializer}),
    partial_update=extend_schema(
        summary="Change some fields of a client", responses={200: ClienteSerializer, 409: ErrorSerializer}
    ),
    destroy=extend_schema(
        summary="Delete a client without sales or SMS history", responses={204: None, 409: ErrorSerializer}
    ),
)
class ClienteViewSet(ShopRowsView[Cliente], ModelViewSet[Cliente]):
    serializer_class = ClienteSerializer
    lookup_value_converter = "int"
    filterset_class = ClienteFilter

    def rows(self) -> QuerySet[Cliente]:
        found = selectors.clientes_de(self.usuario).prefetch_related("etiquetas")
        return con_registro(found) if self.action == "list" else found

    def perform_create(self, serializer: BaseSerializer[Cliente]) -> None:
        services.crear_cliente(quien=self.usuario, guardar=serializer.save)

    def perform_update(self, serializer: BaseSerializer[Cliente]) -> None:
        cliente = cast("Cliente", serializer.instance)
        if cliente.anonimizado_en:
            raise ConflictError(services.YA_ANONIMO, code="anonymous")
        services.cambiar_cliente(cliente=cliente, quien=self.usuario, guardar=serializer.save)

    def perform_destroy(self, instance: Cliente) -> None:
        services.eliminar_cliente(cliente=instance)
