"""Keys of the API, through the API."""

from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import DestroyAPIView, ListCreateAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from core import llaves
from core.addresses import cidr
from core.api.base import ShopRowsView
from core.api.permissions import RecentSessionWrites
from core.api.schema import ErrorSerializer
from core.api.serializers import ListaField, RefusesUnknown
from core.models import LlaveApi

EJEMPLO: dict[str, Any] = {
    "id": 7,
    "nombre": "Sistema de ventas",
    "prefijo": "sms_live_9Zk3",
    "alcances": ["clientes"],
    "redes": ["203.0.113.7/32"],
    "vence_en": "2027-03-15T10:31:02-05:00",
    "prueba": False,
    "origen": "persona",
    "usuario": "admin",
    "creada_en": "2026-03-15T10:31:02-05:00",
    "ultimo_uso_en": None,
    "ultima_red": "",
}


@extend_schema_field({"type": "string", "format": "cidr", "maxLength": 43, "example": "203.0.113.0/24"})
class RedField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return cidr(text)
        except ValueError:
            raise serializers.ValidationError(llaves.NO_ES_RED.format(text), code="invalid") from None


PEDIDA: dict[str, Any] = {
    "nombre": "Sistema de ventas",
    "alcances": ["clientes"],
    "redes": ["203.0.113.7"],
    "vence_en": "2027-03-15T10:31:02-05:00",
}


@extend_schema_serializer(
    examples=[
        OpenApiExample("Llave", value=EJEMPLO, response_only=True),
        OpenApiExample("Llave pedida", value=PEDIDA, request_only=True),
    ]
)
class LlaveSerializer(RefusesUnknown, serializers.ModelSerializer[LlaveApi]):
    alcances = ListaField(
        child=serializers.ChoiceField(choices=LlaveApi.Alcance.choices),
        allow_empty=False,
        min_length=1,  # the same, for the description
        max_length=len(LlaveApi.Alcance),
        help_text="`leer`: every reading call. `clientes`, `campanas`: writing those, and reading what that needs."
        " `todo`: all that the person may. A key never does more than its person's role: who only reads has `leer`.",
    )
    redes = ListaField(
        child=RedField(max_length=43),
        required=False,
        max_length=llaves.REDES_MAX,
        help_text="From where the key may call: addresses or networks in CIDR, IPv4 or IPv6. None: from anywhere.",
    )
    vence_en = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Its end. A year from now unless said; null: it has none."
    )
    prueba = serializers.BooleanField(
        default=False,
        help_text="A test key: it sees and makes test campaigns only, which send nothing and cost nothing. Not with"
        " `todo`.",
    )
    usuario = serializers.CharField(source="usuario.username", read_only=True, help_text="As whom it calls.")

    class Meta:
        model = LlaveApi
        fields = (
            *("id", "nombre", "prefijo", "alcances", "redes", "vence_en", "prueba"),
            *("origen", "usuario", "creada_en", "ultimo_uso_en", "ultima_red"),
        )
        read_only_fields = ("prefijo", "origen", "creada_en", "ultimo_uso_en", "ultima_red")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Llave nueva",
            value={**EJEMPLO, "llave": "sms_live_9Zk3mT0vQx7LcR2sYb8HnW4dJfGp1A0eUuKq"},
            response_only=True,
        )
    ]
)
class LlaveNuevaSerializer(LlaveSerializer):
    llave = serializers.CharField(read_only=True, help_text="The key itself: shown now and never again.")

    class Meta:
        model = LlaveApi
        fields = (*LlaveSerializer.Meta.fields, "llave")
        read_only_fields = LlaveSerializer.Meta.read_only_fields


class LlavesView(ShopRowsView[LlaveApi], ListCreateAPIView[LlaveApi]):
    permission_classes = (IsAuthenticated, RecentSessionWrites)  # a vendedor too has keys, to read with
    serializer_class = LlaveSerializer

    def rows(self) -> QuerySet[LlaveApi]:
        return llaves.llaves_de(self.usuario)

    @extend_schema(
        tags=["llaves"],
        summary="List the keys, the newest first",
        description="An admin sees the whole shop's, a vendedor their own.",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=["llaves"],
        summary="Make a key",
        description="The key is in `llave`, this once. What a program makes with a key of its own is no better than"
        " that key: it ends no later, and serves in no other networks. A key by password is free of that for its first"
        " 15 minutes. A session whose person gave the password longer ago gets 403, `reauthentication_required`.",
        request=LlaveSerializer,
        responses={201: LlaveNuevaSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        con = cast("LlaveApi | None", request.auth)
        datos: dict[str, Any] = {"vence_en": llaves.fin(con, timezone.now()), **serializer.validated_data}
        llave = llaves.crear_llave(usuario=self.usuario, con=con, **datos)
        return Response(LlaveNuevaSerializer(llave, context=self.get_serializer_context()).data, status=201)


class LlaveView(ShopRowsView[LlaveApi], DestroyAPIView[LlaveApi]):
    permission_classes = (IsAuthenticated,)  # ending one asks nobody again: they may be in a hurry
    serializer_class = LlaveSerializer

    def rows(self) -> QuerySet[LlaveApi]:
        return llaves.llaves_de(self.usuario)

    @extend_schema(
        tags=["llaves"],
        summary="End a key",
        description="Its next use is refused, everywhere.",
        responses={204: None},
    )
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        llaves.revocar_llave(llave=self.get_object())
        return Response(status=204)
